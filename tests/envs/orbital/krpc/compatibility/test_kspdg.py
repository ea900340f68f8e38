"""KSPDG's episodes through the wire, call by call, with the clients that KSPDG has and may get."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from helmsight.envs.orbital.bots import ACTIVATION_RANGE, EVADE_RANGE
from helmsight.envs.orbital.dynamics import G0, norm, propagate, unit
from helmsight.envs.orbital.lady_bandit_guard.scenario import (
    BANDIT,
    EVASIVE,
    GUARD,
    HEURISTIC,
    LADY,
    Guarding,
)
from helmsight.envs.orbital.lady_bandit_guard.world import GuardedWorld
from helmsight.envs.orbital.saves import find_save, save_names
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, Scenario
from helmsight.envs.orbital.stepping import DT
from helmsight.envs.orbital.world import SETTLE, World

pytestmark = [pytest.mark.slow, pytest.mark.uncounted]  # real clients, again and again

FLOW = 8000.0 / (240.0 * G0)
"""Propellant that full forward thrust takes, kg/s: KSPDG's own figure."""
P, V, TARGET_P, TARGET_V, GUARD_P = (slice(i, i + 3) for i in (3, 6, 9, 12, 15))
"""Where KSPDG's observation holds positions and velocities."""
PACE = 5.0
"""Rate of the races on the wall clock."""
OLD, NEW = ("0.5.4", "0.5.4"), ("0.7.0", "0.7.0")
"""What KSPDG has, and the newest, for flights that each take seconds: that every client makes the
same calls of every server, the burns and the other bots have."""


def array(observation):
    return np.array(observation)


def normal(observation):
    """Return the normal of the target's orbit."""
    return unit(np.cross(observation[TARGET_P], observation[TARGET_V]))


def test_the_client_is_the_one_that_is_meant(client):
    assert client.do("version") == client.version


@pytest.mark.parametrize("name", save_names())
def test_every_load_file_holds_its_vessels_in_kspdgs_order(client, name):
    save, vessels = find_save(name), client.do("load", save=name)
    assert [vessel["name"] for vessel in vessels] == list(save.names)
    for k, (seen, vehicle) in enumerate(zip(vessels, save.vehicles, strict=True)):
        passed = seen["met"] - save.ut
        assert passed == pytest.approx(0.0, abs=0.05)  # a tick or two until the world is held
        where, way = propagate(save.position[k], save.velocity[k], passed)
        assert seen["position"] == pytest.approx(where, rel=1e-9, abs=1e-4)
        assert seen["velocity"] == pytest.approx(way, rel=1e-9, abs=1e-6)
        lady = seen["name"] == "Lady"
        assert seen["mass"] == pytest.approx(4210.0 if lady else 6685.0)
        assert seen["monopropellant"] == (0.0 if lady else 1200.0)
        assert seen["engines"] == (1 if lady else 0)
        assert vehicle.name


def test_an_unknown_load_file_is_answered_with_the_nearest_that_there_is(client):
    assert "pe1_i3_init" in client.do("refused", save="pe1_i3")


@pytest.mark.parametrize(("save", "calls"), [("pe1_i3_init", 11), ("lbg1_i2_init", 13)])
def test_reset_leaves_the_agent_with_its_nose_on_the_target(client, save, calls):
    seen = client.do("reset", save=save)
    assert seen["active"]
    assert seen["target"]
    assert seen["sas"]
    assert seen["rcs"]
    assert seen["targeting"]
    right, forward, down = unit(np.array(seen["towards"]))
    assert (right, forward, down) == pytest.approx((0.0, 1.0, 0.0), abs=1e-3)
    assert seen["calls"] == calls  # what KSPDG itself would ask
    observation = array(seen["observation"])
    assert observation[0] == pytest.approx(find_save(save).ut + 3.1, abs=0.06)
    assert observation[1] == pytest.approx(6685.0)
    assert observation[2] == pytest.approx(1200.0)


