from __future__ import annotations

import json

import pytest

from helmsight.tools.errors import RunUnreadable
from helmsight.tools.player import first_difference, live_line, load_run, play, same_steps


def test_a_run_is_read_back_as_it_was_written(fly, spec, record):
    run = load_run(fly(steps=4))
    assert run.spec == spec()
    assert run.records == [record(index) for index in range(4)]
    assert run.reason == "captured"
    assert run.notes == ()


@pytest.mark.parametrize("kept", [1, 40, -2])
def test_a_truncated_last_line_is_left_out(fly, kept):
    folder = fly(steps=3, finish=False)
    lines = (folder / "steps.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "steps.jsonl").write_bytes(b"".join(lines[:2]) + lines[2][:kept])
    run = load_run(folder)
    assert [record.index for record in run.records] == [0, 1]
    assert len(list(run.frames())) == 2
    assert "line 3" in run.notes[0]
    assert "cut off" in run.reason


def test_a_broken_line_in_the_middle_is_an_error(fly):
    folder = fly(steps=3)
    lines = (folder / "steps.jsonl").read_text().splitlines()
    (folder / "steps.jsonl").write_text("\n".join([lines[0], "{", lines[2]]))
    with pytest.raises(RunUnreadable, match="line 2"):
        load_run(folder)


def test_a_folder_without_a_run_is_an_error_with_what_to_do(tmp_path):
    with pytest.raises(RunUnreadable, match="helmsight fly"):
        load_run(tmp_path / "nowhere")
    (tmp_path / "run.json").write_text('{"colour": 1}')
    with pytest.raises(RunUnreadable, match="not the spec"):
        load_run(tmp_path)


def test_a_damaged_summary_and_missing_steps_are_noted(fly):
    folder = fly()
    (folder / "summary.json").write_text("{")
    (folder / "steps.jsonl").unlink()
    run = load_run(folder)
    assert (run.records, run.summary) == ([], None)
    assert len(run.notes) == 2


def test_playing_waits_as_long_as_the_world_took(fly):
    run = load_run(fly(steps=3))
    waits: list[float] = []
    assert list(play(run, speed=5, sleep=waits.append)) == run.records
    assert waits == pytest.approx([0.1, 0.1])


def test_speed_zero_plays_without_waiting_and_less_is_refused(fly):
    run = load_run(fly(steps=3))
    waits: list[float] = []
    assert len(list(play(run, speed=0, sleep=waits.append))) == 3
    assert waits == []
    with pytest.raises(ValueError, match="speed"):
        list(play(run, speed=-1))


def test_a_live_line_tells_the_step(record, spec):
    line = live_line(record(2, repairs={"reask": 1}, late=True), spec().task)
    assert "980.0 m" in line
    assert "forward +0.50" in line
    assert "  [reask, late]  range" in line


def test_runs_that_differ_in_times_alone_are_the_same(fly):
    one = fly("one")
    other = fly("other", change=lambda index: {"think_ms": 99.0, "lag": 1.0})
    assert same_steps(one, other)
    assert first_difference(one, other) is None


def test_the_first_difference_is_named(fly):
    one, shorter = fly("one"), fly("shorter", steps=4)
    other = fly("other", change=lambda index: {"raw": "?"} if index >= 2 else {})
    assert first_difference(one, other) == "step 2 differs in raw"
    assert "has 4" in str(first_difference(one, shorter))
    assert not same_steps(one, shorter)


def test_lines_of_a_run_are_plain_json(fly):
    text = (fly() / "steps.jsonl").read_text(encoding="utf-8")
    assert all(json.loads(line)["index"] == i for i, line in enumerate(text.splitlines()))
