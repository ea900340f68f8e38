"""The page of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helmsight.evals.report.drawing import figures
from helmsight.evals.report.judged import Judged
from helmsight.evals.report.matrix import matrix
from helmsight.evals.report.notes import headline, notes
from helmsight.evals.report.sheet import Sheet
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
        sheets={sheet.name: sheet.narrowed() for sheet in sheets},
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


def _facts(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what `suite.json` says of where its numbers come from, as lines of words.

    An evaluation that was gone on with has several sessions; what is the same stands once.
    """
    sessions = [dict(_lines(session)) for session in about.get("sessions", [])]
    names = dict.fromkeys(name for session in sessions for name in session)
    return [
        (name, "; ".join(dict.fromkeys(one[name] for one in sessions if one.get(name))))
        for name in names
    ]


def _lines(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = prefix + str(key).replace("_", " ")
        if isinstance(value, Mapping):
            yield from _lines(value, f"{name} · ")
        else:
            yield name, ", ".join(map(_word, value)) if isinstance(value, list) else _word(value)


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
