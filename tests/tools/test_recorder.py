from __future__ import annotations

import errno
import json
import math
import random
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import SchemaTooNew
from helmsight.contract.record import SCHEMA, RunSpec, StepRecord, plain
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.errors import RecordingWarning, RunFolderUnusable
from helmsight.tools.folder import BEGUN, read_begun
from helmsight.tools.frames import whole_frames
from helmsight.tools.page import render
from helmsight.tools.player import first_difference, load_run
from helmsight.tools.recorder import Recorder
from helmsight.tools.video import VideoWriter

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.slow
@given(
    options=st.dictionaries(st.text(), JSON, max_size=3),
    seed=st.integers(min_value=0),
    steps=st.none() | st.integers(),
)
def test_a_spec_survives_json(options, seed, steps):
    spec = RunSpec("some/Env-v0", "a pilot", seed, options, max_steps=steps, operator=options)
    assert RunSpec.from_json(spec.to_json()) == spec


@given(raw=st.text(), stamp=st.floats(0, 1e6), clamped=st.lists(st.text(), max_size=3))
def test_a_record_survives_its_line(raw, stamp, clamped):
    step = StepRecord(
        0, stamp, 1.0, 2.0, 3.0, "hash", raw, None, {"forward": 1.0}, {"local": 1}, clamped,
        True, ["left of"], {"range": 2.0, "telemetry": [1.0, 2.0]}, 0.5,
    )  # fmt: skip
    line = step.to_json()
    assert "\n" not in line
    assert StepRecord.from_json(line) == step


def test_times_are_grouped_in_a_line(record):
    data = json.loads(record(0).to_json())
    assert set(data["times"]) == {"sense_ms", "think_ms", "act_ms", "lag"}
    assert not set(data["times"]) & set(data)


def test_plain_turns_numpy_and_what_is_not_finite_into_json():
    value = {"a": np.float64(1.5), "b": np.arange(2), "c": (np.inf, math.nan), 4: np.bool_(True)}
    assert plain(value) == {"a": 1.5, "b": [0, 1], "c": [None, None], "4": True}


@pytest.mark.slow
def test_a_finished_run_has_every_part(fly):
    folder = fly(video=True, page=True)
    for name in ("run.json", "steps.jsonl", "frames.h264", "video.mp4", "index.html"):
        assert (folder / name).stat().st_size > 0, name
    assert {path.stem for path in (folder / "plots").iterdir()} >= {"range", "speed", "trajectory"}
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["reason"] == "captured"
    assert summary["recording"] == {
        "frames": 6, "frames_quantiser": 0, "video_frames": 6, "problems": {},
    }  # fmt: skip


def test_parts_that_are_not_wanted_are_not_written(fly):
    folder = fly(frames=False)
    assert {path.name for path in folder.iterdir()} == {"run.json", "steps.jsonl", "summary.json"}


@pytest.mark.slow
def test_a_run_without_frames_writes_no_pictures(tmp_path, spec, record):
    recorder = Recorder(tmp_path / "run")
    recorder.start(spec())
    recorder.step(record(0), None)
    recorder.finish("steps", {})
    assert not (tmp_path / "run" / "video.mp4").exists()
    assert not (tmp_path / "run" / "frames.h264").exists()
    assert (tmp_path / "run" / "index.html").exists()


def test_a_recorder_that_nobody_finishes_writes_what_it_was_given(fly):
    folder = fly(steps=5, finish=False, video=True)
    run = load_run(folder)
    assert len(run.records) == 5
    assert run.summary is None
    assert len(list(run.frames())) == 5


def test_pictures_that_are_wanted_have_their_files_from_the_start(tmp_path, spec, record):
    recorder = Recorder(tmp_path / "run", page=False)
    recorder.start(spec())
    assert (tmp_path / "run" / "frames.h264").is_file()
    assert (tmp_path / "run" / "video.mp4").is_file()
    assert list(load_run(tmp_path / "run").frames()) == []
    recorder.finish("interrupted", {})
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "run.json", "steps.jsonl", "summary.json",
    }  # fmt: skip


