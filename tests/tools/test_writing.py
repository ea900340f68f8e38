"""The two threads of a recording: what waits for what, and what a Ctrl-C costs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helmsight.tools.errors import RecordingWarning
from helmsight.tools.film import Film
from helmsight.tools.frames import FrameWriter
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder
from helmsight.tools.steplog import Step, StepLog, whole_steps
from helmsight.tools.writing import FRAMES_WAITING, Writing

MANY = FRAMES_WAITING + 40  # steps, for which there is no room

Begin = Callable[[], Recorder]
Steps = Callable[[Recorder, int], None]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The encoder draws no frame before this is set."""
    opened, add = threading.Event(), FrameWriter.add

    def wait(self: FrameWriter, frame: Any) -> None:
        opened.wait()
        add(self, frame)

    monkeypatch.setattr(FrameWriter, "add", wait)
    yield opened
    opened.set()


@pytest.fixture
def begin(tmp_path: Path, spec: Any) -> Callable[[], Recorder]:
    """Return a function that begins to record a run."""

    def started() -> Recorder:
        recorder = Recorder(tmp_path / "run", video=False, page=False)
        recorder.start(spec())
        return recorder

    return started


@pytest.fixture
def steps(record: Any, frame: Any) -> Steps:
    """Return a function that records the first steps, `count` of them in all."""

    def recorded(recorder: Recorder, count: int) -> None:
        for index in range(len(recorder.records), count):
            recorder.step(record(index), frame(index))

    return recorded


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def right_frames(folder: Path, frame: Any) -> int:
    """Return how many frames there are; each of them is that of its step."""
    back = list(load_run(folder).frames())
    assert all(np.array_equal(picture, frame(index)) for index, picture in enumerate(back))
    return len(back)


@pytest.mark.slow
def test_no_line_waits_for_a_picture(
    gate: threading.Event, begin: Begin, steps: Steps, frame: Any
) -> None:
    recorder = begin()
    steps(recorder, FRAMES_WAITING)
    recorder._writing._lines.flush()
    assert len(whole_steps(recorder.folder / "steps.jsonl")[0]) == FRAMES_WAITING
    assert right_frames(recorder.folder, frame) == 0
    gate.set()
    recorder.flush()
    assert right_frames(recorder.folder, frame) == FRAMES_WAITING


