"""Burns as keys and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.envs.orbital.cockpit.keys import FINE, FINE_LEVEL, burnt, presses, throttle
from helmsight.envs.orbital.command import BurnCommand

part = st.floats(-1.0, 1.0)


def burn(forward: float = 0.0, right: float = 0.0, down: float = 0.0, seconds: float = 0.5):
    return BurnCommand(forward=forward, right=right, down=down, duration=seconds)


@pytest.mark.parametrize(
    ("key", "axes"),
    [("h", (1, 0, 0)), ("n", (-1, 0, 0)), ("l", (0, 1, 0)), ("j", (0, -1, 0)),
     ("i", (0, 0, 1)), ("k", (0, 0, -1))],
)  # fmt: skip
def test_keys_push_where_ksp_pushes(key, axes):
    assert np.array_equal(throttle({key}), axes)
    assert np.allclose(throttle({key, FINE}), np.multiply(axes, FINE_LEVEL))


def test_keys_add_and_opposite_ones_cancel():
    assert np.array_equal(throttle({"h", "l", "i"}), (1, 1, 1))
    assert np.array_equal(throttle({"h", "n", "r"}), (0, 0, 0))


@given(part, part, part, st.floats(0.01, 10.0))
def test_held_for_their_times_the_keys_make_the_burn(forward, right, down, seconds):
    wanted = presses(burn(forward, right, down, seconds))
    assert all(0.0 < time_s <= seconds for time_s in wanted.pulses.values() if time_s > 1e-300)
    means = burnt(wanted.pulses, seconds)
    got = (means["forward"], means["right"], means["down"])
    assert np.allclose(got, (forward, right, down), atol=1e-12)


def test_full_throttle_is_a_key_held_throughout():
    wanted = presses(burn(forward=1.0, right=-0.5))
    assert wanted.pulses == {"h": 0.5, "j": 0.25}
    assert wanted.whole == {"h"}


def test_small_throttles_take_fine_control():
    wanted = presses(burn(forward=-0.2, down=0.1))
    assert wanted.pulses == {FINE: 0.5, "n": 0.5, "i": 0.25}
    assert next(iter(wanted.pulses)) == FINE  # before the keys that it is to slow down
    assert wanted.whole == {FINE, "n"}


def test_shift_alone_is_not_kept_down():
    assert presses(burn(forward=0.1)).whole == frozenset()


def test_coasting_presses_nothing():
    assert presses(BurnCommand.null()).pulses == {}


@pytest.mark.parametrize("frame", ["inertial", "orbital"])
def test_axes_that_no_key_has_are_refused(frame):
    with pytest.raises(InvalidOption, match="body"):
        presses(BurnCommand(forward=1, right=0, down=0, frame=frame))
