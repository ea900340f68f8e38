"""Plans meet what they are planned for, on the twin, and cost what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.scripted.burns import Meeting as Burning
from helmsight.agents.scripted.burns import cheapest
from helmsight.agents.scripted.course import REACH, Planner, Quest
from helmsight.agents.scripted.evaders import PUSH, Pushed, cruising, fleeing, still
from helmsight.agents.scripted.hill import Coast, Hill
from helmsight.agents.scripted.voyage import Meeting, Place, Voyage
from helmsight.envs.orbital.dynamics import gravity, norm, propagate, verlet
from helmsight.envs.orbital.scoring import pursuit_score

MOTION = 0.0028937


def quest(state=(0.0, -900.0, 50.0, 0.0, 1.0, 0.0), path=still, **rest):
    nose = -np.array(state[:3]) / np.linalg.norm(state[:3])
    up = np.cross(nose, [1.0, 0.0, 0.0])
    up /= np.linalg.norm(up)
    axes = np.stack([nose, up, np.cross(nose, up)])
    return Quest(np.array(state), axes, 6685.0, 0.0, MOTION, path, **rest)


@pytest.mark.parametrize(
    "push", [(0.2, 0.0, 0.0), (0.0, 0.24, 0.0), (0.0, 0.0, 1.2), (0.1, -0.1, 0.3)]
)
def test_a_pushed_target_goes_where_its_path_says(push):
    position, velocity = np.array([750e3, 0.0, 0.0]), np.array([0.0, 2170.0, 0.0])
    path = Pushed(Hill.of(position, velocity).motion, push, since=10.0)
    place, speed, pull = position, velocity, gravity(position)
    for k in range(300):
        hill = Hill.of(*propagate(position, velocity, 0.1 * k + 0.05))
        thrust = np.array(push) @ hill.axes if k >= 100 else np.zeros(3)
        place, speed, pull = verlet(place, speed, thrust, pull, 0.1)
    there, going = propagate(position, velocity, 30.0)
    state = np.concatenate(Hill.of(there, going).enter(place - there, speed - going))
    told = path(np.array([5.0, 30.0]))
    np.testing.assert_array_equal(told[0], 0.0)
    assert told[1] == pytest.approx(state, abs=0.01 * float(norm(state[:3])))


def test_e3_flees_along_its_normal_and_e4_goes_on_along_its_track():
    assert fleeing(MOTION, 4.0)(np.array([4.0, 5.0]))[:, 2] == pytest.approx(
        [0.0, PUSH / 2], abs=1e-4
    )
    first, later = cruising(MOTION, 3.0), cruising(MOTION, 100.0)
    assert first.push[1] == pytest.approx(1600.0 / 6685.0)
    assert later.push[1] > first.push[1]  # it grows lighter
    assert (first.since, later.since) == (pytest.approx(0.5), 0.0)


def test_the_cheapest_burns_are_those_of_the_thrusters_that_push_that_way():
    """One slot, three thrusters: only what is needed of each is burnt, and the score says how."""
    moves = np.zeros((1, 3, 6))
    moves[0, :, :3] = 100.0 * np.eye(3)
    free = np.array([-50.0, -20.0, 0.0, 0.0, 2.0, 0.0])
    meeting = Burning(
        moves, np.array([[40.0, 20.0, 20.0]]), free, np.zeros(3), np.ones((1, 3)), 0.0
    )
    burns = cheapest(meeting)
    np.testing.assert_allclose(burns.throttles, [[0.5, 0.2, 0.0]], atol=1e-6)
    fuel, speed = np.array(24.0), np.array(2.0)
    wanted = float(pursuit_score(np.zeros(()), speed, fuel, np.zeros(())))
    assert burns.cost == pytest.approx(wanted, rel=0.03)  # tangents lie below


def test_a_meeting_out_of_reach_has_no_burns():
    assert Planner(quest((0.0, -9000.0, 0.0, 0.0, 0.0, 0.0)), 10.0, 10).plan() is None


@pytest.mark.parametrize("path", [still, fleeing(MOTION, 60.0), cruising(MOTION, 50.0)])
def test_a_course_ends_where_the_target_is(path):
    planner = Planner(quest(path=path), 80.0, 20)
    course = planner.plan()
    gap = course.states[-1] - planner.target[-1]
    assert norm(gap[:3]) == pytest.approx(REACH, abs=0.4)
    assert course.arrive == pytest.approx(80.0)


def test_a_course_is_what_its_forces_do():
    """Flown by small steps with the same forces it comes to the same place."""
    planner = Planner(quest(), 80.0, 20)
    course = planner.plan()
    state, mass, coast = quest().state, 6685.0, Coast(MOTION, np.array(0.2))
    for force in course.forces:
        for _ in range(20):
            state[3:] += force / mass * 0.2
            state = np.concatenate(coast(state[:3], state[3:]))
        mass -= np.abs(force).sum() * 4.0 / 2353.6
    assert state[:3] == pytest.approx(course.states[-1, :3], abs=4.0)


def test_an_evader_is_woken_when_the_plan_says_and_not_before():
    planner = Planner(quest(path=fleeing(MOTION, 65.0), entry=65.0), 80.0, 20)
    course = planner.plan(rounds=6)
    ranges = norm(course.states[:, :3] - planner.target[:, :3])
    at = np.interp(65.0, planner.times, ranges)
    assert at == pytest.approx(200.0, abs=8.0)
    assert (ranges[planner.times < 60.0] > 195.0).all()


def place(met=3.0):
    target, speed = np.array([750e3, 0.0, 0.0]), np.array([0.0, 2170.0, 0.0])
    return Place(
        met, np.array([0.0, -900.0, 50.0]), np.array([0.0, 1.0, 0.0]), target, speed,
        np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]), 6685.0, 0.0,
    )  # fmt: skip


def test_a_voyage_takes_the_meeting_that_promises_least():
    voyage = Voyage(lambda where, motion, waking: still)
    assert voyage.choose(place(), [Meeting(40.0), Meeting(160.0), Meeting(80.0)])
    assert voyage.meeting == Meeting(160.0)
    assert [m.arrive for m in voyage.around()] == [152.0, 160.0, 168.0]
    assert norm(voyage.force(place(), 0.5)) <= np.sqrt(8000.0**2 + 2 * 4000.0**2)


def test_a_voyage_without_a_meeting_coasts():
    voyage = Voyage(lambda where, motion, waking: still)
    assert not voyage.choose(place(), [Meeting(5.0)])
    np.testing.assert_array_equal(voyage.force(place(), 0.5), 0.0)
    assert voyage.around() == []
