"""Training flights of all families: labels, latency, and samples on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helmsight.agents.scripted.guidance import throttle
from helmsight.agents.training.design import VIEW
from helmsight.agents.training.flights import FlightBatch, FlightSample, SampleFlights
from helmsight.agents.training.questions import (
    UNREADABLE,
    command_text,
    nearest_levels,
    reading_text,
    relation_text,
)
from helmsight.agents.training.starts import RandomStart, draw_start
from helmsight.agents.training.store import (
    BLANK,
    DIGITS,
    FIGURES,
    HIDDEN,
    read,
    shown_digits,
    write,
)
from helmsight.agents.training.teachers import LAWS
from helmsight.contract.clock import TimeRule
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.scenarios import PURSUER, Scenario

FAMILIES = ("PE1", "LBG1", "SB1")


@pytest.fixture(scope="module")
def samples() -> list[FlightSample]:
    return SampleFlights(4, np.random.default_rng(3), 0.0, plain=True, seen=1.0).collect(6, None)


def test_drawn_starts_are_flights_in_orbit() -> None:
    rng = np.random.default_rng(0)
    for number in range(240):
        start = draw_start(rng, FAMILIES[number % 3])
        position, velocity = start.initial_state()
        gap = np.linalg.norm(position[0] - position[1])
        assert 1.0 < gap < 12_000.0
        assert np.linalg.norm(velocity[0] - velocity[1]) < 120.0
        assert 740_000.0 < np.linalg.norm(position[0]) < 760_000.0
        assert len(position) == (3 if start.family == "LBG1" else 2)
        assert start.name.startswith(f"{start.family}-")


def test_noses_point_at_the_target_from_the_first_picture_on() -> None:
    flights = FlightBatch(12, np.random.default_rng(5))
    world = flights.world
    sight = world.line_of_sight / world.range[:, None]
    assert np.all((world.axes[:, PURSUER, 0] * sight).sum(axis=1) > 0.999)


def test_flights_are_skipped_to_where_they_are_asked_to_begin() -> None:
    starts = [RandomStart(3, 3.0, *Scenario(3, 3).initial_state(seed), Scenario(3, 3).initial_axes)
              for seed in range(3)]  # fmt: skip
    flights = FlightBatch(3, np.random.default_rng(6), starts)
    flights.skip(np.array([600.0, np.inf, 1200.0]))
    assert not flights.world.over.any()
    assert (flights.world.range < [600.0, np.inf, 1200.0]).all()
    assert (flights.world.range > [580.0, 2400.0, 1180.0]).all()
    assert flights.world.met[1] < 10.0  # it has not flown


def test_the_teacher_closes_in_and_brakes() -> None:
    position = np.array([[750e3, 0.0, 0.0], [750e3, -400.0, 0.0]])
    orbit = np.array([0.0, 2169.98, 0.0])
    for closing, sign in ((0.0, 1.0), (40.0, -1.0)):
        velocity = np.stack([orbit, orbit + np.array([0.0, closing, 0.0])])
        axes = np.tile(np.eye(3), (2, 1, 1))
        start = RandomStart(1, 150.0, position, velocity, axes)
        taught = FlightBatch(1, np.random.default_rng(0), [start], plain=True).teach()
        assert np.sign(taught[0, 0]) == sign


@pytest.mark.slow
def test_labels_are_commands_of_the_closed_set(samples: list[FlightSample]) -> None:
    allowed = {command.text() for command in BurnCommand.choices()}
    for sample in samples:
        assert command_text(sample.throttle) in allowed


@pytest.mark.slow
def test_the_same_seed_flies_the_same_flights() -> None:
    first = SampleFlights(2, np.random.default_rng(8), 0.0).collect(3, None)
    again = SampleFlights(2, np.random.default_rng(8), 0.0).collect(3, None)
    for sample, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(sample.views, other.views)
        np.testing.assert_array_equal(sample.throttle, other.throttle)


@pytest.mark.slow
def test_samples_survive_the_disk(samples: list[FlightSample], tmp_path: Path) -> None:
    write(tmp_path, "one", samples)
    shard = read(tmp_path / "one.npz")
    assert len(shard) == len(samples)
    assert shard.digits.shape == (len(shard), DIGITS)
    assert shard.figures.shape == (len(shard), FIGURES)
    state = samples[0].state
    assert shard.texts["relation"][0] == relation_text(state)
    assert shard.texts["reading"][0] == reading_text(state)
    shown = "".join("" if d == BLANK else str(d) for d in shown_digits(state)[:6])
    assert shown == f"{state.range:.1f}".replace(".", "")


def test_a_bot_that_does_not_coast_is_named_in_the_question() -> None:
    asked: dict[str, str] = {}
    for family, seed in (("PE1", 1), ("LBG1", 2), ("SB1", 3)):
        flights = FlightBatch(12, np.random.default_rng(seed), family=family)
        asked |= {start.name: flights.question(i) for i, start in enumerate(flights.starts)}
    plain = "Fly to the target. Answer the burn as JSON."
    assert asked["PE1-E1-R"] == asked["SB1-E1-R"] == plain
    for bot in ("PE1-E3-R", "LBG1-LG1-R"):
        assert asked[bot] == f"Fly to the target. {bot.split('-')[1]}. Answer the burn as JSON."


def test_each_evader_has_a_law_of_its_own() -> None:
    one = draw_start(np.random.default_rng(15))  # in which no two of them want the same
    starts = [replace(one, evader=bot) for bot in (1, 2, 3, 2)]
    flights = FlightBatch(4, np.random.default_rng(8), starts, plain=True)
    taught, told = flights.teach(), flights.foreseen()
    for i, start in enumerate(starts):
        law, alone = LAWS[start.evader], told.of(np.arange(4) == i)
        assert (taught[i] == throttle(alone, replace(law, interval=0.5))[0]).all()
    assert (taught[1] == taught[3]).all()
    assert len({tuple(row) for row in taught}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_pilots_that_know_the_numbers_answer_in_every_family(family: str) -> None:
    flights = FlightBatch(4, np.random.default_rng(4), plain=True, family=family)
    taught = flights.teach()
    assert taught.shape == (4, 3)
    assert np.abs(taught).max(axis=1).min() > 0.0 or family == "PE1"
    assert np.abs(taught).max() <= 1.0 + 1e-9
    pictures, _ = flights.look(0)
    assert pictures.shape == (3, VIEW, VIEW, 3)


@pytest.mark.slow
def test_the_shade_of_the_training_reaches_the_place_sunward_of_the_target() -> None:
    """Flown at the nearest levels along the body's axes, as the student answers."""
    from helmsight.envs.orbital.dynamics import sun_direction

    flights = FlightBatch(3, np.random.default_rng(6), plain=True, family="SB1")
    world = flights.world

    def away() -> float:
        gap = world.position[:, 1] - world.position[:, 0] - 100.0 * sun_direction()
        return float(np.linalg.norm(gap, axis=1).max())

    before = away()
    for _ in range(120):
        flights.fly(nearest_levels(flights.teach()))
    assert away() < 0.7 * before


