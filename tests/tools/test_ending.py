"""A run whose process is killed while its end is written: nothing of it is lost for good."""

from __future__ import annotations

import json

import pytest

from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.ending import KILLED, finish
from helmsight.tools.errors import RunFolderUnusable
from helmsight.tools.frames import MARK
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder

ALL = ["frames.h264", "video.mp4", "index.html"]


def kill(folder, left, frames=6):
    """Leave a whole run of six steps as a kill leaves it while the files `left` are written."""
    summary = json.loads((folder / "summary.json").read_text())
    summary["recording"]["unfinished"] = left
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "index.html").unlink(missing_ok=True)
    stream = (folder / "frames.h264").read_bytes()
    pieces = stream.split(MARK)
    (folder / "frames.h264").write_bytes(MARK.join([*pieces[:frames], b""]))


def told(monkeypatch, fly, **parts):
    """Return what the summary on disk says is unfinished each time when it has been written."""
    said = []
    summarise = Recorder._summarise

    def listened(recorder, *given):
        summarise(recorder, *given)
        said.append(load_run(recorder.folder).unfinished)

    monkeypatch.setattr(Recorder, "_summarise", listened)
    fly(**parts)
    return said


def test_a_summary_names_what_is_not_written_yet(monkeypatch, fly):
    assert told(monkeypatch, fly) == [("frames.h264",), ()]


@pytest.mark.slow
def test_a_summary_names_the_page_until_it_is_there(monkeypatch, fly):
    assert told(monkeypatch, fly, video=True, page=True) == [tuple(ALL), ("index.html",), ()]


@pytest.mark.slow
def test_what_is_missing_is_made_and_what_is_gone_is_told(fly):
    folder = fly(video=True, page=True)
    before = load_run(folder).summary or {}
    kill(folder, ALL, frames=4)
    assert "helmsight resume" in load_run(folder).notes[-1]
    run = finish(folder)
    assert run.unfinished == run.notes == ()
    assert run.summary is not None
    assert run.summary["recording"]["frames"] == len(list(run.frames())) == 4
    assert run.summary["recording"]["problems"] == {"frames": KILLED, "video": KILLED}
    assert {**run.summary, "recording": 0} == {**before, "recording": 0}
    assert KILLED in (folder / "index.html").read_text()


@pytest.mark.slow
def test_a_page_alone_is_made_and_all_is_as_before(fly):
    folder = fly(page=True)
    before, page = load_run(folder).summary, (folder / "index.html").read_text()
    kill(folder, ["index.html"])
    assert finish(folder).summary == before
    assert (folder / "index.html").read_text() == page
    assert finish(folder).summary == before  # a second time nothing is left to do


@pytest.mark.parametrize("problems", [7, None, [], {"frames": 1}])
def test_a_summary_of_theirs_is_taken_as_data(fly, problems):
    folder = fly()
    kill(folder, ["frames.h264", 9, "../run.json"])
    summary = json.loads((folder / "summary.json").read_text())
    summary["recording"]["problems"] = problems
    (folder / "summary.json").write_text(json.dumps(summary))
    assert finish(folder).unfinished == ()


def test_nobody_else_goes_on_with_a_run_until_its_end_is_written(fly, monkeypatch):
    refused = []

    def claim(recorder, *given):
        with pytest.raises(RunFolderUnusable, match="another process"):
            finish(recorder.folder)
        refused.append(given)
        summarise(recorder, *given)

    summarise = Recorder._summarise
    monkeypatch.setattr(Recorder, "_summarise", claim)
    folder = fly()
    assert len(refused) == 2
    log = AppendOnly(folder / "steps.jsonl")
    log.claim()  # nobody has it any more
    log.close()
