"""An evaluation in a folder: interrupted, killed, gone on with, it comes to the same table."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helmsight.evals.episode import Episode, EpisodeRow
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.evaluation import Evaluation
from helmsight.evals.plan import plan
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode
from helmsight.evals.store import ROWS, read_rows
from helmsight.evals.suite import suite_of

SUITE = """
name: rooms
pilots: [two-point]
scenarios: [thermostat/Evening-v0]
seeds: 6
times: [paused]
max_steps: 10
"""
WAIT_S = 600


class Runner:
    """Runs episodes here, one after another; interrupted after so many."""

    def __init__(self, until: int | None = None) -> None:
        self.ran: list[str] = []
        self._until = until

    def __call__(self, episodes: Sequence[Episode], settings: Settings):
        for episode in episodes:
            if len(self.ran) == self._until:
                raise KeyboardInterrupt
            self.ran.append(episode.key)
            yield run_episode(episode, settings)


def planned(tmp_path: Path, **changed):
    import yaml

    data = yaml.safe_load(SUITE) | changed
    return plan(suite_of(data, "rooms.yaml"), tmp_path / "rooms.yaml")


def outcomes(folder: Path) -> list[dict[str, Any]]:
    return [row.outcome() for row in read_rows(folder)]


@pytest.fixture
def whole(room, tmp_path: Path) -> Path:
    folder = tmp_path / "whole"
    assert len(list(Evaluation(planned(tmp_path), folder).run(Runner()))) == 6
    return folder


@pytest.mark.slow
def test_what_was_interrupted_goes_on_with_what_is_missing(whole, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    cut = Evaluation(planned(tmp_path), folder)
    first = Runner(until=2)
    with pytest.raises(KeyboardInterrupt):
        list(cut.run(first))
    assert read_rows(folder / "results.parquet") == read_rows(folder)  # of what is there
    with pytest.raises(ResultsUnusable, match="--resume goes on"):
        Evaluation(planned(tmp_path), folder)
    second = Runner()
    list(Evaluation(planned(tmp_path), folder, resume=True).run(second))
    assert [*first.ran, *second.ran] == [row.key for row in read_rows(whole)]
    assert outcomes(folder) == outcomes(whole)


@pytest.mark.slow
def test_more_seeds_and_pilots_run_only_what_is_new_and_keep_what_was_there(
    whole, tmp_path: Path
) -> None:
    runner = Runner()
    more = planned(tmp_path, seeds=8)
    list(Evaluation(more, whole, resume=True).run(runner))
    assert len(runner.ran) == 2
    other = planned(tmp_path, pilots=["raises"], seeds=1)
    list(Evaluation(other, whole, resume=True).run(Runner()))
    assert [row.spec for row in read_rows(whole)] == ["raises", *["two-point"] * 8]


def test_rows_of_other_code_are_in_no_table_and_run_again(whole, tmp_path: Path) -> None:
    log = whole / ROWS
    made_with = read_rows(whole)[0].made_with
    lines = log.read_text().splitlines(keepends=True)
    old = lines[0].replace(made_with, "0" * 16).replace(read_rows(whole)[0].key, "f" * 20)
    log.write_text("".join([old, *lines[1:]]))
    runner, evaluation = Runner(), Evaluation(planned(tmp_path), whole, resume=True)
    assert evaluation.stale == 1
    list(evaluation.run(runner))
    assert len(runner.ran) == 1
    assert {row.made_with for row in read_rows(whole)} == {made_with}
    assert len(log.read_text().splitlines()) == 7


def test_another_suite_is_refused_and_changes_nothing(whole, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    with pytest.raises(ResultsUnusable, match=r"suite.name is 'rooms', and 'halls'"):
        Evaluation(planned(tmp_path, name="halls"), whole, resume=True)
    assert before == {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_what_failed_is_run_again_only_where_that_is_asked_for(room, tmp_path: Path) -> None:
    broken = planned(tmp_path, pilots=["raises"], seeds=2)
    list(Evaluation(broken, tmp_path / "out").run(Runner()))
    assert Evaluation(broken, tmp_path / "out", resume=True).missing() == []
    again = Evaluation(broken, tmp_path / "out", resume=True, again=True)
    assert again.missing() == broken.episodes
    list(again.run(Runner()))
    assert [row.status for row in read_rows(tmp_path / "out")] == ["failed", "failed"]


def test_a_budget_ends_a_run_that_can_be_gone_on_with(room, tmp_path: Path) -> None:
    def costly(episodes, settings):
        for episode in episodes:
            yield replace(EpisodeRow.of(episode, "done"), cost=0.4)

    frugal = planned(tmp_path, budgets={"cost": 1.0})
    evaluation = Evaluation(frugal, tmp_path / "out")
    assert len(list(evaluation.run(costly))) == 3
    assert evaluation.stopped == "budgets.cost, 1, is used up"
    assert len(evaluation.missing()) == 3
    again, runner = Evaluation(frugal, tmp_path / "out", resume=True), Runner()
    assert list(again.run(runner)) == []  # nobody is asked again
    assert (again.stopped, runner.ran) == (evaluation.stopped, [])


def test_tokens_have_a_budget_too(room, tmp_path: Path) -> None:
    def talkative(episodes, settings):
        for episode in episodes:
            yield replace(EpisodeRow.of(episode, "done"), tokens_in=900, tokens_out=100)

    evaluation = Evaluation(planned(tmp_path, budgets={"tokens": 2000}), tmp_path / "out")
    assert len(list(evaluation.run(talkative))) == 2
    assert evaluation.stopped == "budgets.tokens, 2000, is used up"


@pytest.mark.slow
@pytest.mark.parametrize("blow", ["SIGKILL", "SIGTERM"])
def test_a_run_that_is_killed_again_and_again_comes_to_the_same_table(
    room, tmp_path: Path, blow: str
) -> None:
    suite, folder = tmp_path / "rooms.yaml", tmp_path / "killed"
    suite.write_text(SUITE.replace("seeds: 6", "seeds: 400"), encoding="utf-8")
    path = [os.environ["ODD_SITE"], *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    command = [
        sys.executable, "-c", "from helmsight.cli import main; main()", "evaluate", str(suite),
        "--out", str(folder), "--resume", "--workers", "2",
    ]  # fmt: skip
    for more in (1, 60):
        there = rows_in(folder)
        running = subprocess.Popen(
            command, env=environment, cwd=tmp_path,
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + WAIT_S
        while rows_in(folder) < there + more and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(getattr(signal, blow))
        status = running.wait(WAIT_S)
        assert status == (-signal.SIGKILL if blow == "SIGKILL" else 128 + signal.SIGTERM)
        # a row that is being written when SIGTERM comes is taken back whole
        assert there + more - 1 <= rows_in(folder) < 400
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, timeout=WAIT_S
    )
    assert done.returncode == 0, done.stderr
    undisturbed = Evaluation(planned(tmp_path, seeds=400), tmp_path / "whole")
    list(undisturbed.run(Runner()))
    assert outcomes(folder) == outcomes(tmp_path / "whole")
    assert len(outcomes(folder)) == 400


def rows_in(folder: Path) -> int:
    log = folder / ROWS
    return log.read_bytes().count(b"\n") if log.exists() else 0
