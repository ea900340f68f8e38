"""The time rule `runner` and KSPDG's AgentEnvRunner apply the same commands at the same ticks.

The other side is KSPDG's loop over the wire, by the real clients (`flights.runner`), in lockstep:
what is compared does not depend on the wall clock.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv

pytestmark = [pytest.mark.slow, pytest.mark.uncounted]

SCENARIO = "PE1-E1-I3"
TICK = 0.02
THINKS = [0.05, 0.3, 0.7, 1.4]
STEPS = 24
EVEN = [[1.0, k / 64, -k / 64, 0.5, 0] for k in range(STEPS)]
"""Answers (x, y, z, seconds, frame) that can be told apart; throttles that a float32 holds."""
MIXED = [[0.5 + k / 64, 0.25, -k / 64, (0.5, 0.3, 1.0)[k % 3], k % 3] for k in range(STEPS)]


class Logged(PursuitEnv):
    """The environment, noting when each command was begun, also again: (world time, answer)."""

    def __init__(self, think: float) -> None:
        super().__init__(SCENARIO, observation="telemetry", time=f"runner:{think:g}")
        self.began: list[tuple[float, list[float]]] = []

    def _burn(self, command: BurnCommand) -> float:
        assert self._world is not None
        action = command.action()
        answer = [*map(float, np.asarray(action["burn"])), float(np.asarray(action["frame"]))]
        self.began.append((float(self._world.met[0]), answer))
        return super()._burn(command)


def native(think, answers):
    """Return what the environment began and showed, until it has begun as many steps."""
    env = Logged(think)
    observation, _ = env.reset(seed=0)
    seen, given = [observation["telemetry"]], iter(answers)
    while len(env.began) < STEPS:
        *burn, frame = next(given)
        observation, *_ = env.step({"burn": np.array(burn), "frame": int(frame)})
        seen.append(observation["telemetry"])
    return env.began, seen


def ticks(began):
    """Return the ticks at which commands were begun, from the first one on."""
    return [round((at - began[0][0]) / TICK) for at, _ in began]


def turns(began):
    """Return how often each command was begun one after another."""
    return [len(list(group)) for _, group in groupby(answer for _, answer in began)]


@pytest.mark.parametrize("answers", [EVEN, MIXED], ids=["even", "mixed"])
@pytest.mark.parametrize("think", THINKS)
def test_the_same_commands_begin_at_the_same_ticks_as_in_kspdgs_runner(client, think, answers):
    wire = client.do("runner", scenario=SCENARIO, think=think, answers=answers, steps=STEPS)
    began, seen = native(think, answers)
    assert [answer for _, answer in began[:STEPS]] == [answer for _, answer in wire["began"]]
    assert ticks(began)[:STEPS] == ticks(wire["began"])
    first = began[0][0] - wire["began"][0][0]
    assert abs(first) < 1.5 * TICK  # 0.05 s of thinking are two ticks and a half
    if abs(first) < 1e-6:
        shown = min(len(seen), len(wire["seen"]))
        assert shown > STEPS // 4
        np.testing.assert_allclose(wire["seen"][:shown], seen[:shown], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("think", "often"),
    [(0.05, [2, 1, 1, 1]), (0.3, [2, 1, 1, 1]), (0.7, [3, 2, 2, 2]), (1.4, [4, 3, 3, 3])],
)
def test_the_first_command_waits_for_nothing_and_each_later_one_for_a_boundary(think, often):
    began, seen = native(think, EVEN)
    assert turns(began)[:4] == often
    assert began[0][0] - seen[0][0] == pytest.approx(think, abs=TICK)
    assert set(np.diff(ticks(began))) == {25}
