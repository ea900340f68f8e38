"""The frames of the navball's speeds."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.vectors import length, subtract


def test_the_velocity_in_them_is_the_navballs_along_y(pursuer, vessels):
    body = pursuer.orbit.body
    still = body.non_rotating_reference_frame
    own, targets = pursuer.velocity(still), vessels[0].velocity(still)
    speeds = {
        pursuer.orbit_speed_reference_frame: length(own),
        pursuer.surface_speed_reference_frame: length(pursuer.velocity(body.reference_frame)),
        pursuer.target_speed_reference_frame: length(subtract(own, targets)),
    }
    for frame, speed in speeds.items():
        assert pursuer.position(frame) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
        assert pursuer.velocity(frame) == pytest.approx((0.0, speed, 0.0), abs=1e-6)
        assert pursuer.flight(frame).speed == pytest.approx(speed)


def test_in_orbit_mode_the_axes_are_those_of_the_orbit(pursuer):
    there = pursuer.orbital_reference_frame
    assert pursuer.rotation(there) == pytest.approx(
        pursuer.rotation(pursuer.orbit_speed_reference_frame)
    )


def test_without_a_target_or_a_motion_they_are_refused(pursuer):
    procedures.clear_target(pursuer.game)
    frame = pursuer.target_speed_reference_frame
    with pytest.raises(InvalidOperationException, match="TargetVessel"):
        pursuer.velocity(frame)
    procedures.set_target_vessel(pursuer.game, procedures.vessels(pursuer.game)[0])
    fleet = pursuer.game.fleet
    fleet.velocity[0, 1] = fleet.velocity[0, 0]
    with pytest.raises(InvalidOperationException, match="rests"):
        pursuer.velocity(frame)
