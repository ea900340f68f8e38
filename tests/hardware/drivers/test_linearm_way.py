"""Places in the units of a text arm's wire: nearest, and never beyond a limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.drivers.linearm_way import WireUnits
from helmsight.hardware.spec import load_spec
from helmsight.hardware.wire.linearm import protocol_of

DUST = 1e-9  # m


@given(st.integers(0, 4), st.floats(-0.4, 0.4), st.floats(0.001, 0.3), st.floats(0.0, 1.0))
def test_what_is_sent_is_nearest_and_within_the_limits(
    decimals: int, lower: float, span: float, share: float
) -> None:
    spec = load_spec("uarm")
    joint = spec.joint[0].model_copy(update={"lower": lower, "upper": lower + span})
    spec = spec.model_copy(update={"joint": (joint, *spec.joint[1:])})
    protocol = protocol_of(spec).model_copy(update={"decimals": decimals})
    place = [lower + share * span, *spec.home[1:]]
    sent = WireUnits(spec, protocol).rounded(place)[0]
    step = protocol.length_unit * 10.0**-decimals
    assert abs(sent - place[0]) < step + DUST
    if span > 2 * step:
        assert lower - DUST <= sent <= lower + span + DUST
