"""A person's flights as run folders, without a window: a seat, and a clock that is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helmsight.byhand import FlightLog, RunWriter
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.seat import Seat, Stretch
from helmsight.envs.orbital.scenarios import find_pursuit, find_scenario
from helmsight.envs.orbital.stepping import step_code
from helmsight.tools.errors import RunFolderUnusable
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder

SCENARIO = find_pursuit("PE1-E1-I1")


class Flown:
    """A seat whose flights are written, what was shown in each stretch, and the summaries."""

    def __init__(self, out: Path) -> None:
        self.writer = RunWriter(out)
        self.stretches: list[Stretch] = []
        self.summaries: list[dict[str, Any]] = []
        self._log = FlightLog(SCENARIO, self.writer)
        self.seat = Seat(SCENARIO, 3, on_stretch=self._stretch, on_end=self._end)
        self._now = 0.0

    def hold(self, key: str, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            self.seat.advance(self._now, [key])
            self._now += 0.1

    def _stretch(self, stretch: Stretch) -> None:
        self.stretches.append(stretch)
        self._log.stretch(stretch)

    def _end(self, last: dict[str, Any]) -> None:
        self.summaries.append(self._log.end(last))


@pytest.fixture
def fly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Flown]:
    monkeypatch.chdir(tmp_path)
    return lambda: Flown(tmp_path / "first")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["LBG1-LG1-I1"])
def test_flights_of_every_family_become_runs_with_its_own_figures(
    tmp_path: Path, name: str
) -> None:
    scenario = find_scenario(name)
    log = FlightLog(scenario, RunWriter(tmp_path / "run"))
    seat = Seat(scenario, on_stretch=log.stretch, on_end=lambda last: told.append(log.end(last)))
    told: list[dict[str, Any]] = []
    for tenth in range(14):
        seat.advance(0.1 * tenth, ["h"])
    seat.leave()
    assert log._writer is not None
    log._writer.close()
    run = load_run(tmp_path / "run")
    assert run.spec.versions["twin step"] == step_code()
    assert told[0].keys() >= {term.name for term in seat.outcome.terms} | {"score"}
    assert {measure.name for measure in seat.family.told(scenario.name, Layout()).measures} >= {
        *run.records[0].measures
    }
    assert run.spec.task.outcome == seat.outcome
    np.testing.assert_array_equal(next(iter(run.frames())).shape, (720, 1280, 3))


@pytest.mark.slow
def test_every_flight_becomes_a_run_with_its_pictures(
    fly: Callable[[], Flown], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flown = fly()
    flown.hold("h", 2.2)
    flown.seat.restart(4)
    flown.hold("k", 1.2)
    flown.seat.leave()
    flown.writer.close()
    (second,) = (tmp_path / "runs").iterdir()
    assert capsys.readouterr().err.splitlines() == [
        f"recording: {tmp_path / 'first'}",
        f"recording: {second.relative_to(tmp_path)}",
    ]
    runs = [load_run(tmp_path / "first"), load_run(second)]
    assert [run.spec.seed for run in runs] == [3, 4]
    assert [len(run.records) for run in runs] == [summary["steps"] for summary in flown.summaries]
    assert sum(len(run.records) for run in runs) == len(flown.stretches)
    pictures = [picture for run in runs for picture in run.frames()]
    for picture, stretch in zip(pictures, flown.stretches, strict=True):
        assert np.array_equal(picture, render(stretch.state))
    for run in runs:
        assert run.reason == "interrupted"
        assert {"video.mp4", "index.html"} <= {path.name for path in run.folder.iterdir()}


@pytest.mark.slow
def test_the_next_flight_does_not_wait_for_the_page_of_the_last(
    fly: Callable[[], Flown], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, finish = threading.Event(), Recorder.finish

    def wait(self: Recorder, reason: str, summary: dict[str, Any]) -> None:
        gate.wait()
        finish(self, reason, summary)

    monkeypatch.setattr(Recorder, "finish", wait)
    flown = fly()
    flown.hold("h", 0.6)
    flown.seat.restart(3)
    flown.hold("h", 0.6)
    flown.seat.leave()
    assert load_run(tmp_path / "first").summary is None
    gate.set()
    flown.writer.close()
    assert load_run(tmp_path / "first").reason == "interrupted"


def test_a_folder_that_cannot_be_used_ends_the_flight(
    fly: Callable[[], Flown], tmp_path: Path
) -> None:
    (tmp_path / "first").write_text("")
    flown = fly()
    with pytest.raises(RunFolderUnusable, match="--out"):
        flown.hold("h", 0.6)
    flown.writer.close()


def test_what_goes_wrong_at_the_end_of_a_flight_is_raised(
    fly: Callable[[], Flown], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Recorder, reason: str, summary: dict[str, Any]) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Recorder, "finish", broken)
    flown = fly()
    flown.hold("h", 0.6)
    flown.seat.leave()
    with pytest.raises(ZeroDivisionError):
        flown.writer.close()
