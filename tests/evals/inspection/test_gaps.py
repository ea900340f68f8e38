"""What was not seen is said, with the step and the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from helmsight.evals.inspection.findings import read_findings


def gaps(folder: Path) -> list[tuple[int | None, str, str]]:
    return [(gap.step, gap.what, gap.why) for gap in read_findings(folder).gaps]


def test_a_view_that_was_refused_is_a_gap_with_the_worlds_own_words(whole: Path) -> None:
    assert (3, 'the look "foil: back"', "no pose in reach shows foil: back") in gaps(whole)


def test_a_refused_picture_is_a_gap_and_a_later_good_one_is_said(whole: Path) -> None:
    step, what, why = gaps(whole)[0]
    assert (step, what) == (2, "the picture of look 2")
    assert why.startswith("the camera's picture is black")
    assert why.endswith("a later one from there was fit to act on")


def test_refused_pictures_in_a_row_are_one_gap(story: Any) -> None:
    told = story(parts=["dish"])
    told.look("dish: bowl", "the picture stands still; the robot holds")
    for _ in range(3):
        told.blind("the picture stands still; the robot holds")
    found = [
        gap for gap in gaps(told.end("error: CameraUnavailable: over")) if "picture of" in gap[1]
    ]
    assert [gap[:2] for gap in found] == [(1, "the picture of look 1")]
    assert "later" not in found[0][2]


def test_a_picture_that_is_dark_in_the_record_is_a_gap_and_shows_nothing(
    story: Any, monkeypatch: Any
) -> None:
    told = story(parts=["dish"])
    told.look("dish: bowl")
    monkeypatch.setattr(told, "frame", lambda: np.zeros((360, 480, 3), np.uint8))
    told.step({"do": "hold"})
    findings = read_findings(told.end("steps"))
    assert findings.coverage[0].shares == {}
    assert any(gap.why == "the picture in the record is dark" for gap in findings.gaps)


def test_a_run_that_was_cut_says_what_is_missing_and_why(story: Any) -> None:
    told = story(parts=["dish", "mast"])
    told.look("dish: bowl")
    told.look("mast: mast")
    found = gaps(told.end("interrupted"))
    assert (1, 'the look "mast: mast"', "the run ended before its picture was recorded") in found
    assert (1, "the rest of the inspection", "the run ended early: interrupted") in found
    assert [gap[1] for gap in found if gap[2].startswith("no usable picture")] == ["mast"]


def test_what_a_person_refused_is_a_gap_in_their_words(story: Any) -> None:
    told = story(parts=["dish"])
    wanted = {"do": "look", "view": "dish: bowl"}
    told.step({"do": "hold"}, wanted=wanted, clamped=["a person refused the command"])
    assert (0, 'the look "dish: bowl"', "a person refused the command") in gaps(told.done())


def test_pictures_that_are_not_in_the_folder_are_a_gap(story: Any) -> None:
    told = story(parts=["dish"], frames=False)
    told.look("dish: bowl")
    assert "its frame is not in the run folder" in [gap[2] for gap in gaps(told.done())]


def test_an_inspection_that_saw_everything_has_no_gap(story: Any) -> None:
    told = story(parts=["dish"])
    told.look("dish: bowl")
    told.report("dish", "sound", 0.9, 1)
    assert gaps(told.done()) == []
