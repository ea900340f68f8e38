"""Writes the report of an inspection into its run folder: data, words, a page, a paper."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from helmsight.contract.jsontext import exact_json
from helmsight.contract.opening import make_folder
from helmsight.contract.writing import write_whole
from helmsight.evals.inspection.data import CROPS, as_data, crop_file
from helmsight.evals.inspection.debrief import debrief
from helmsight.evals.inspection.findings import Findings, read_findings
from helmsight.evals.inspection.page import render
from helmsight.evals.inspection.paper import paper
from helmsight.evals.inspection.pictures import jpeg

DATA, PAGE, PAPER, DEBRIEF = "inspection.json", "inspection.html", "inspection.pdf", "debrief.md"


@dataclass(frozen=True)
class Report:
    """What was written, and where."""

    findings: Findings
    data: Path
    page: Path
    paper: Path
    debrief: Path


def write_report(folder: str | Path) -> Report:
    """Write the report of the run in `folder` and return it; works for runs that were cut off.

    Raises:
        RunUnreadable, SchemaTooNew, NoInspection: as `read_findings`.
        OSError: the folder cannot be written.
    """
    findings = read_findings(folder)
    home = findings.run.folder
    report = Report(findings, home / DATA, home / PAGE, home / PAPER, home / DEBRIEF)
    make_folder(home / CROPS)
    for finding in findings.parts:
        if finding.evidence is not None and finding.evidence.picture is not None:
            write_whole(home / crop_file(finding.part), jpeg(finding.evidence.picture))
    text = exact_json(as_data(findings), indent=2)
    write_whole(report.data, text + "\n")
    write_whole(report.debrief, debrief(findings))
    write_whole(report.page, render(findings))
    write_whole(report.paper, paper(findings))
    return report
