"""The page of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmsight.evals.report.drawing import figures
from helmsight.evals.report.judged import Judged
from helmsight.evals.report.matrix import matrix
from helmsight.evals.report.notes import headline, notes
from helmsight.evals.report.sheets import Sheet
from helmsight.tools.page import fill, inline


def render(found: Judged, sheets: Sequence[Sheet], title: str) -> str:
    """Return the page as HTML."""
    from markupsafe import Markup

    said, mood = headline(found)
    return fill(
        "evaluation.html.j2",
        "helmsight.evals.report",
        title=title,
        said=said,
        mood=mood,
        notes=[note for note in notes(found) if note],
        figures=_counts(found),
        sheets={sheet.name: sheet for sheet in sheets},
        plots=[Markup(inline(svg)) for svg in figures(found).values()],
        matrices=matrix(found.faults),
        failures=found.failures,
        facts=_facts(found.about),
    )


def _counts(found: Judged) -> list[tuple[str, str]]:
    rows = found.rows
    return [
        ("episodes", f"{len(rows):,}"),
        ("pilots", str(len({row.pilot for row in rows}))),
        ("scenarios", str(len(found.scales))),
        ("seeds", str(len({row.seed for row in rows}))),
        ("conditions", str(len(found.boards))),
        ("failed", str(sum(not row.done for row in rows))),
    ]


def _facts(about: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return what a suite file says of where its numbers come from, as lines of words."""
    lines: list[tuple[str, str]] = []
    for key, value in about.get("provenance", about if prefix else {}).items():
        name = prefix + str(key).replace("_", " ")
        if isinstance(value, Mapping):
            lines += _facts(value, f"{name} · ")
        else:
            lines.append(
                (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            )
    return lines
