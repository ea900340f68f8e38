"""The files of a report: complete, self-contained, made again from the run folder alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from helmsight.evals.inspection.data import SCHEMA
from helmsight.evals.inspection.findings import read_findings
from helmsight.evals.inspection.paper import paper
from helmsight.evals.inspection.report import Report, write_report
from helmsight.evals.inspection.words import WHERE, percent, verdict, what_next

ROOT = Path(__file__).parents[3]


def data(report: Report) -> Any:
    return json.loads(report.data.read_text(encoding="utf-8"))


def test_a_report_is_data_words_a_page_and_a_paper(reported: Report) -> None:
    for path in (reported.data, reported.page, reported.paper, reported.debrief):
        assert path.stat().st_size > 500
    assert reported.paper.read_bytes().startswith(b"%PDF-")
    assert list(reported.data.parent.glob("*.tmp")) == []


def test_the_data_tell_parts_with_evidence_that_is_there(reported: Report) -> None:
    told = data(reported)
    assert told["schema"] == SCHEMA
    dish = told["parts"][0]
    assert (dish["part"], dish["defect"], dish["view"]) == ("dish", "dent", 1)
    crop = reported.data.parent / dish["evidence"]["crop"]
    assert crop.read_bytes().startswith(b"\xff\xd8")
    assert told["truth"]["f1"] == 1.0
    assert len(told["looks"]) == 4


@pytest.mark.slow
def test_every_field_of_the_data_is_documented(reported: Report) -> None:
    text = (ROOT / "docs" / "inspect.md").read_text(encoding="utf-8")
    told = data(reported)
    fields = {*told, *told["parts"][0], *told["looks"][0], *told["coverage"][0], *told["times_s"]}
    assert {field for field in fields if f"`{field}`" not in text} == set()


def test_the_page_needs_nothing_else(reported: Report) -> None:
    page = reported.page.read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!data:|#)([^"]*)"', page) == []
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", page)
    assert page.count("data:image/jpeg") >= 4
    assert "@media print" in page
    assert "prefers-color-scheme: dark" in page


def test_the_page_says_the_verdict_before_anything_else(reported: Report) -> None:
    page, title = reported.page.read_text(encoding="utf-8"), verdict(reported.findings).title
    assert title == "1 defect reported, inspection incomplete"
    assert page.index(f"<h2>{title}") < page.index("Parts, the most urgent first")


def test_words_of_a_model_are_words_on_the_page(reported: Report) -> None:
    page = reported.page.read_text(encoding="utf-8")
    assert "&lt;b&gt;along&lt;/b&gt;" in page
    assert "<b>along</b>" not in page


@pytest.mark.slow
@pytest.mark.parametrize(
    "why", ["", "\u6b20\u3051\u305f \U0001f6f0 \u2265 90 %", "x" * 300, "a\x00b\x1ec"]
)
def test_whatever_words_there_are_the_paper_can_be_written(story: Any, why: str) -> None:
    told = story(parts=["dish"], frames=False)
    told.report("dish", "dent", 0.9, None, why)
    assert paper(read_findings(told.done())).startswith(b"%PDF-")


@pytest.mark.slow
def test_a_report_of_a_run_that_was_killed_shows_the_gap(story: Any) -> None:
    told = story()
    told.look("dish: bowl")
    told.look("mast: mast")
    report = write_report(told.cut())
    page = report.page.read_text(encoding="utf-8")
    assert "the run ended early" in page
    assert "not reported" in page


@pytest.mark.slow
def test_a_run_without_a_step_or_a_picture_has_a_report(story: Any) -> None:
    report = write_report(story(frames=False).end("error: LinkLost: nobody answers"))
    assert "LinkLost" in report.page.read_text(encoding="utf-8")
    assert data(report)["parts"][0]["state"] == "not reported"


@pytest.mark.slow
def test_a_report_that_is_made_again_takes_the_place_of_the_old_one(whole: Path) -> None:
    for name in ("inspection.json", "inspection.pdf"):
        (whole / name).write_text("old", encoding="utf-8")
    report = write_report(whole)
    assert data(report)["ended"] == "inspected"
    assert report.paper.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("state", "sure", "expected"),
    [
        ("dent", 0.9, "by hand: dent"),
        ("dent", 0.5, "Not certain"),
        ("absent", 0.9, "fitted"),
        ("unsure", 0.5, "Cannot be told"),
        ("not seen", 1.0, "not seen"),
        ("sound", 0.9, "Nothing to do."),
        ("sound", 0.5, "without much confidence"),
    ],
)
def test_what_to_do_next_follows_from_state_and_confidence(
    story: Any, state: str, sure: float, expected: str
) -> None:
    told = story(parts=["dish"])
    told.report("dish", state, sure)
    assert expected in what_next(read_findings(told.done()).of("dish"))


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0 %"), (0.934, "93 %"), (0.9961, "over 99 %"), (1.0, "100 %")]
)
def test_what_is_short_of_certain_is_not_said_to_be_certain(share: float, said: str) -> None:
    assert percent(share) == said


def test_where_every_part_is_can_be_told() -> None:
    from helmsight.envs.inspection.parts import PARTS

    assert set(WHERE) == set(PARTS)
