"""Flights of a person as records, summaries and run folders, like those of any pilot."""

from __future__ import annotations

import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helmsight.contract.record import StepRecord
    from helmsight.contract.task import Task
    from helmsight.envs.orbital.cockpit.seat import Stretch
    from helmsight.envs.orbital.scenarios import AnyScenario
    from helmsight.tools.recorder import Recorder

PILOT = "person"


class FlightLog:
    """The flights of a seat as records, and each one's summary."""

    def __init__(self, scenario: AnyScenario, writer: RunWriter | None) -> None:
        self._scenario, self._writer = scenario.name, writer
        self._task = _task(scenario)
        self._records: list[StepRecord] = []
        self._first: dict[str, Any] = {}
        self._run, self._began = 0, time.perf_counter()

    def stretch(self, flown: Stretch) -> None:
        """Take half a second of flight."""
        if flown.before["run"] != self._run:
            self._begin(flown)
        record = _record(len(self._records), flown, self._task)
        self._records.append(record)
        if self._writer is not None:
            self._writer.step(record, flown)

    def end(self, last: dict[str, Any]) -> dict[str, Any]:
        """Return the summary of the flight whose last report this is."""
        from helmsight.agents.memory import summarise

        outcome = self._task.outcome
        if last["run"] != self._run:  # not a step was flown
            self._records, self._first, self._run = [], last, last["run"]
            self._began = time.perf_counter()
        ended = "timeout" if last["over"] else "interrupted"
        reason = outcome.success if outcome.succeeded(last) else ended
        summary = {"scenario": self._scenario, "pilot": PILOT, "seed": last["seed"]}
        summary["time"] = "realtime"
        summary |= summarise(outcome, self._records, self._first, last)
        for key in ("think_ms_p50", "think_ms_p95"):  # nobody knows how long a person thought
            summary[key] = None
        summary |= {"wall_s": time.perf_counter() - self._began, "reason": reason}
        if self._writer is not None and self._records:
            self._writer.finish(reason, dict(summary))
        return summary

    def _begin(self, flown: Stretch) -> None:
        self._records, self._first = [], flown.before
        self._run, self._began = flown.before["run"], time.perf_counter()
        if self._writer is not None:
            self._writer.begin(flown)


class RunWriter:
    """One run folder for each flight, the first one in `out`.

    The window stands still for the drawing of one picture every half second, and for nothing else:
    pages take seconds and are written in a thread.
    """

    def __init__(self, out: Path | None) -> None:
        import helmsight.agents.memory
        import helmsight.tools.recorder  # noqa: F401  (now, and not when the window is open)

        self._out = out
        self._recorder: Recorder | None = None
        self._ends = ThreadPoolExecutor(1, "run pages")
        self._ended: list[Future[None]] = []

    def begin(self, flown: Stretch) -> None:
        """Begin a run folder; raises RunFolderUnusable."""
        from helmsight.agents.memory import versions
        from helmsight.contract.record import RunSpec
        from helmsight.envs.orbital.stepping import twin_versions
        from helmsight.session import run_folder
        from helmsight.tools.recorder import Recorder

        seed = flown.before["seed"]
        folder, self._out = self._out or run_folder(flown.scenario.name, PILOT, seed), None
        self._recorder = Recorder(folder)
        self._recorder.start(
            RunSpec(
                environment=flown.scenario.environment_id,
                pilot=PILOT,
                seed=seed,
                options={"observation": "frame", "time": "realtime"},
                versions=versions() | twin_versions(),
                task=_task(flown.scenario).description(),
            )
        )
        print(f"recording: {folder}", file=sys.stderr)

    def step(self, record: StepRecord, flown: Stretch) -> None:
        """Record half a second of flight."""
        from helmsight.envs.orbital.cockpit.picture import render

        if self._recorder is not None:
            self._recorder.step(record, render(flown.state))

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """End the run folder."""
        if self._recorder is not None:
            self._ended.append(self._ends.submit(self._recorder.finish, reason, summary))
            self._recorder = None

    def close(self) -> None:
        """Wait until the runs are written. Raises what went wrong."""
        self._ends.shutdown()
        for ended in self._ended:
            ended.result()


def _task(scenario: AnyScenario) -> Task:
    from helmsight.envs.orbital.cockpit.layout import Layout
    from helmsight.envs.orbital.families import FAMILIES

    return FAMILIES[scenario.family].told(scenario.name, Layout())


def _record(index: int, flown: Stretch, task: Task) -> StepRecord:
    """Return half a second of flight as the record of a step: a person wants what is applied."""
    from helmsight.contract.measures import read_measures
    from helmsight.contract.record import StepRecord

    return StepRecord(
        index=index,
        stamp=flown.before["met"],
        sense_ms=0.0,
        think_ms=0.0,
        act_ms=flown.applied["duration"] * 1e3,
        prompt_hash="",
        raw="",
        wanted=dict(flown.applied),
        applied=dict(flown.applied),
        repairs={},
        clamped=[],
        late=False,
        relations=[],
        measures=read_measures(task.name, task.measures, flown.before),
        lag=0.0,
    )