@pytest.mark.slow
@pytest.mark.parametrize(("bot", "initial"), [(3, 3), (3, 1), (4, 3)])
def test_the_law_of_the_training_catches_what_flees(bot: int, initial: int) -> None:
    """It hangs on what is seen alone, and flies at the nearest levels half a second late."""
    place = Scenario(bot, initial)
    state = place.initial_state(100)
    start = RandomStart(bot, place.load_time, *state, place.initial_axes)
    flights = FlightBatch(1, np.random.default_rng(0), [start], plain=True)
    flights.rule = TimeRule("fixed", 0.5)
    while not flights.world.over.all():
        flights.fly(nearest_levels(flights.teach()))
    assert flights.world.captured.all()


@pytest.mark.slow
def test_a_pilot_that_plans_answers_for_the_moment_at_which_its_burn_begins() -> None:
    now, late = (FlightBatch(3, np.random.default_rng(7), plain=True, family="SB1") for _ in "ab")
    late.rule = TimeRule("fixed", 2.0)
    assert np.abs(now.teach() - late.teach()).max() > 0.05


@pytest.mark.slow
def test_of_what_is_covered_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helmsight.agents.training.flights.COVERED", 1.0)
    flights = SampleFlights(3, np.random.default_rng(5), 0.0, family="SB1", seen=1.0)
    covered = flights.collect(2, None)
    assert all(sample.covered and not sample.throttle.any() for sample in covered)
    write(tmp_path, "one", covered)
    shard = read(tmp_path / "one.npz")
    assert (shard.digits == HIDDEN).all()
    assert np.isnan(shard.figures).all()
    assert {*shard.texts["reading"], *shard.texts["relation"]} == {UNREADABLE}
