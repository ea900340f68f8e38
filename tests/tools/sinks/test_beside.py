"""Sinks beside a run: told in order, never at the run's cost; whatever they raise, it goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from helmsight.contract.record import RunSpec, StepRecord
from helmsight.tools.errors import RecordingWarning, RunFolderUnusable
from helmsight.tools.sinks.beside import Beside, new_file


def step(index: int) -> StepRecord:
    return StepRecord(
        index=index, stamp=0.5 * index, sense_ms=1.0, think_ms=40.0, act_ms=8.0, prompt_hash="",
        raw="answer", wanted=None, applied={}, repairs={}, clamped=[], late=False, relations=[],
        measures={}, lag=0.0,
    )  # fmt: skip


class Kept:
    def __init__(self, fails_at: int = -1) -> None:
        self.told: list[object] = []
        self.fails_at = fails_at

    def start(self, spec):
        self.told.append(spec.pilot)

    def step(self, record, frame, ended):
        if record.index == self.fails_at:
            raise OSError("the disk is full")
        self.told.append(record.index)

    def finish(self, reason, summary):
        self.told.append(reason)


def test_what_is_told_comes_in_order_and_is_told_by_the_end():
    sink = Kept()
    beside = Beside(sink, "sink")
    beside.start(RunSpec("world", "naive"))
    for index in range(200):  # more than may wait
        beside.step(step(index), None)
    beside.finish("captured", {})
    assert sink.told == ["naive", *range(200), "captured"]


def test_a_sink_that_fails_says_so_once_and_the_run_goes_on():
    sink = Kept(fails_at=3)
    beside = Beside(sink, "--rerun a.rrd")
    beside.start(RunSpec("world", "naive"))
    for index in range(200):
        beside.step(step(index), None)
    with pytest.warns(RecordingWarning, match=r"--rerun a\.rrd is not whole: OSError: the disk"):
        beside.finish("captured", {})
    assert sink.told == ["naive", 0, 1, 2]


def test_a_step_that_is_being_told_is_not_waited_for():
    goes_on = threading.Event()

    class Slow(Kept):
        def step(self, record, frame, ended):
            goes_on.wait()
            super().step(record, frame, ended)

    sink = Slow()
    beside = Beside(sink, "sink")
    beside.start(RunSpec("world", "naive"))
    beside.step(step(0), None)
    beside.step(step(1), None)
    assert sink.told == ["naive"]
    goes_on.set()
    beside.finish("captured", {})
    assert sink.told == ["naive", 0, 1, "captured"]


def test_nothing_is_written_over(tmp_path: Path):
    (tmp_path / "there").write_text("mine", encoding="utf-8")
    with pytest.raises(RunFolderUnusable, match="is there already"):
        new_file(tmp_path / "there")
    with pytest.raises(RunFolderUnusable, match="is no folder"):
        new_file(tmp_path / "none" / "a.rrd")


@pytest.mark.slow
def test_a_run_that_is_shown_nowhere_imports_none_of_it(tmp_path: Path):
    code = (
        "import sys; from helmsight.cli import main\n"
        "sys.argv = ['helmsight', 'fly', 'PE1-E1-I1', '--pilot', 'naive', '--time', 'paused',"
        " '--observation', 'telemetry', '--steps', '1', '--no-video', '--out', sys.argv[1]]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('rerun', 'opentelemetry')"
        " or name.startswith('helmsight.tools.sinks')])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "run")]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-1] == "[]"
