"""Every sentence of a debrief names steps and frames that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inspection_story import LABELS, Story

from helmsight.envs.inspection.command import FINDINGS
from helmsight.evals.inspection.debrief import NOTHING, Sentence, debrief, references, said
from helmsight.evals.inspection.findings import read_findings
from helmsight.tools.folder import FRAMES


def sentences(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def unfounded(folder: Path) -> list[str]:
    """Return the lines of the debrief of a run that name no step and frame that are there."""
    findings = read_findings(folder)
    steps = {record.index for record in findings.run.records}
    wrong = []
    for line in sentences(debrief(findings)):
        named = references(line)
        if not named or not all(
            step in steps and frame == (step if step < findings.frames else None)
            for step, frame in named
        ):
            wrong.append(line)
    return wrong


def test_every_sentence_rests_on_steps_and_frames_of_the_record(whole: Path) -> None:
    findings = read_findings(whole)
    lines = sentences(debrief(findings))
    assert len(lines) > 20
    assert unfounded(whole) == []


def test_where_frames_are_missing_no_sentence_claims_one(whole: Path) -> None:
    data = (whole / FRAMES).read_bytes()
    (whole / FRAMES).write_bytes(data[: len(data) // 3])
    assert unfounded(whole) == []
    assert "no frame" in debrief(read_findings(whole))


STEPS = st.one_of(
    st.tuples(st.just("look"), st.sampled_from(LABELS), st.booleans()),
    st.tuples(
        st.just("report"), st.sampled_from(FINDINGS), st.one_of(st.none(), st.integers(1, 4))
    ),
    st.tuples(st.just("blind"), st.text(max_size=20), st.none()),
)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(STEPS, min_size=1, max_size=8),
    why=st.text(max_size=30),
    reason=st.sampled_from(["inspected", "interrupted", "error: DeviceAlarm: servo 3 is hot"]),
)
def test_whatever_happens_every_sentence_is_founded(
    told: list[Any], why: str, reason: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = Story(tmp_path_factory.mktemp("told") / "run")
    for kind, what, more in told:
        if kind == "look":
            run.look(what, why, taken=more)
        elif kind == "report":
            run.report(*what, 0.5, more, why)
        else:
            run.blind(what)
    assert unfounded(run.end(reason)) == []


@pytest.mark.parametrize(
    "line",
    [
        "- The dish is dented.",
        "- The dish is dented. [2]",
        "- The dish is dented. [step 3]",
        "- The dish is dented. [step 3, frame x]",
        "- The dish [step 3, frame 3] is dented.",
    ],
)
def test_a_sentence_without_steps_and_frames_at_its_end_has_no_references(line: str) -> None:
    assert references(line) is None


def test_references_are_read_as_they_are_written() -> None:
    line = "- The dish is dented. [step 3, frame 3; step 12, no frame]"
    assert references(line) == [(3, 3), (12, None)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("It is.", "It is."), ("It is", "It is."), ("Is it on?", "Is it on?"), ("Stop! ", "Stop!")],
)
def test_a_sentence_has_one_stop_at_its_end(text: str, shown: str) -> None:
    line = said(Sentence(text, (2,)), frames=9)
    assert line == f"{shown} [step 2, frame 2]"
    assert references(line) == [(2, 2)]


def test_a_run_without_steps_says_so_and_nothing_else(story: Any) -> None:
    text = debrief(read_findings(story().end("error: LinkLost: nobody answers")))
    assert sentences(text) == [NOTHING]


def test_an_engineer_is_told_what_where_how_sure_and_what_next(whole: Path) -> None:
    text = debrief(read_findings(whole))
    assert "The dish (front, middle) is reported as dent; the pilot is sure (93 %)" in text
    assert "Inspect dish by hand: dent. [step 1, frame 1; step 5, frame 5]" in text
    assert 'helmsight inspect --parts "connector"' in text
    assert 'Not seen: the look "foil: back", no pose in reach' in text
    assert "The supervisor intervened: once; the record has 3 notes. [" in text


def test_a_part_that_was_not_seen_is_not_said_to_be_missing(story: Any) -> None:
    text = debrief(read_findings(story(parts=["dish"]).done()))
    assert "- Not seen: dish, no usable picture of the record shows enough of it. [" in text
    assert "missing" not in text
