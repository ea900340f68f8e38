"""Lights, solar panels and antennas."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import InvalidOperationException


def test_lights_are_switched_one_by_one_or_all_at_once(pursuer, put):
    lights = pursuer.parts.lights
    assert [light.active for light in lights] == [False] * 3
    put(lights[0], active=True, color=(1.0, 0.5, 0.0), blink=True, blink_rate=2.0)
    assert (lights[0].active, lights[0].color, lights[0].power_usage) == (True, (1, 0.5, 0), 0.02)
    assert not pursuer.control.lights
    put(pursuer.control, lights=True)
    assert all(light.active for light in lights)
    put(pursuer.control, lights=False)
    assert not any(light.active for light in lights)
    assert lights[0].color_before == (1.0, 0.5, 0.0)


def test_panels_are_out_and_stay_out(pursuer, put):
    panel = pursuer.parts.solar_panels[0]
    assert (panel.deployed, panel.deployable, panel.state.name, panel.state_before.name) == (
        True, False, "DEPLOYED", "EXTENDED",
    )  # fmt: skip
    put(panel, deployed=True)
    with pytest.raises(InvalidOperationException, match="fold"):
        put(panel, deployed=False)


def test_antennas_are_folded_as_in_the_saves_until_they_are_not(pursuer, put):
    own, *rods = pursuer.parts.antennas
    assert len(rods) == 3
    assert (own.deployed, own.can_transmit, own.combinable) == (True, True, False)
    assert [rod.state_before.name for rod in rods] == ["RETRACTED"] * 3
    assert not pursuer.control.antennas
    put(pursuer.control, antennas=True)
    assert all(rod.deployed for rod in rods)
    put(rods[0], deployed=False)
    assert not pursuer.control.antennas
    with pytest.raises(InvalidOperationException, match="fold"):
        put(own, deployed=False)
