"""What the bandit's cockpit shows of lady and guard, in relations; what telemetry makes certain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from helmsight.envs.orbital.cockpit.state import Contact
from helmsight.envs.orbital.env import TwinEnv
from helmsight.envs.orbital.lady_bandit_guard.sights import (
    DEPTH_BAND,
    GUARD_SEEN,
    LADY_SEEN,
    OBJECTS,
    craft_relations,
    in_view,
    known_relations,
    nearer,
)
from helmsight.envs.orbital.sights import BAND, PROGRADE
from helmsight.prompts.constraints import check
from helmsight.prompts.relations import claim
from helmsight.prompts.sightlines import between


@pytest.fixture
def state():
    env: Any = TwinEnv("LBG1-LG0-I2", observation="telemetry")
    env.reset(seed=0)
    return env.family.cockpit(env._world, 0)


def beside(state, place, velocity=(10.0, 0.0, 0.0)):
    contact = Contact("Guard", np.array(place, float), np.zeros(3), np.eye(3))
    lady = np.array([2000.0, 0.0, 0.0])
    return replace(state, target=lady, contacts=(contact,), velocity=np.array(velocity, float))


def signs(state):
    return {(a, b, axis): sign for a, b, axis, sign in craft_relations(state)}


def proved(state):
    claims = [claim(a, axis, sign, b) for a, b, axis, sign in craft_relations(state)]
    assert check(claims).consistent
    return between(claims, GUARD_SEEN, LADY_SEEN)


def test_the_cockpit_shows_lady_and_guard_by_their_names(state):
    (guard,) = state.contacts
    assert (state.target_name, guard.name) == ("Lady", "Guard")
    assert (state.target_hull, guard.hull) == ("SciSat", "GrapplerDrone")
    assert state.range == pytest.approx(2618.0, abs=1.0)
    assert guard.range == pytest.approx(1964.0, abs=1.0)
    assert abs(state.closing) < 0.1
    assert not state.sunlit


@pytest.mark.parametrize(
    ("place", "answer"),
    [((1000.0, 0.0, 0.0), True), ((1000.0, 34.0, -34.0), True), ((1000.0, 40.0, 0.0), False),
     ((1950.0, 0.0, 0.0), False), ((3000.0, 0.0, 0.0), False), ((1000.0, 0.0, 600.0), False)],
)  # fmt: skip
def test_the_guard_is_between_where_it_is_in_line_and_nearer(state, place, answer):
    assert proved(beside(state, place)) is answer


def test_a_guard_behind_is_in_no_relation(state):
    told = signs(beside(state, (-500.0, 3.0, 0.0)))
    assert {name for a, b, _ in told for name in (a, b)} == {PROGRADE, LADY_SEEN}
    assert proved(beside(state, (-500.0, 3.0, 0.0))) is None


def test_sides_are_those_of_the_ball_and_depth_is_distance(state):
    told = signs(beside(state, (900.0, 300.0, -200.0), velocity=(10.0, -2.0, 0.0)))
    assert told[LADY_SEEN, GUARD_SEEN, "horizontal"] == -1
    assert told[LADY_SEEN, GUARD_SEEN, "vertical"] == 1
    assert told[LADY_SEEN, GUARD_SEEN, "depth"] == 1
    assert told[PROGRADE, LADY_SEEN, "horizontal"] == -1
    assert (PROGRADE, LADY_SEEN, "depth") not in told
    assert [nearer(100.0, far) for far in (50.0, 96.0, 104.0, 150.0)] == [1, 0, 0, -1]


@pytest.mark.slow
def test_what_telemetry_makes_certain_is_true():
    env: Any = TwinEnv("LBG1-LG0-I2", observation="telemetry")
    observation, _ = env.reset(seed=3)
    rng, said, lines = np.random.default_rng(0), 0, set()
    for _ in range(25):
        truth = {(a, b, axis): sign for a, b, axis, sign in env.true_relations()}
        shown = {name for a, b, _ in truth for name in (a, b)}
        told = env.task.known(observation["telemetry"])
        for a, b, axis, sign in told:
            said += 1
            assert truth[a, b, axis] == sign
        assert shown <= {*env.task.in_view(observation["telemetry"])}
        claims = [claim(a, axis, sign, b) for a, b, axis, sign in told]
        lines.add(between(claims, *env.task.sightlines[0]))
        throttle = rng.integers(-1, 2, 3)
        command = env.task.command(
            forward=int(throttle[0]), right=int(throttle[1]), down=int(throttle[2]), duration=2
        )
        observation, _, over, late, _ = env.step(command.action())
        if over or late:
            break
    assert said >= 25
    assert lines - {None}


def vector(lady, guard, velocity):
    telemetry = np.zeros(21)
    telemetry[9:12], telemetry[15:18], telemetry[6:9] = lady, guard, velocity
    return telemetry


def test_telemetry_tells_no_sides_but_what_is_in_line():
    ahead = np.array([0.0, 1000.0, 0.0])
    told = known_relations(vector(ahead, 0.5 * ahead, 0.01 * ahead))
    assert {entry[:2] for entry in told} == {
        (PROGRADE, LADY_SEEN), (PROGRADE, GUARD_SEEN), (LADY_SEEN, GUARD_SEEN),
    }  # fmt: skip
    assert {sign for *_, axis, sign in told if axis != "depth"} == {0}
    assert (LADY_SEEN, GUARD_SEEN, "depth", 1) in told
    aside = known_relations(vector(ahead, 0.5 * ahead + [2 * BAND * 500.0, 0, 0], 0.01 * ahead))
    assert (LADY_SEEN, GUARD_SEEN, "horizontal", 0) not in aside
    assert (LADY_SEEN, GUARD_SEEN, "depth", 1) in aside
    assert known_relations(vector(ahead, -ahead, -ahead)) == []
    assert in_view(vector(ahead, -ahead, -ahead)) == [LADY_SEEN]
    assert in_view(vector(ahead, ahead, ahead)) == list(OBJECTS)


@pytest.mark.slow
def test_relations_of_any_scene_are_proved_consistent_and_between_is_what_geometry_says(state):
    rng, answers = np.random.default_rng(8), []
    for _ in range(300):
        way = np.array([1.0, *rng.normal(0.0, rng.choice([0.02, 0.5]), 2)])
        scene = beside(state, rng.uniform(-300.0, 3000.0) * way, rng.normal(0.0, 5.0, 3))
        (guard,) = scene.contacts
        across = guard.place[1:] / guard.range
        geometry = bool(
            guard.place[0] > 0
            and np.abs(across).max() <= BAND
            and guard.range < (1 - DEPTH_BAND) * scene.range
        )
        answer = proved(scene)
        assert answer is (geometry if guard.place[0] > 0 else None)
        answers.append(answer)
    assert {True, False, None} == {*answers}