@pytest.mark.slow
def test_every_picture_waits_for_its_line(
    tmp_path: Path, begin: Begin, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, write = [], Film.write

    def drawn(self: Film, given: list[Step]) -> None:
        lines.append(len(whole_steps(tmp_path / "run" / "steps.jsonl")[0]) - given[0].record.index)
        write(self, given)

    monkeypatch.setattr(Film, "write", drawn)
    recorder = begin()
    steps(recorder, 30)
    recorder.flush()
    assert len(lines) == 30
    assert min(lines) >= 1


@pytest.mark.slow
def test_a_full_queue_blocks_and_says_so_once_and_nothing_is_left_out(
    gate: threading.Event,
    begin: Begin,
    steps: Steps,
    frame: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = []

    def warn(message: str, category: type[Warning], stacklevel: int) -> None:
        told.append((message, category, len(recorder.records)))
        gate.set()  # the flight stands still: now there is room for it

    monkeypatch.setattr("helmsight.tools.writing.PATIENCE_S", 0.0)
    monkeypatch.setattr("warnings.warn", warn)
    recorder = begin()
    steps(recorder, MANY)
    recorder.finish("steps", {})
    ((message, category, count),) = told
    assert "slower than the flight" in message
    assert category is RecordingWarning
    assert count > FRAMES_WAITING
    assert len(load_run(recorder.folder).records) == MANY
    assert right_frames(recorder.folder, frame) == MANY


@pytest.mark.slow
def test_ctrl_c_in_a_step_that_is_blocked_costs_nothing(
    gate: threading.Event,
    begin: Begin,
    steps: Steps,
    frame: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("helmsight.tools.writing.PATIENCE_S", 0.0)
    monkeypatch.setattr("warnings.warn", lambda *args, **settings: press())
    recorder = begin()
    with pytest.raises(KeyboardInterrupt):
        steps(recorder, MANY)
    gate.set()
    recorder.finish("interrupted", {})
    assert len(load_run(recorder.folder).records) == len(recorder.records) > FRAMES_WAITING
    assert right_frames(recorder.folder, frame) == len(recorder.records)


@pytest.fixture
def interrupted(
    gate: threading.Event, begin: Begin, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Recorder]:
    """Return a function that ends a run of 12 steps under so many Ctrl-C and returns its recorder.

    They come while the first of its pictures is drawn.
    """

    def ended(times: int) -> Recorder:
        wait = Writing.wait_for_pictures

        def pressed(self: Writing) -> None:
            monkeypatch.setattr(Writing, "wait_for_pictures", wait)
            for _ in range(times):
                press()
            gate.set()
            wait(self)

        monkeypatch.setattr(Writing, "wait_for_pictures", pressed)
        recorder = begin()
        steps(recorder, 12)
        with pytest.raises(KeyboardInterrupt):
            recorder.finish("steps", {"score": 1.0})
        return recorder

    return ended


def test_ctrl_c_in_the_end_costs_neither_lines_nor_pictures(
    interrupted: Callable[[int], Recorder], frame: Any
) -> None:
    folder = interrupted(1).folder
    assert len(load_run(folder).records) == right_frames(folder, frame) == 12
    assert load_run(folder).summary["recording"]["problems"] == {}


def test_a_second_ctrl_c_in_the_end_gives_up_the_pictures_that_wait(
    interrupted: Callable[[int], Recorder], frame: Any
) -> None:
    with pytest.warns(RecordingWarning, match="given up by Ctrl-C"):
        folder = interrupted(2).folder
    run = load_run(folder)
    assert len(run.records) == 12
    assert right_frames(folder, frame) < 12
    assert run.summary is not None
    assert run.summary["recording"]["frames"] == right_frames(folder, frame)
    assert run.summary["recording"]["problems"] == {"frames": "given up by Ctrl-C"}


def test_a_third_ctrl_c_in_the_end_is_raised_at_once_and_costs_no_line(
    interrupted: Callable[[int], Recorder], gate: threading.Event, frame: Any
) -> None:
    recorder = interrupted(3)
    assert not gate.is_set()
    run = load_run(recorder.folder)
    assert len(run.records) == 12
    assert run.reason == "steps"
    gate.set()
    with pytest.warns(RecordingWarning, match="given up by Ctrl-C"):
        del recorder  # as at exit: what is at work is waited for
    assert right_frames(run.folder, frame) == 1


@pytest.mark.parametrize("bug", [AssertionError("a bug"), SystemExit("a bug")])
@pytest.mark.parametrize(("place", "part"), [(StepLog, "steps"), (Film, "frames")])
def test_a_bug_in_a_thread_is_told_and_the_flight_goes_on(
    place: type, part: str, bug: BaseException, begin: Begin, steps: Steps, monkeypatch: Any
) -> None:
    write = place.write  # type: ignore[attr-defined]

    def broken(self: Any, given: list[Step]) -> None:
        write(self, given)
        if given[-1].record.index == 2:
            raise bug

    monkeypatch.setattr(place, "write", broken)
    recorder = begin()
    steps(recorder, 3)
    recorder.flush()
    with pytest.warns(RecordingWarning, match=rf"{part} stopped after .*a bug"):
        steps(recorder, MANY)
    recorder.finish("steps", {})
    run = load_run(recorder.folder)
    assert run.summary is not None
    assert "a bug" in run.summary["recording"]["problems"][part]
    assert len(run.records) == (3 if part == "steps" else MANY)


def test_what_a_dropped_recorder_could_not_write_is_told(
    begin: Begin, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: FrameWriter, frame: object) -> None:
        raise RuntimeError("no such encoder")

    monkeypatch.setattr(FrameWriter, "add", broken)
    with pytest.warns(RecordingWarning, match="frames stopped .*no such encoder"):
        steps(begin(), 1)
