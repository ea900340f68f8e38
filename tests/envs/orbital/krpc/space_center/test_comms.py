"""How vessels are connected to Kerbin."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center.comms import CommLinkType


def test_a_vessel_is_connected_by_one_hop_and_hardly_weaker_for_150_km(pursuer):
    comms = pursuer.comms
    assert comms.can_communicate
    assert comms.can_transmit_science
    assert 0.999 < comms.signal_strength < 1.0
    assert comms.signal_delay == 0.0
    (hop,) = comms.control_path
    assert hop.type is CommLinkType.HOME
    assert hop.signal_strength == comms.signal_strength


def test_antennas_that_are_out_add_up(pursuer, put):
    assert pursuer.comms.power == 5000.0
    put(pursuer.parts.antennas[1], deployed=True)
    assert pursuer.comms.power == 500_000.0
    put(pursuer.control, antennas=True)
    assert pursuer.comms.power == 1_500_000.0


def test_a_hop_leads_from_the_vessel_to_kerbin_in_either_version(pursuer):
    (hop,) = pursuer.comms.control_path
    start, end = hop.start_before, hop.end_before
    assert (start.is_vessel, start.vessel, start.name) == (True, pursuer, "Pursuer")
    assert (end.is_home, end.is_control_point, end.is_vessel, end.name) == (
        True, True, False, "Kerbin",
    )  # fmt: skip
    with pytest.raises(InvalidOperationException, match="ground station"):
        _ = end.vessel
    assert (hop.start.vessel, hop.end.vessel, hop.end.name) == (pursuer, None, "Kerbin")
