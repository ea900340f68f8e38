"""Reference frames: against numpy, and velocities against positions as time passes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital.dynamics import cross, orbital_axes
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.objects import ObjectStore
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import frames, procedures
from helmsight.envs.orbital.krpc.space_center.frames import ReferenceFrame
from helmsight.envs.orbital.krpc.space_center.sas import SASMode
from helmsight.envs.orbital.krpc.space_center.vectors import swap
from helmsight.envs.orbital.stepping import DT

NAMES = (
    "non_rotating", "rotating", "kerbin_orbital", "mun", "vessel", "orbital", "surface",
    "surface_velocity", "relative", "hybrid",
)  # fmt: skip
component = st.floats(-1e6, 1e6)
vector = st.tuples(component, component, component)


def make(game: Simulation) -> dict[str, ReferenceFrame]:
    """Return a frame of every kind, those of vessels at the evader."""
    kerbin, mun = (procedures.bodies(game)[name] for name in ("Kerbin", "Mun"))
    evader = procedures.vessels(game)[0]
    relative = ReferenceFrame.create_relative(
        evader.orbital_reference_frame, (3.0, -40.0, 500.0), (0.5, -0.5, 0.1, 0.7),
        (0.0, 1.5, 0.0), (0.001, 0.0, -0.002),
    )  # fmt: skip
    return {
        "non_rotating": kerbin.non_rotating_reference_frame,
        "rotating": kerbin.reference_frame,
        "kerbin_orbital": kerbin.orbital_reference_frame,
        "mun": mun.reference_frame,
        "vessel": evader.reference_frame,
        "orbital": evader.orbital_reference_frame,
        "surface": evader.surface_reference_frame,
        "surface_velocity": evader.surface_velocity_reference_frame,
        "relative": relative,
        "hybrid": ReferenceFrame.create_hybrid(
            evader.reference_frame, kerbin.non_rotating_reference_frame, relative
        ),
    }


@pytest.fixture
def every(game):
    return make(game)


def test_the_frame_that_does_not_turn_is_kspdgs_with_two_axes_exchanged(game, vessels, every):
    position = vessels[1].position(every["non_rotating"])
    assert swap(position) == pytest.approx(tuple(game.fleet.position[0, 1]))
    velocity = vessels[1].velocity(every["non_rotating"])
    assert swap(velocity) == pytest.approx(tuple(game.fleet.velocity[0, 1]))


def test_the_vessel_frame_has_right_nose_and_belly_as_its_axes(game, vessels, every):
    nose, right, belly = game.fleet.axes[0, 0]
    gap = game.fleet.position[0, 1] - game.fleet.position[0, 0]
    wanted = (right @ gap, nose @ gap, belly @ gap)
    assert vessels[1].position(every["vessel"]) == pytest.approx(wanted)


def test_the_orbital_frame_has_antiradial_prograde_and_normal_as_its_axes(game, vessels, every):
    position, velocity = game.fleet.position[0], game.fleet.velocity[0]
    prograde = velocity[0] / np.linalg.norm(velocity[0])
    normal = orbital_axes(position[0], velocity[0])[2]
    inwards = -np.asarray(cross(prograde, normal))
    gap = position[1] - position[0]
    wanted = (inwards @ gap, prograde @ gap, normal @ gap)
    assert vessels[1].position(every["orbital"]) == pytest.approx(wanted, abs=1e-6)


def test_the_surface_frame_has_up_north_and_east_as_its_axes(game, vessels, every):
    position = game.fleet.position[0]
    up = position[0] / np.linalg.norm(position[0])
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    gap = position[1] - position[0]
    wanted = (up @ gap, np.cross(up, east) @ gap, east @ gap)
    assert vessels[1].position(every["surface"]) == pytest.approx(wanted, abs=1e-6)


def test_the_frame_along_the_ground_velocity_has_a_level_z_and_the_velocity_along_y(every, vessels):
    frame, vessel = every["surface_velocity"], vessels[0]
    ground = vessel.velocity(every["rotating"])
    along = procedures.transform_direction(vessel.game, ground, every["rotating"], frame)
    assert along == pytest.approx((0.0, np.linalg.norm(ground), 0.0), abs=1e-6)
    up = procedures.transform_direction(vessel.game, (1.0, 0.0, 0.0), every["surface"], frame)
    assert up[2] == pytest.approx(0.0, abs=1e-9)


def test_kerbins_prime_meridian_is_a_quarter_turn_from_x_at_the_start_and_turns_east(game, every):
    fixed, still = every["rotating"], every["non_rotating"]
    at_start = procedures.transform_direction(game, (1.0, 0.0, 0.0), fixed, still)
    turned = 2 * np.pi * game.ut / 21549.4251830898
    wanted = (-np.sin(turned), 0.0, np.cos(turned))  # 90 degrees east of x is z
    assert at_start == pytest.approx(wanted)


@pytest.mark.parametrize("name", NAMES)
def test_axes_are_unit_vectors_at_right_angles_and_z_is_their_product(every, name):
    axes = np.array(every[name].axes())
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.cross(axes[0], axes[1]), axes[2], atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@given(place=vector, velocity=vector)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None
)
def test_what_is_told_in_a_frame_comes_back(every, name, place, velocity):
    frame = every[name]
    again = frames.position_of(frame, frames.position_in(frame, place))
    np.testing.assert_allclose(again, place, rtol=1e-9, atol=1e-3)
    relative = frames.velocity_in(frame, place, velocity)
    again = frames.velocity_of(frame, frames.position_in(frame, place), relative)
    np.testing.assert_allclose(again, velocity, rtol=1e-9, atol=1e-3)


@pytest.mark.parametrize("one", NAMES)
@pytest.mark.parametrize("other", ["mun", "orbital", "relative"])
def test_transforms_there_and_back_change_nothing(game, every, one, other):
    here, there = every[one], every[other]
    place, velocity = (123.0, -4567.0, 89.0), (1.0, -2.0, 3.0)
    q = (0.1, -0.5, 0.3, 0.8062257748298549)
    back = procedures.transform_position(
        game, procedures.transform_position(game, place, here, there), there, here
    )
    assert back == pytest.approx(place, abs=1e-4)
    moved = procedures.transform_position(game, place, here, there)
    transformed = procedures.transform_velocity(game, place, velocity, here, there)
    assert procedures.transform_velocity(game, moved, transformed, there, here) == pytest.approx(
        velocity, abs=1e-4
    )
    turned = procedures.transform_rotation(game, q, here, there)
    assert procedures.transform_rotation(game, turned, there, here) == pytest.approx(q, abs=1e-9)


def watch(game, what, frame):
    """Return velocity now, and the same from positions a step before and after."""
    positions = []
    for _ in range(3):
        positions.append(np.array(what.position(frame)))
        if len(positions) == 2:
            answer = np.array(what.velocity(frame))
        game.step(DT)
    return answer, (positions[2] - positions[0]) / (2 * DT)


@pytest.mark.parametrize(
    "name", ["non_rotating", "rotating", "kerbin_orbital", "mun", "orbital", "surface",
             "surface_velocity"],
)  # fmt: skip
def test_from_kerbal_program_0_6_on_velocities_are_how_positions_change(game, every, name):
    game.version = (0, 7, 0)
    answer, measured = watch(game, procedures.vessels(game)[1], every[name])
    np.testing.assert_allclose(answer, measured, atol=2e-3)


def test_before_0_6_the_turning_of_orbits_and_surfaces_is_left_out(game, vessels, every):
    frame = every["orbital"]
    answer, measured = watch(game, vessels[1], frame)
    assert np.linalg.norm(answer - measured) > 3.0  # the turning is worth metres a second at 2.7 km
    gap = np.array(vessels[1].velocity(every["non_rotating"])) - vessels[0].velocity(
        every["non_rotating"]
    )
    wanted = procedures.transform_direction(game, tuple(gap), every["non_rotating"], frame)
    assert vessels[1].velocity(frame) == pytest.approx(wanted)


@pytest.mark.usefixtures("level")
def test_a_vessel_that_turns_sees_the_other_go_round(game, vessels, put):
    turning, other = vessels
    put(turning.control, sas=True, sas_mode=SASMode.RADIAL)
    game.step(0.56)  # at full rate by now: 2.5 rad/s, in pitch alone
    answer, measured = watch(game, other, turning.reference_frame)
    assert np.linalg.norm(answer) > 3000.0
    np.testing.assert_allclose(answer, measured, rtol=2e-2, atol=150.0)
    spin = turning.angular_velocity(procedures.bodies(game)["Kerbin"].non_rotating_reference_frame)
    assert np.linalg.norm(spin) == pytest.approx(2.5, rel=1e-3)
    assert turning.angular_velocity(turning.reference_frame) == pytest.approx((0.0, 0.0, 0.0))


def test_relative_frames_offset_and_turn_their_parent(game, vessels):
    parent = vessels[0].reference_frame
    quarter = (0.0, 0.0, 0.5**0.5, 0.5**0.5)  # about z: x to y
    frame = ReferenceFrame.create_relative(parent, (10.0, 0.0, 0.0), quarter)
    assert vessels[0].position(frame) == pytest.approx((0.0, 10.0, 0.0), abs=1e-6)
    moving = ReferenceFrame.create_relative(parent, velocity=(0.0, 3.0, 0.0))
    assert vessels[0].velocity(moving) == pytest.approx((0.0, -3.0, 0.0), abs=1e-6)
    turning = ReferenceFrame.create_relative(parent, angular_velocity=(0.0, 0.0, 0.5))
    assert vessels[0].angular_velocity(turning) == pytest.approx((0.0, 0.0, -0.5))


def test_hybrid_frames_take_each_part_from_its_own_and_the_rest_from_the_first(vessels, every):
    first, other = vessels
    frame = ReferenceFrame.create_hybrid(first.reference_frame, rotation=every["non_rotating"])
    assert first.position(frame) == pytest.approx((0.0, 0.0, 0.0))
    gap = np.array(other.position(every["non_rotating"])) - first.position(every["non_rotating"])
    assert other.position(frame) == pytest.approx(tuple(gap))
    assert first.velocity(frame) == pytest.approx((0.0, 0.0, 0.0))
    still = ReferenceFrame.create_hybrid(first.reference_frame, velocity=every["non_rotating"])
    speed = np.linalg.norm(first.velocity(every["non_rotating"]))
    assert np.linalg.norm(first.velocity(still)) == pytest.approx(speed)


def test_the_same_frame_asked_for_twice_is_the_same_object(game):
    store, first, second = ObjectStore(), make(game), make(game)
    for name in NAMES:
        assert first[name] == second[name]
        number = store.id_of(first[name], ReferenceFrame)
        assert number == store.id_of(second[name], ReferenceFrame)
    assert len({store.id_of(frame, ReferenceFrame) for frame in first.values()}) == len(NAMES)


def test_frames_built_of_frames_have_an_end(every):
    frame = every["orbital"]
    for _ in range(2):
        frame = ReferenceFrame.create_hybrid(frame, frame, frame, frame)
    with pytest.raises(InvalidOperationException, match="at most 64"):
        ReferenceFrame.create_hybrid(frame, frame, frame, frame)
    frame = every["orbital"]
    for _ in range(63):
        frame = ReferenceFrame.create_relative(frame)
    with pytest.raises(InvalidOperationException, match="at most 64"):
        ReferenceFrame.create_relative(frame)


@pytest.mark.parametrize(
    "offset",
    [{"position": (float("nan"), 0.0, 0.0)}, {"velocity": (0.0, float("inf"), 0.0)},
     {"rotation": (0.0, 0.0, 0.0, 0.0)}],
)  # fmt: skip
def test_offsets_that_are_no_numbers_and_rotations_of_no_length_are_refused(every, offset):
    with pytest.raises(ArgumentException):
        ReferenceFrame.create_relative(every["orbital"], **offset)