def test_observations_are_the_worlds_in_right_handed_axes(client):
    seen = array(client.do("reset", save="lbg1_i2_init", pause=True)["observation"])
    fleet = client.server.run(lambda server: server.game.fleet)
    lady, bandit, guard = fleet.position[0]
    expected = [bandit, fleet.velocity[0, 1], lady, fleet.velocity[0, 0], guard]
    client.server.run(lambda server: setattr(server.game, "paused", False))
    assert seen[3:18] == pytest.approx(np.concatenate(expected), rel=1e-12)


@pytest.mark.parametrize(
    ("throttle", "axis", "acceleration"),
    [((1.0, 0.0, 0.0), 0, 8000.0), ((0.0, 1.0, 0.0), 1, 4000.0), ((0.0, 0.0, 1.0), 2, 4000.0),
     ((-0.5, 0.0, 0.0), 0, -4000.0), ((9000.0, 0.0, 0.0), 0, 8000.0)],
)  # fmt: skip
def test_a_burn_pushes_along_its_body_axis_and_costs_its_propellant(
    client, throttle, axis, acceleration
):
    before, after = map(array, client.do("burns", save="pe1_i3_init", burns=[[*throttle, 10.0]]))
    assert before[1] - after[1] == pytest.approx(FLOW * 10.0 * abs(acceleration) / 8000.0, rel=2e-3)
    assert before[2] - after[2] == pytest.approx((before[1] - after[1]) / 4.0, rel=2e-3)
    coasted = propagate(before[P], before[V], after[0] - before[0])[1]
    axes = client.server.run(lambda server: server.game.fleet.axes[0, 1].copy())
    gained = axes @ (after[V] - coasted)
    assert gained[axis] == pytest.approx(10.0 * acceleration / 6670.0, rel=0.01)
    assert np.delete(gained, axis) == pytest.approx(0.0, abs=0.3)  # the nose follows the target


@pytest.mark.parametrize("mode", ["prograde", "normal", "radial"])
@pytest.mark.parametrize("frame", [1, 2])
def test_a_burn_out_of_the_plane_changes_neither_radius_nor_speed(client, mode, frame):
    seen = client.do("turned", save="pe1_i3_init", mode=mode, burn=[0.0, 0.0, 1.0], frame=frame)
    assert norm(np.array(seen["body"])) == pytest.approx(1.0)
    before, after = array(seen["before"]), array(seen["after"])
    assert norm(after[P]) == pytest.approx(norm(before[P]), rel=1e-5)
    assert norm(after[V]) == pytest.approx(norm(before[V]), rel=1e-5)
    thrust = 8000.0 if mode == "normal" else 4000.0
    assert after[V][2] - before[V][2] == pytest.approx(thrust / 6683.0, rel=0.01)


def test_wheels_alone_turn_the_craft_by_90_degrees_in_two_seconds(client):
    modes = ["prograde", "radial", "normal", "retrograde", "anti_radial", "anti_normal"]
    wanted = [(0, 1, 0), (-1, 0, 0), (0, 0, 1), (0, -1, 0), (1, 0, 0), (0, 0, -1)]
    noses = client.do("pointed", save="lbg1_i2_init", modes=modes, seconds=2.0)
    assert np.array(noses) == pytest.approx(np.array(wanted), abs=1e-2)


def fly(client, save, bot, seconds, **options):
    """Return (observations before and after, masses after, speeds), and what coasting comes to."""
    seen = client.do("bot", save=save, name=bot, seconds=seconds, options=options)
    before, after = map(array, seen["observations"])
    coasted = propagate(before[TARGET_P], before[TARGET_V], after[0] - before[0])[1]
    return before, after, seen["masses"], after[TARGET_V] - coasted, seen["speeds"]


def test_the_passive_bot_only_coasts(client):
    _, _, masses, gained, _ = fly(client, "pe1_i3_init", "E1", 20.0)
    assert masses == pytest.approx([6685.0, 6685.0])
    assert gained == pytest.approx(0.0, abs=1e-6)


def test_the_rambling_bot_burns_when_it_is_within_range(client):
    far = fly(client, "pe1_i3_init", "E2", 10.0)
    near = fly(client, "pe1_i2_init", "E2", 10.0)
    assert far[2][0] == pytest.approx(6685.0)
    assert near[2][0] < 6684.0
    assert norm(near[3]) > 0.1