def test_a_step_that_begins_is_on_disk_after_all_that_were_taken(tmp_path, spec, record):
    recorder = Recorder(tmp_path / "run", video=False, frames=False, page=False)
    recorder.start(spec())
    for index in range(3):
        recorder.begins(record(index))
        assert len(load_run(tmp_path / "run").records) == index
        assert read_begun(tmp_path / "run") == record(index)
        recorder.step(record(index), None)
    recorder.begins(record(3))
    recorder.finish("interrupted", {})
    assert read_begun(tmp_path / "run") == record(3)
    again = Recorder.resume(tmp_path / "run", video=False, frames=False, page=False)
    again.start(spec())
    again.step(record(3), None)
    again.finish("done", {})
    assert read_begun(tmp_path / "run") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": 99}', "\udce4"])
def test_what_does_not_say_which_step_was_under_way_is_refused(tmp_path, text):
    (tmp_path / BEGUN).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises((RunFolderUnusable, SchemaTooNew), match=r"begun\.json"):
        read_begun(tmp_path)


def test_a_second_finish_changes_nothing(tmp_path, spec):
    recorder = Recorder(tmp_path / "run", page=False)
    recorder.start(spec())
    recorder.finish("interrupted", {})
    recorder.finish("captured", {})
    assert load_run(tmp_path / "run").reason == "interrupted"


def test_a_folder_that_holds_a_run_is_refused(fly, spec):
    folder = fly()
    with pytest.raises(RunFolderUnusable, match="already holds a run"):
        Recorder(folder).start(spec())


def test_a_folder_that_cannot_be_made_is_refused(tmp_path, spec):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderUnusable, match="--out"):
        Recorder(tmp_path / "file" / "run").start(spec())


