"""Late commands: labels are for where the worlds will be, questions tell when that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from helmsight.agents.training.flights import FlightBatch, draw_rule
from helmsight.agents.training.foresight import LEADS, Evasion, foreseen
from helmsight.agents.training.questions import prompt
from helmsight.agents.training.starts import draw_start
from helmsight.contract.clock import TimeRule
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.bots import EVADE_RANGE
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.scenarios import EVADER
from helmsight.envs.orbital.world import DT


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.3])
def test_worlds_with_a_passive_evader_go_where_they_were_foreseen(seconds: float) -> None:
    rng = np.random.default_rng(4)
    flights = FlightBatch(30, rng, [replace(draw_start(rng), evader=1) for _ in range(30)])
    world = flights.world
    world.burn(rng.choice([-1.0, 0.0, 1.0], (30, 3)))
    near = world.range < 60.0  # the nose swings round in passing
    expected = foreseen(world, seconds, Evasion.none(30))
    world.advance(round(seconds / DT))
    kept = ~near & ~world.over
    assert kept.sum() >= 5
    np.testing.assert_allclose(expected.gap[kept], world.line_of_sight[kept], atol=0.05)
    np.testing.assert_allclose(expected.velocity[kept], world.relative_velocity[kept], atol=0.02)
    np.testing.assert_allclose(expected.axes[kept], world.axes[kept, 1], atol=0.01)
    np.testing.assert_allclose(expected.mass[kept], world.mass[kept, 1], atol=0.01)
    np.testing.assert_allclose(expected.met[kept], world.met[kept], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("bot", "near"), [(3, True), (3, False), (4, False)])
def test_what_an_evader_is_known_to_do_is_foreseen(bot: int, near: bool) -> None:
    rng = np.random.default_rng(8)
    flights = FlightBatch(0, rng, [replace(draw_start(rng), evader=bot) for _ in range(800)])
    world = flights.world
    world.advance(round(5.0 / DT))  # a bot that begins has to turn first

    def as_told() -> NDArray[np.bool_]:
        low, high = (60.0, EVADE_RANGE) if near else (EVADE_RANGE, LEADS[bot])
        inside = (world.range > low) & (world.range < high)
        pushes = world.throttle[:, EVADER].any(axis=1)
        return inside & ~world.over & (pushes == (near or bot == 4))

    kept = as_told()
    expected = foreseen(world, 1.0, Evasion.of([bot] * len(world), world))
    world.advance(round(1.0 / DT))
    kept &= as_told()
    assert kept.sum() > 5
    off = expected.gap[kept] - world.line_of_sight[kept]
    assert np.abs(off).max() < 0.05  # m; E4's push alone takes it 0.12 m in a second


def test_a_burn_that_was_going_on_is_reckoned_with() -> None:
    """At full thrust, what is right in 1.5 s is mostly less thrust than what is right at once."""
    rng = np.random.default_rng(9)
    passive = [replace(draw_start(rng), evader=1) for _ in range(40)]
    flights = FlightBatch(40, rng, passive)
    flights.world.burn(np.tile([1.0, 0.0, 0.0], (40, 1)))
    at_once = flights.teach()[:, 0]
    flights.rule = TimeRule("runner", 1.5)
    late = flights.teach()[:, 0]
    assert (late <= at_once + 1e-9).mean() > 0.6
    assert (late < at_once - 0.1).any()


def test_the_runner_begins_a_burn_where_the_next_picture_is_taken() -> None:
    flights = FlightBatch(2, np.random.default_rng(1))
    world, before = flights.world, flights.world.met.copy()
    flights.rule = TimeRule("runner", 1.0)
    flights.fly(np.tile([0.0, 1.0, 0.0], (2, 1)))
    np.testing.assert_allclose(world.met[~world.over] - before[~world.over], 1.0)
    assert flights.timing(0).meanwhile == BurnCommand(forward=0, right=1, down=0)
    flights.rule = TimeRule("fixed", 1.0)
    flights.fly(np.zeros((2, 3)))
    np.testing.assert_allclose(world.met[~world.over] - before[~world.over], 2.5)


@pytest.mark.parametrize(
    ("rule", "span"), [("runner:0.5", "0.5 to 1.0"), ("runner:0.7", "1.0 to 2.0"),
                       ("fixed:0.7", "0.7 to 1.9")],
)  # fmt: skip
def test_a_question_tells_what_goes_on_and_when_the_answer_is_burnt(rule: str, span: str) -> None:
    kept = TimeRule.parse(rule)
    think = kept.thinks(0.0)
    last = BurnCommand(forward=0.5, right=0, down=-1)
    timing = Timing(kept, think, kept.waits(think, last.duration), last)
    assert prompt("command", timing) == (
        f"Fly to the target. Now {last.text()}, the burn from {span} s. Answer the burn as JSON."
    )
    assert prompt("command") == "Fly to the target. Answer the burn as JSON."


@pytest.mark.parametrize("family", ["PE1", "LBG1", "SB1"])
def test_every_rule_that_is_drawn_is_one_that_flights_keep(family: str) -> None:
    rng = np.random.default_rng(0)
    rules = [draw_rule(rng, family) for _ in range(200)]
    kinds = [rule.kind for rule in rules]
    assert set(kinds) == {"paused", "runner", "fixed"}
    assert (kinds.count("paused") < 100) == (family == "PE1")  # 0.4 there, else 0.7
    for rule in rules:
        latency = rule.waits(rule.thinks(0.0), 0.5)
        assert 0.0 <= latency <= 2.0
        assert latency / DT == pytest.approx(round(latency / DT))