def test_the_wary_bot_burns_along_the_normal_while_the_pursuer_is_near(client):
    _, after, masses, gained, _ = fly(client, "sb1_i5_init", "E3", 15.0)
    assert 6685.0 - masses[0] == pytest.approx(FLOW * 15.0, rel=0.02)
    assert gained @ normal(after) / norm(gained) > 0.95
    assert fly(client, "pe1_i3_init", "E3", 5.0)[2][0] == pytest.approx(6685.0)


def test_the_cruising_bot_burns_prograde_under_the_autopilot(client):
    _, after, masses, gained, _ = fly(client, "pe1_i3_init", "E4", 20.0)
    assert 6685.0 - masses[0] == pytest.approx(0.2 * FLOW * 19.5, rel=0.02)
    assert gained @ unit(after[TARGET_V]) / norm(gained) > 0.99


@dataclass(frozen=True)
class Unmoved:
    """A scenario as KSPDG loads it, whatever the seed of its bots."""

    scenario: Guarding

    @property
    def bot(self):
        return self.scenario.bot

    @property
    def load_time(self):
        return self.scenario.load_time

    @property
    def initial_axes(self):
        return self.scenario.initial_axes

    def initial_state(self, seed=0):
        return self.scenario.initial_state()


@dataclass(frozen=True)
class From(Scenario):
    """A pursuit that begins with any save of two vessels."""

    name_of_save: str = ""

    @property
    def save(self):
        return find_save(self.name_of_save)


@pytest.mark.parametrize(
    ("client", "bot", "save"),
    [(OLD, 2, "pe1_i2_init"), (OLD, 3, "sb1_i5_init"), (OLD, 4, "pe1_i3_init"),
     (NEW, 4, "pe1_i3_init")],
    indirect=["client"], ids=str,
)  # fmt: skip
def test_a_bot_over_the_wire_flies_as_the_twins_own(client, bot, save):
    """E2's pursuer leaves its range on the way, E3's its own; E4 turns to prograde.

    With KSPDG's own client they do; that others make the same calls is seen in a third of the time.
    """
    seconds = 60.0 if client.version == "0.5.4" else 20.0
    world = World([From(bot, 1, save)], timeout=1000.0, ends=False)
    start = float(world.met[0]) + SETTLE
    rng = np.random.default_rng([0, 2])
    draws = [
        [rng.uniform(0.0, 2.0), *(rng.random(2) < 0.5), *rng.uniform(-1.0, 1.0, 6)]
        for _ in range(150)
    ]
    seen = client.do(
        "evaded", save=save, name=f"E{bot}", start=start, end=start + seconds,
        draws=np.array(draws, float).tolist(),
    )  # fmt: skip
    ranges = []
    for _ in range(round((SETTLE + seconds) / DT)):
        world.advance()
        ranges.append(float(world.range[0]))
    flown = seen["observation"]
    assert flown[0] == pytest.approx(float(world.met[0]), abs=1e-6)
    assert flown[TARGET_P] == pytest.approx(world.position[0, EVADER], rel=0, abs=0.01)
    assert flown[TARGET_V] == pytest.approx(world.velocity[0, EVADER], rel=0, abs=0.001)
    assert flown[P] == pytest.approx(world.position[0, PURSUER], rel=0, abs=0.01)
    assert np.array(seen["axes"]) == pytest.approx(world.axes[0, EVADER], rel=0, abs=1e-4)
    position, velocity = From(bot, 0, save).initial_state()
    coasted = propagate(position[EVADER], velocity[EVADER], SETTLE + seconds)[0]
    assert norm(world.position[0, EVADER] - coasted) > 10.0  # there was something to be equal in
    if bot != 4 and seconds == 60.0:
        limit = ACTIVATION_RANGE if bot == 2 else EVADE_RANGE
        assert min(ranges) < limit < max(ranges)


@pytest.mark.parametrize(
    "client", [OLD, NEW], indirect=True, ids=str
)  # the guard's frame turns from 0.6 on
def test_the_guard_stops_relative_to_the_bandit_and_then_closes_in(client):
    before, after, masses, _, speeds = fly(client, "lbg1_i2_init", "LG1", 30.0)
    assert min(speeds) < 0.2
    assert max(speeds) > 10.0
    assert norm(after[GUARD_P] - after[P]) < norm(before[GUARD_P] - before[P]) - 50.0
    assert masses[0] == pytest.approx(4210.0)
    assert masses[2] < 6660.0


