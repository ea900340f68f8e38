"""Findings out of run folders, whole and damaged ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspection_story import colour

from helmsight.contract.record import RunSpec
from helmsight.envs.inspection.parts import PARTS
from helmsight.evals.errors import NoInspection
from helmsight.evals.inspection.findings import read_findings
from helmsight.tools.folder import FRAMES, SPEC, STEPS
from helmsight.tools.player import load_run


def test_the_last_report_of_a_part_counts(whole: Path) -> None:
    mast = read_findings(whole).of("mast")
    assert (mast.state, mast.defect, mast.confidence, mast.view) == ("sound", None, 0.95, 3)
    assert mast.step == 9


def test_a_defect_is_kept_by_its_name_with_its_reason(whole: Path) -> None:
    dish = read_findings(whole).of("dish")
    assert (dish.state, dish.defect, dish.confidence) == ("defective", "dent", 0.93)
    assert dish.why == "The rim is pressed in at 4 o'clock, see [2]."
    assert dish.relations == ("the dish is left of the mast",)


def test_what_is_urgent_comes_first_and_what_is_well_last(whole: Path) -> None:
    findings = read_findings(whole)
    assert [finding.part for finding in findings.parts[:3]] == ["dish", "connector", "foil"]
    # of what is sound, the less certain first
    assert [finding.part for finding in findings.parts[-2:]] == ["panel A", "mast"]
    assert {f.state for f in findings.parts[3:-2]} == {"not reported"}
    assert {f.part for f in findings.parts} == set(PARTS)


def test_evidence_is_cut_out_of_the_look_that_the_pilot_named(whole: Path) -> None:
    evidence = read_findings(whole).of("dish").evidence
    assert evidence is not None
    assert (evidence.look, evidence.step, evidence.site) == (1, 1, "dish: bowl")
    assert evidence.named
    middle = evidence.picture[100:140, 100:140].reshape(-1, 3).mean(axis=0)
    assert middle == pytest.approx(colour("dish: bowl"), abs=6)


def test_where_no_look_is_named_the_one_that_shows_most_is_evidence_and_that_is_said(
    whole: Path,
) -> None:
    evidence = read_findings(whole).of("connector").evidence
    assert (evidence.look, evidence.share, evidence.named) == (1, 0.3, False)


def test_a_look_that_does_not_show_the_part_is_no_evidence_for_it(story: Any) -> None:
    told = story(parts=["dish", "foil"])
    told.look("dish: bowl")
    told.report("foil", "sound", 0.9, 1)
    finding = read_findings(told.done()).of("foil")
    assert finding.view == 1
    assert finding.evidence is None


def test_coverage_tells_which_look_showed_how_much_of_which_site(whole: Path) -> None:
    coverage = {entry.site: entry for entry in read_findings(whole).coverage}
    assert coverage["mast: mast"].shares == {1: 0.7, 3: 0.9}
    assert coverage["mast: mast"].shown
    assert not coverage["connector: plug"].shown
    assert coverage["foil: back"].shares == {}


def test_a_refused_picture_shows_nothing(story: Any) -> None:
    told = story(parts=["dish"])
    told.look("dish: bowl")
    told.blind()
    coverage = read_findings(told.end("interrupted")).coverage
    assert [entry.shares for entry in coverage] == [{}]


def test_only_parts_that_were_asked_for_are_in_the_report(story: Any) -> None:
    told = story(parts=["mast", "foil"])
    findings = read_findings(told.done())
    assert {finding.part for finding in findings.parts} == {"mast", "foil"}
    assert {entry.part for entry in findings.coverage} == {"mast", "foil"}


@pytest.mark.parametrize("parts", ["mast", ["mast", "mast"], ["Mast"]])
def test_a_part_is_in_the_report_once_however_it_was_asked_for(story: Any, parts: Any) -> None:
    findings = read_findings(story(parts=parts).done())
    assert [finding.part for finding in findings.parts] == ["mast"]


def test_times_are_summed_up_and_refused_pictures_ask_no_model(whole: Path) -> None:
    times = read_findings(whole).times
    assert (times.decisions, times.asked) == (12, 11)
    assert times.think == pytest.approx(1.1)
    assert times.model is None
    assert times.act == pytest.approx(18.0)
    assert times.wall == 60.0


def test_a_resumed_run_took_as_long_as_its_steps(story: Any) -> None:
    """Its summary has the time since it was resumed."""
    told = story(parts=["dish"])
    told.look("dish: bowl")
    times = read_findings(told.done(wall_s=0.5)).times
    assert times.wall == pytest.approx(times.sense + times.think + times.act) == 3.202


def test_the_models_own_time_is_what_the_pilot_said_last(story: Any) -> None:
    told = story(parts=["dish"])
    told.step({"do": "hold"}, raw='{"spent": {"seconds": 0.25}}')
    told.step({"do": "hold"}, raw='{"spent": {"seconds": 0.75}}')
    told.step({"do": "hold"}, raw="no JSON")
    assert read_findings(told.done()).times.model == 0.75


def test_interventions_contacts_notes_and_the_truth_are_taken_over(whole: Path) -> None:
    findings = read_findings(whole)
    assert (findings.interventions, findings.touches, findings.way) == (1, 0, 0.75)
    assert [note.step for note in findings.notes] == [1, 3, 4]
    assert findings.truth == {
        "score": 0.9, "coverage": 0.5, "states_right": 0.8, "f1": 1.0, "touches": 0.0
    }  # fmt: skip


def test_what_the_last_step_touched_counts(story: Any) -> None:
    """The arm folds in it, of which no record tells."""
    findings = read_findings(story(parts=["dish"]).done(touches=2, interventions=1))
    assert (findings.touches, findings.interventions) == (2, 1)
    findings = read_findings(story("real", parts=["dish"]).done(touches=None, interventions=True))
    assert (findings.touches, findings.interventions) == (0, 0)


def test_a_killed_run_is_read_as_far_as_it_is_whole(story: Any) -> None:
    told = story()
    told.look("dish: bowl")
    told.report("dish", "dent", 0.8, 1)
    folder = told.cut()
    with (folder / STEPS).open("ab") as log:
        log.write(b'{"schema": 2, "index": 2, "st')
    findings = read_findings(folder)
    assert findings.of("dish").defect == "dent"
    assert "cut off" in findings.ended
    assert len(findings.run.notes) == 2
    assert findings.times.wall == pytest.approx(3.202)  # of its two steps


def test_a_run_without_pictures_has_findings_and_no_crops(story: Any) -> None:
    told = story(frames=False)
    told.look("dish: bowl")
    told.report("dish", "dent", 0.8, 1)
    findings = read_findings(told.done())
    assert findings.frames == 0
    assert findings.of("dish").evidence.picture is None


def test_frames_that_are_missing_at_the_end_cost_their_crops_only(whole: Path) -> None:
    data = (whole / FRAMES).read_bytes()
    (whole / FRAMES).write_bytes(data[: len(data) // 3])
    findings = read_findings(whole)
    assert findings.frames < 12
    assert findings.of("dish").defect == "dent"


def test_a_run_of_another_world_is_no_inspection(whole: Path) -> None:
    spec = json.loads((whole / SPEC).read_text(encoding="utf-8"))
    spec["environment"] = "helmsight/Robot-v0"
    (whole / SPEC).write_text(json.dumps(spec), encoding="utf-8")
    with pytest.raises(NoInspection, match="Robot-v0"):
        read_findings(whole)


def test_a_run_without_a_step_has_no_findings_but_can_be_read(story: Any) -> None:
    findings = read_findings(story().end("error: LinkLost: nobody answers"))
    assert {finding.state for finding in findings.parts} == {"not reported"}
    assert findings.looks == ()
    assert isinstance(load_run(findings.run.folder).spec, RunSpec)
    assert np.isfinite(findings.times.wall)
