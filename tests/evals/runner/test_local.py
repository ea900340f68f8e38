"""Episodes in processes: those that die, hang or eat memory end as rows, the others as ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from helmsight.evals.episode import Episode, EpisodeRow
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.local import Waiting, run_local
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode

WAIT_S = 600.0


def episode(pilot: str, seed: int = 0, world: str = "", **changed) -> Episode:
    return Episode(
        "flight", world or "thermostat/Evening-v0", pilot, seed, time="paused",
        observation="telemetry", max_steps=20, **changed,
    )  # fmt: skip


def pursuit(pilot: str, seed: int) -> Episode:
    return replace(episode(pilot, seed, "PE1-E1-I3"), max_steps=4)


def rows_of(episodes, settings, workers=2) -> dict[tuple[str, int], EpisodeRow]:
    return {(row.spec, row.seed): row for row in run_local(episodes, settings, workers)}


@pytest.mark.slow
def test_what_becomes_of_an_episode_is_in_its_row_and_stops_no_other(room, tmp_path: Path) -> None:
    settings = Settings(tmp_path, "odd", episode_s=WAIT_S, memory_mb=1500, retries=1)
    pilots = ["two-point", "dies", "two-point", "dies-once", "eats", "raises"]
    episodes = [episode(pilot, seed) for seed, pilot in enumerate(pilots)]
    rows = rows_of(episodes, settings)
    assert len(rows) == len(episodes)
    alone = run_episode(episodes[0], settings)
    assert rows["two-point", 0].outcome() == alone.outcome()
    assert rows["two-point", 2].status == rows["dies-once", 3].status == "done"
    assert (rows["two-point", 2].attempts, rows["dies-once", 3].attempts) == (1, 2)
    dead = rows["dies", 1]
    assert (dead.status, dead.attempts, dead.score, dead.success) == ("crashed", 2, None, False)
    assert "SIGKILL" in dead.error
    assert rows["eats", 4].status == "out of memory"
    assert "budgets.memory_mb is 1500" in rows["eats", 4].error
    raised = rows["raises", 5]
    assert (raised.status, raised.attempts) == ("failed", 1)  # it would only fail again
    assert "ZeroDivisionError: of the pilot's own making" in raised.error


@pytest.mark.slow
def test_an_episode_that_never_ends_is_ended(room, tmp_path: Path) -> None:
    settings = Settings(tmp_path, "odd", episode_s=1.0, retries=0)
    row = rows_of([episode("hangs")], settings)["hangs", 0]
    assert (row.status, row.attempts) == ("timed out", 1)
    assert "budgets.episode_s, 1 s" in row.error


def test_a_pilot_runs_no_more_often_at_a_time_than_its_provider_allows(tmp_path: Path) -> None:
    limited = Settings(tmp_path, "odd", concurrency={"openai:*": 2})
    waiting = Waiting([episode("openai:a", i) for i in range(3)] + [episode("naive")], limited)
    running: list[str] = []
    while (following := waiting.next(running)) is not None:
        running.append(following[0][0].pilot)
    assert sorted(running) == ["naive", "openai:a", "openai:a"]
    assert waiting
    assert waiting.next(["naive"]) is not None


def test_a_group_is_of_one_pilot_and_what_measures_thinking_is_alone(tmp_path: Path) -> None:
    flown = [("naive", 0), ("navball", 0), ("naive", 1), ("naive", 2)]
    episodes = [pursuit(pilot, seed) for pilot, seed in flown]
    timed = [replace(pursuit("naive", seed), time="measured") for seed in range(2)]
    waiting = Waiting([*timed, *episodes], Settings(tmp_path, "odd"), together=2)
    given = []
    while (following := waiting.next([])) is not None:
        given.append([(one.pilot, one.time, one.seed) for one in following[0]])
    assert given == [
        [("naive", "measured", 0)], [("naive", "measured", 1)],
        [("naive", "paused", 0), ("naive", "paused", 1)], [("navball", "paused", 0)],
        [("naive", "paused", 2)],
    ]  # fmt: skip


@pytest.mark.slow
def test_a_group_comes_to_the_rows_that_its_episodes_come_to_alone(tmp_path: Path) -> None:
    episodes = [pursuit("rendezvous", seed) for seed in range(3)]
    settings = Settings(tmp_path, "mine", together=3)
    rows = rows_of(episodes, settings, workers=1)
    alone = [run_episode(one, settings) for one in episodes]
    assert [rows[row.spec, row.seed].outcome() for row in alone] == [row.outcome() for row in alone]


@pytest.mark.slow
def test_a_group_that_takes_too_long_is_run_again_one_by_one(tmp_path: Path) -> None:
    settings = Settings(tmp_path, "mine", episode_s=0.01, retries=0, together=3)
    rows = rows_of([pursuit("naive", seed) for seed in range(3)], settings, workers=1)
    assert {row.status for row in rows.values()} == {"timed out"}
    assert {(row.seed, row.attempts) for row in rows.values()} == {(0, 1), (1, 1), (2, 1)}


def test_no_workers_run_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan, match="workers=0"):
        next(run_local([], Settings(tmp_path, "odd"), 0))