@pytest.mark.parametrize("client", [("0.7.0", "0.5.4")], indirect=True, ids=["0.7.0-on-0.5.4"])
@pytest.mark.parametrize(
    ("escort", "save", "start", "seconds"),
    [(HEURISTIC, "lbg1_i2_init", 2.7, 32.0), (EVASIVE, "lbg1_i1_init", 110.0, 16.0)],
)
def test_an_escort_over_the_wire_flies_as_the_twins_own(client, escort, save, start, seconds):
    """At 110 s the bandit of I1 has just come within 500 m of the lady.

    The twin's guard sees what kRPC 0.5.4 tells; from 0.6 on its frame turns, and so it flies.
    """
    scenario, seed = Guarding(escort, int(save[6])), 1  # with seed 1 the lady flees to the normal
    public = Unmoved(scenario)
    world = GuardedWorld([public], [seed], timeout=1000.0, ends=False)
    ticks = round((start - float(world.met[0])) / DT)
    world.bots.start = world.met + ticks * DT
    world.advance(ticks + round(seconds / DT))
    seen = client.do(
        "evaded", save=save, name=f"LG{escort}", start=start, end=start + seconds, draws=[]
    )
    flown = seen["observation"]
    assert flown[0] == pytest.approx(float(world.met[0]), abs=1e-6)
    for k, at in ((LADY, 9), (BANDIT, 3), (GUARD, 15)):
        assert flown[at : at + 3] == pytest.approx(world.position[0, k], rel=0, abs=0.01)
        assert flown[at + 3 : at + 6] == pytest.approx(world.velocity[0, k], rel=0, abs=0.001)
    assert np.array(seen["axes"]) == pytest.approx(world.axes[0, LADY], rel=0, abs=1e-4)
    assert world.propellant[0, GUARD] < 1199.0  # there was something to be equal in


@pytest.mark.parametrize(("heading", "side"), [(90.0, 1.0), (270.0, -1.0)])
def test_the_lady_flees_along_the_normal_with_her_main_engine(client, heading, side):
    _, after, masses, gained, _ = fly(client, "lbg1_i2_init", "LG2", 12.0, heading=heading)
    impulse = 125_000.0 * 0.5
    assert 4210.0 - masses[0] == pytest.approx(impulse / (355.0 * G0), rel=0.05)
    assert gained @ normal(after) == pytest.approx(side * impulse / 4201.0, rel=0.05)


def test_the_sun_stands_where_kspdg_looks_for_it(client):
    *direction, reward = client.do("sun", save="sb1_i5_init")
    assert direction == pytest.approx([1.0, 0.0, 0.0], abs=5e-3)
    assert reward == pytest.approx(1.0, abs=1e-3)


def test_load_puts_everything_to_rest_and_keeps_the_vessels_that_clients_hold(client):
    seen = client.do("again", save="pe1_i3_init")
    assert seen["spent"] < 6680.0
    assert seen["mass"] == pytest.approx(6685.0)
    assert seen["forward"] == 0.0
    assert not seen["sas"]
    assert not seen["rcs"]
    assert seen["target"] is None
    assert seen["same"]


@pytest.mark.parametrize(
    ("client", "save", "why", "met"),
    [(OLD, "pe1_i1_init", "captured", 5.0), (OLD, "pe1_i2_init", "timeout", 8.0),
     (NEW, "pe1_i1_init", "captured", 5.0)],
    indirect=["client"], ids=str,
)  # fmt: skip
def test_three_threads_on_one_connection_end_an_episode_on_the_wall_clock(client, save, why, met):
    client.server.run(lambda server: server.game.set_rate(PACE))
    try:
        seen = client.do("race", save=save, capture=4320.0 if why == "captured" else 1.0,
                         timeout=8.0 if why == "timeout" else 240.0)  # fmt: skip
    finally:
        client.server.run(lambda server: server.game.set_rate(1.0))
    assert seen["why"] == why
    assert seen["met"] > met
    assert seen["steps"] >= 1
