"""Training flights: starts, labels, and samples on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helmsight.agents.training.flights import FlightBatch, RandomStart, SampleFlights, draw_start
from helmsight.agents.training.questions import command_text, reading_text, relation_text
from helmsight.agents.training.store import BLANK, DIGITS, FIGURES, read, shown_digits, write
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.scenarios import PURSUER


@pytest.fixture(scope="module")
def samples() -> list[object]:
    return list(SampleFlights(4, np.random.default_rng(3), 0.0).collect(6, None))


def test_drawn_starts_are_chases_in_orbit() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        start = draw_start(rng)
        position, velocity = start.initial_state()
        gap = np.linalg.norm(position[0] - position[1])
        assert 1.0 < gap < 12_000.0
        assert np.linalg.norm(velocity[0] - velocity[1]) < 120.0
        assert 740_000.0 < np.linalg.norm(position[0]) < 760_000.0


def test_noses_point_at_the_target_from_the_first_picture_on() -> None:
    flights = FlightBatch(12, np.random.default_rng(5))
    world = flights.world
    sight = world.line_of_sight / world.range[:, None]
    assert np.all((world.axes[:, PURSUER, 0] * sight).sum(axis=1) > 0.999)


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
def test_labels_are_commands_of_the_closed_set(samples: list[object]) -> None:
    allowed = {command.text() for command in BurnCommand.choices()}
    for sample in samples:
        assert command_text(sample.throttle) in allowed  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_same_seed_flies_the_same_flights() -> None:
    first = SampleFlights(2, np.random.default_rng(8), 0.0).collect(3, None)
    again = SampleFlights(2, np.random.default_rng(8), 0.0).collect(3, None)
    for sample, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(sample.views, other.views)
        np.testing.assert_array_equal(sample.throttle, other.throttle)


@pytest.mark.slow
def test_samples_survive_the_disk(samples: list[object], tmp_path: Path) -> None:
    write(tmp_path, "one", samples)  # type: ignore[arg-type]
    shard = read(tmp_path / "one.npz")
    assert len(shard) == len(samples)
    assert shard.digits.shape == (len(shard), DIGITS)
    assert shard.figures.shape == (len(shard), FIGURES)
    state = samples[0].state  # type: ignore[attr-defined]
    assert shard.texts["relation"][0] == relation_text(state)
    assert shard.texts["reading"][0] == reading_text(state)
    shown = "".join("" if d == BLANK else str(d) for d in shown_digits(state)[:6])
    assert shown == f"{state.range:.1f}".replace(".", "")
