"""What is made of a finished run besides its page, by the environment that it was in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.tools.folder import SPEC, read_spec

if TYPE_CHECKING:
    from helmsight.evals.inspection.findings import Findings


@dataclass(frozen=True)
class Afterword:
    """What a run comes to. lines: for people, instead of its summary; data: beside it in JSON."""

    lines: tuple[str, ...]
    data: dict[str, Any] = field(default_factory=dict)


def inspected(folder: Path) -> Afterword:
    """Write the report of an inspection; return its verdict and where it lies."""
    from helmsight.evals.inspection.report import write_report

    report = write_report(folder)
    paths = {"page": report.page, "pdf": report.paper, "debrief": report.debrief}
    said = in_words(report.findings)
    return Afterword(
        (*said.lines, f"report: {report.page.resolve().as_uri()}", f"pdf: {report.paper}"),
        said.data | {"report": {name: str(path) for name, path in paths.items()}},
    )


def in_words(findings: Findings) -> Afterword:
    """Return what an inspection found, in short."""
    from helmsight.evals.inspection.words import state, verdict, what_next

    found = verdict(findings)
    todo = [
        f"  {finding.part}: {what_next(finding)}"
        for finding in findings.parts
        if what_next(finding) != "Nothing to do."
    ]
    parts = {
        finding.part: {"state": state(finding), "confidence": finding.confidence}
        for finding in findings.parts
    }
    return Afterword(
        (f"{found.title}.", found.text, *todo),
        {"verdict": found.title, "parts": parts, "gaps": len(findings.gaps)},
    )


AFTERWARDS: Mapping[str, Callable[[Path], Afterword]] = {"helmsight/Inspection-v0": inspected}
"""What is done with the folder of a finished run, by the id of its environment."""


def afterword(folder: Path | None) -> Afterword | None:
    """Do what belongs to the finished run in a folder; None where that is nothing, or no run."""
    if folder is None or not (folder / SPEC).is_file():
        return None
    environment = read_spec(folder).environment
    after = AFTERWARDS.get(environment)
    return None if after is None else after(folder)