def test_a_start_that_fails_leaves_no_run_behind(tmp_path, spec, monkeypatch):
    def full(*args: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("helmsight.tools.recorder.os.urandom", full)
    with pytest.raises(RunFolderUnusable, match="No space left"):
        Recorder(tmp_path / "run").start(spec())
    assert list((tmp_path / "run").iterdir()) == []


def _fills_up(monkeypatch: pytest.MonkeyPatch, name: str, after: int) -> None:
    """Let writes to files called `name` fail half-way through a piece once `after` are written."""
    whole = AppendOnly._write
    written = 0

    def write(self: AppendOnly, data: bytes) -> None:
        nonlocal written
        if Path(self._file.name).name == name:
            written += 1
            if written > after:
                whole(self, data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
        whole(self, data)

    monkeypatch.setattr(AppendOnly, "_write", write)


@pytest.mark.parametrize("name", ["steps.jsonl", "frames.h264"])
def test_a_full_disk_stops_one_part_and_leaves_it_whole(name, fly, monkeypatch):
    _fills_up(monkeypatch, name, after=3)
    with pytest.warns(RecordingWarning, match="No space left") as caught:
        folder = fly(steps=6, wait=True)
    assert len(caught) == 1
    run = load_run(folder)
    part = "steps" if name == "steps.jsonl" else "frames"
    assert run.notes == ()
    assert len(run.records) == (3 if part == "steps" else 6)
    assert len(list(run.frames())) == 3
    assert run.summary is not None
    assert "No space left" in run.summary["recording"]["problems"][part]
    assert f"Recording of {part} stopped" in render(run.spec, run.records, run.summary, {})


def test_a_full_disk_costs_the_pictures_and_no_step(fly, monkeypatch):
    whole = AppendOnly._write

    def write(self: AppendOnly, data: bytes) -> None:
        path = Path(self._file.name)
        if path.name == "frames.h264" and path.exists() and path.stat().st_size:
            raise OSError(errno.ENOSPC, "No space left on device")
        third = path.name == "steps.jsonl" and b'"index":3,' in data
        if third and (path.parent / ".reserve").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(self, data)

    monkeypatch.setattr(AppendOnly, "_write", write)
    with pytest.warns(RecordingWarning) as caught:
        folder = fly(video=True, wait=True)
    assert len(caught) == 1
    run = load_run(folder)
    assert len(run.records) == 6
    assert len(list(run.frames())) == 1
    assert run.summary is not None
    assert set(run.summary["recording"]["problems"]) == {"frames", "video"}
    assert not (folder / ".reserve").exists()


def test_a_broken_encoder_costs_the_video_only(fly, monkeypatch):
    def broken(self: VideoWriter, frame: object) -> None:
        raise RuntimeError("no such encoder")

    monkeypatch.setattr(VideoWriter, "add", broken)
    with pytest.warns(RecordingWarning, match="video stopped") as caught:
        folder = fly(video=True)
    assert len(caught) == 1
    assert len(load_run(folder).records) == 6


def test_a_page_that_cannot_be_drawn_does_not_cost_the_summary(fly, monkeypatch):
    def broken(*args: object) -> None:
        raise ImportError("no matplotlib")

    monkeypatch.setattr("helmsight.tools.page.draw", broken)
    with pytest.warns(RecordingWarning, match="page stopped"):
        folder = fly(page=True)
    run = load_run(folder)
    assert run.reason == "captured"
    assert run.summary is not None
    assert "page" in run.summary["recording"]["problems"]


def check_pictures(folder, frame, at_least=0):
    """Every recorded frame is that of its step, and none is there without its step."""
    run = load_run(folder)
    back = list(run.frames())
    assert len(run.records) >= len(back) >= at_least
    assert (whole_frames(folder / "frames.h264") or (0, 0))[0] == len(back)
    assert all(np.array_equal(picture, frame(index)) for index, picture in enumerate(back))


def film_length(folder):
    with av.open(str(folder / "video.mp4")) as container:
        return sum(1 for _ in container.decode(video=0))


def go_on(folder, record, frame, steps, start=0, **parts):
    """Go on with a run up to `steps` steps, showing it again those from `start` on."""
    recorder = Recorder.resume(folder, **parts)
    past = list(recorder.records)
    assert recorder.spec is not None
    recorder.start(recorder.spec)
    for index in range(start, len(past)):
        recorder.again(past[index], frame(index))
    for index in range(len(past), steps):
        recorder.step(record(index), frame(index))
    recorder.finish("steps", {})
    return recorder


@pytest.mark.slow
def test_a_run_goes_on_as_if_it_had_not_stopped(fly, record, frame):
    whole = fly("whole", steps=9, video=True, page=True)
    folder = fly(steps=5, finish=False, video=True)
    recorder = go_on(folder, record, frame, 9)
    assert [step.index for step in recorder.records] == list(range(9))
    assert first_difference(whole, folder) is None
    check_pictures(folder, frame, at_least=9)
    assert film_length(folder) == 9
    assert {path.name for path in folder.iterdir()} == {path.name for path in whole.iterdir()}
    summary = load_run(folder).summary
    assert summary is not None
    assert summary["recording"]["frames"] == 9


@pytest.mark.parametrize("cut", [1, 40, 700])
def test_a_cut_off_line_is_dropped_and_flown_again(fly, record, frame, cut):
    whole = fly("whole", steps=6)
    folder = fly(steps=5, finish=False)
    log = folder / "steps.jsonl"
    log.write_bytes(log.read_bytes()[:-cut])
    assert len(Recorder.resume(folder).records) == 4
    go_on(folder, record, frame, 6, video=False, page=False)
    assert first_difference(whole, folder) is None
    check_pictures(folder, frame, at_least=6)


def test_frames_that_were_not_drawn_are_drawn_when_the_run_goes_on(fly, record, frame):
    folder = fly(steps=5, finish=False)
    frames = folder / "frames.h264"
    two = whole_frames(frames, 2)
    assert two is not None
    frames.write_bytes(frames.read_bytes()[: two[1] + 7])
    go_on(folder, record, frame, 7, video=False, page=False)
    check_pictures(folder, frame, at_least=7)
    assert len(load_run(folder).records) == 7


def test_frames_that_are_not_shown_again_are_missed_and_none_is_put_in_their_place(
    fly, record, frame
):
    folder = fly(steps=5, finish=False)
    (folder / "frames.h264").unlink()
    with pytest.warns(RecordingWarning, match="frames stopped after 6 steps .*0 frames"):
        go_on(folder, record, frame, 7, start=5, video=False, page=False)
    assert list(load_run(folder).frames()) == []
    assert len(load_run(folder).records) == 7


def test_a_run_that_was_interrupted_loses_its_summary_when_it_goes_on(fly, spec):
    folder = fly()
    recorder = Recorder.resume(folder, video=False, page=False)
    assert recorder.spec == spec()
    assert load_run(folder).summary is not None
    recorder.start(spec())
    assert load_run(folder).summary is None


def test_a_run_that_goes_on_keeps_its_spec_and_takes_the_new_limit_of_steps(fly, spec):
    folder = fly()
    recorder = Recorder.resume(folder, video=False, page=False)
    recorder.start(spec(max_steps=50, versions={"helmsight": "9"}))
    assert load_run(folder).spec == spec(max_steps=50)


def test_a_log_of_a_newer_version_is_not_cut(fly):
    folder = fly(finish=False)
    log = (folder / "steps.jsonl").read_text().replace(f'"schema":{SCHEMA}', '"schema":99')
    (folder / "steps.jsonl").write_text(log)
    with pytest.raises(SchemaTooNew, match=r"line 1 of .*steps.jsonl is of schema 99"):
        Recorder.resume(folder)
    assert (folder / "steps.jsonl").read_text() == log


def test_there_must_be_a_run_to_go_on_with_and_it_must_be_that_one(fly, tmp_path, spec):
    with pytest.raises(RunFolderUnusable, match="holds no run to go on with"):
        Recorder.resume(tmp_path)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(RunFolderUnusable, match="holds no run to go on with"):
        Recorder.resume(tmp_path)
    recorder = Recorder.resume(fly())
    with pytest.raises(RunFolderUnusable, match="seed is 4 and was 3"):
        recorder.start(spec(seed=4))


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is kept out there")
def test_a_run_that_is_being_recorded_is_not_gone_on_with(tmp_path, spec, record):
    recorder = Recorder(tmp_path / "run", frames=False, video=False, page=False)
    recorder.start(spec())
    other = Recorder.resume(tmp_path / "run")
    with pytest.raises(RunFolderUnusable, match="being recorded by another process"):
        other.start(spec())
    late = Recorder.resume(tmp_path / "run")
    recorder.step(record(0), None)
    recorder.finish("steps", {})
    with pytest.raises(RunFolderUnusable, match="being recorded by another process"):
        late.start(spec())


@pytest.fixture
def process(tmp_path):
    """Return a function that flies to step `steps` in a process and calls `then` with that.

    It is called when the process has said so many lines: one at the beginning, one for each step
    that is new, and one at the end.
    """

    def started(folder, steps, lines, then):
        command = [sys.executable, str(Path(__file__).with_name("flight.py")), str(folder)]
        with subprocess.Popen(
            [*command, str(steps)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as flight:
            assert flight.stdout is not None
            assert flight.stderr is not None
            said = [flight.stdout.readline() for _ in range(lines)]
            then(flight)
            said += flight.stdout.readlines()
            err = flight.stderr.read()
        return said, err, flight.returncode

    return started


@pytest.mark.slow
@pytest.mark.uncounted
def test_a_run_that_is_killed_again_and_again_becomes_the_whole_run(process, fly, frame, tmp_path):
    whole, folder, steps = fly("whole", steps=60), tmp_path / "killed", 60
    flown = 0
    while flown < steps:
        process(folder, steps, random.randint(1, 16), lambda flight: flight.kill())
        log = (folder / "steps.jsonl").read_bytes()
        run = load_run(folder)
        assert len(run.records) == log.count(b"\n") >= flown  # whole lines, and as many as before
        check_pictures(folder, frame)
        flown = len(run.records)
    out, err, status = process(folder, steps, 0, lambda flight: None)
    assert (out[-1], err, status) == ("ended\n", "", 0)
    assert first_difference(whole, folder) is None
    check_pictures(folder, frame, at_least=60)
    assert film_length(folder) == 60


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2, 5])
def test_ctrl_c_leaves_every_step_and_a_readable_folder(process, frame, tmp_path, times):
    def press(flight):
        for _ in range(times):
            flight.send_signal(signal.SIGINT)

    said, err, status = process(tmp_path / "run", 100_000, random.randint(2, 60), press)
    run = load_run(tmp_path / "run")
    given = sum(line.strip().isdigit() for line in said)
    assert len(run.records) - given in (0, 1)  # a step may have been given and not said
    check_pictures(tmp_path / "run", frame)
    if times == 1:
        assert (said[-1], err, status) == ("ended\n", "", 0)
        assert run.summary is not None
        assert run.summary["reason"] == "interrupted"
        assert run.summary["steps"] == len(run.records)
        check_pictures(tmp_path / "run", frame, at_least=len(run.records))
