"""`helmsight cockpit`: the twin in a window, flown by hand."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from envs.orbital.cockpit.program import Reports
    from envs.orbital.cockpit.seat import Stretch
    from tools.records import StepRecord

EXAMPLES = """Examples:

helmsight cockpit

helmsight cockpit pe1_e3_i3 --seed 4 --record

helmsight cockpit --report - | jq .range

Keys, as in KSP: H N forward and backward, J L left and right, I K down and up, R RCS, T SAS.
Shift held: fine control. Space pause, F5 from the start, F1 help, Esc end.
"""
PILOT = "person"


def command(
    scenario: Annotated[
        str, typer.Argument(help="Scenario (helmsight list scenarios).")
    ] = "PE1-E1-I2",
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, help="0 is the nominal start; others perturb it.")
    ] = 0,
    scale: Annotated[
        float, typer.Option(min=0.25, max=4.0, help="Size of the window; 1 shows 1280x720.")
    ] = 1.0,
    rate: Annotated[
        float, typer.Option(min=0.05, max=20.0, help="World seconds a wall second.")
    ] = 1.0,
    no_help_overlay: Annotated[
        bool, typer.Option("--no-help-overlay", help="Do not begin with the keys in the picture.")
    ] = False,
    record: Annotated[bool, typer.Option("--record", help="Record every flight.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the first recorded flight; default: a new one under runs/."),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(help="Write the referee's account there as JSON lines; - is stdout."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON on stdout for every flight.")
    ] = False,
) -> None:
    """Fly SCENARIO by hand, in a window, by the wall clock."""
    from envs.orbital.cockpit.program import fly_by_hand
    from envs.orbital.cockpit.seat import Seat
    from envs.orbital.scenarios import find_scenario

    found = find_scenario(scenario)
    writer = _Writer(out) if record or out is not None else None
    log = _Log(found.name, writer)

    def ended(last: dict[str, Any]) -> None:
        summary = log.end(last)
        if as_json or report != "-":
            _show(summary, as_json=as_json)

    seat = Seat(found, seed, rate, on_stretch=log.stretch, on_end=ended)
    try:
        fly_by_hand(
            seat,
            scale=scale,
            help_shown=not no_help_overlay,
            reports=_reports(report),
        )
    except KeyboardInterrupt:
        seat.leave()
        raise
    finally:
        if writer is not None:
            writer.close()


def _reports(target: str | None) -> Reports | None:
    from envs.orbital.cockpit.program import Reports

    if target is None:
        return None
    if target == "-":
        return Reports(sys.stdout)
    try:
        return Reports(Path(target).open("w", encoding="utf-8"))
    except OSError as error:
        raise InvalidSetting(f"--report {target}: {error}; give a file or pipe to write") from None


def _show(summary: dict[str, Any], *, as_json: bool) -> None:
    from helmsight.cli.fly import json_line
    from helmsight.console import summary_lines

    print(json_line(summary) if as_json else "\n".join(summary_lines(summary)), flush=True)


class _Log:
    """The flights of a seat as records, and each one's summary."""

    def __init__(self, scenario: str, writer: _Writer | None) -> None:
        self._scenario, self._writer = scenario, writer
        self._records: list[StepRecord] = []
        self._first: dict[str, Any] = {}
        self._run, self._began = 0, time.perf_counter()

    def stretch(self, flown: Stretch) -> None:
        """Take half a second of flight."""
        if flown.before["run"] != self._run:
            self._begin(flown)
        record = _record(len(self._records), flown)
        self._records.append(record)
        if self._writer is not None:
            self._writer.put(lambda writer: writer.step(record, flown))

    def end(self, last: dict[str, Any]) -> dict[str, Any]:
        """Return the summary of the flight whose last report this is."""
        from agents.memory import summarise

        if last["run"] != self._run:  # not a step was flown
            self._records, self._first, self._run = [], last, last["run"]
            self._began = time.perf_counter()
        reason = "captured" if last["captured"] else "timeout" if last["over"] else "interrupted"
        summary = {"scenario": self._scenario, "pilot": PILOT, "seed": last["seed"]}
        summary |= summarise(self._records, self._first, last)
        for key in ("think_ms_p50", "think_ms_p95"):  # nobody knows how long a person thought
            summary[key] = None
        summary |= {"wall_s": time.perf_counter() - self._began, "reason": reason}
        if self._writer is not None and self._records:
            self._writer.put(lambda writer: writer.finish(reason, dict(summary)))
        return summary

    def _begin(self, flown: Stretch) -> None:
        self._records, self._first = [], flown.before
        self._run, self._began = flown.before["run"], time.perf_counter()
        if self._writer is not None:
            self._writer.put(lambda writer: writer.begin(flown))


class _Writer:
    """Run folders, written in a thread: encoding a picture must not stop the window."""

    def __init__(self, out: Path | None) -> None:
        from tools.recorder import Recorder

        self._make, self._out = Recorder, out
        self._recorder: Recorder | None = None
        self._failure: Exception | None = None
        self._jobs: queue.SimpleQueue[Callable[[_Writer], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="recording")
        self._thread.start()

    def put(self, job: Callable[[_Writer], None]) -> None:
        """Have `job` done in turn. Raises what went wrong with an earlier one."""
        if self._failure is not None:
            raise self._failure
        self._jobs.put(job)

    def close(self) -> None:
        """Write what is waiting. Raises what went wrong."""
        self._jobs.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def begin(self, flown: Stretch) -> None:
        """Begin a run folder."""
        from agents.memory import versions
        from helmsight.session import run_folder
        from tools.records import RunSpec

        seed = flown.before["seed"]
        folder, self._out = self._out or run_folder(flown.scenario.name, PILOT, seed), None
        self._recorder = self._make(folder)
        self._recorder.start(
            RunSpec(
                environment=flown.scenario.environment_id,
                pilot=PILOT,
                seed=seed,
                options={"observation": "frame", "time": "realtime"},
                versions=versions(),
            )
        )
        print(f"recording: {folder}", file=sys.stderr)

    def step(self, record: StepRecord, flown: Stretch) -> None:
        """Write half a second of flight."""
        from envs.orbital.cockpit.picture import render

        if self._recorder is not None:
            self._recorder.step(record, render(flown.state))

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """End the run folder."""
        if self._recorder is not None:
            self._recorder.finish(reason, summary)
            self._recorder = None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job(self)
            except Exception as error:  # raised again by whoever asks for more
                self._failure = error
                return


def _record(index: int, flown: Stretch) -> StepRecord:
    """Return half a second of flight as the record of a step: a person wants what is applied."""
    from agents.memory import measures
    from tools.records import StepRecord

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
        measures=measures(flown.before),
        lag=0.0,
    )
