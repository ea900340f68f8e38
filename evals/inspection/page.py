"""The page of an inspection: one HTML file that needs nothing else, on a screen and on paper."""

from __future__ import annotations

from typing import Any

from helmsight.envs.inspection.viewpoints import ENOUGH
from helmsight.evals.inspection.drawing import camera_map
from helmsight.evals.inspection.findings import Finding, Findings
from helmsight.evals.inspection.looks import Look
from helmsight.evals.inspection.pictures import address
from helmsight.evals.inspection.words import (
    GOOD,
    MOOD,
    WARN,
    WHERE,
    how_sure,
    percent,
    seconds,
    state,
    verdict,
    what_next,
)
from helmsight.tools.folder import PAGE
from helmsight.tools.page import fill, inline

THUMBNAIL_PX = 300
TRUTH_WORDS = {
    "score": "score", "coverage": "parts really seen", "states_right": "states right",
    "f1": "F1 of defects", "touches": "contacts",
}  # fmt: skip


def render(findings: Findings) -> str:
    """Return the page as HTML."""
    from markupsafe import Markup

    spec, found = findings.run.spec, verdict(findings)
    drawing = camera_map(findings)
    return fill(
        "inspection.html.j2",
        "helmsight.evals.inspection",
        title=f"Inspection, seed {spec.seed}",
        by=f"{spec.pilot} · {len(_taken(findings))} looks · ended: {findings.ended}",
        environment=spec.environment,
        version=spec.versions.get("helmsight", ""),
        verdict=found,
        figures=figures(findings),
        parts=[_part(finding, findings) for finding in findings.parts],
        looks=[look.number for look in findings.looks],
        coverage=[_row(entry, findings) for entry in findings.coverage],
        enough=percent(ENOUGH),
        map=Markup(inline(drawing)) if drawing else "",
        pictures=[_picture(look, findings) for look in findings.looks],
        times=times(findings),
        gaps=findings.gaps,
        notes=findings.notes,
        cited=findings.cited,
        truth=[(TRUTH_WORDS[name], f"{value:.3g}") for name, value in findings.truth.items()],
        damaged=findings.run.notes,
        run_page=PAGE if (findings.run.folder / PAGE).is_file() else "",
    )


def figures(findings: Findings) -> list[tuple[str, str, str]]:
    """Return what stands on top of a report: name, value, unit."""
    shown = sum(entry.shown for entry in findings.coverage)
    reported = sum(finding.step is not None for finding in findings.parts)
    touches = "not measured" if findings.touches is None else str(findings.touches)
    return [
        ("parts reported", f"{reported} of {len(findings.parts)}", ""),
        ("surfaces shown", f"{shown} of {len(findings.coverage)}", ""),
        ("looks", str(len(_taken(findings))), ""),
        ("thinking", f"{findings.times.think:.3g}", "s"),
        ("contacts", touches, ""),
        ("interventions", str(findings.interventions), ""),
        ("way of the tool", f"{findings.way:.2f}", "m"),
    ]


def times(findings: Findings) -> list[tuple[str, str, float]]:
    """Return where the time went: what, in words, as a share of all."""
    spent = findings.times
    model = spent.model
    parts = {
        **({} if model is None else {"the model looking at crops": min(model, spent.think)}),
        "other thinking, relations": spent.think - min(model or 0.0, spent.think),
        "moving and taking pictures": spent.act,
        "looking at what came": spent.sense,
    }
    whole = max(spent.wall, sum(parts.values()), 1e-9)
    parts["everything else"] = whole - sum(parts.values())
    return [(what, seconds(value), value / whole) for what, value in parts.items()]


def _taken(findings: Findings) -> list[Look]:
    return [look for look in findings.looks if look.number > 0]


def _part(finding: Finding, findings: Findings) -> dict[str, Any]:
    evidence = finding.evidence
    seen = {
        number: share
        for entry in findings.coverage
        if entry.part == finding.part
        for number, share in entry.shares.items()
    }
    return {
        "name": finding.part,
        "where": WHERE.get(finding.part, ""),
        "state": state(finding),
        "mood": MOOD[finding.state],
        "sure": how_sure(finding),
        "confidence": finding.confidence,
        "crop": address(evidence.picture) if evidence and evidence.picture is not None else "",
        "caption": _caption(finding),
        "seen": ", ".join(str(number) for number in sorted(seen)) or "none",
        "why": finding.why,
        "relations": finding.relations,
        "next": what_next(finding),
        "idle": what_next(finding) == "Nothing to do.",
        "step": finding.step,
    }


def _caption(finding: Finding) -> str:
    evidence = finding.evidence
    if evidence is None:
        return "no picture shows it"
    named = "" if evidence.named else ", most shown; the pilot named no look"
    return f"look {evidence.look}, step {evidence.step}, {evidence.site}{named}"


def _row(entry: Any, findings: Findings) -> dict[str, Any]:
    return {
        "site": entry.site,
        "cells": [
            (look.number, entry.shares.get(look.number, 0.0), look.usable)
            for look in findings.looks
        ],
        "best": percent(entry.best),
        "mood": GOOD if entry.shown else WARN,
    }


def _picture(look: Look, findings: Findings) -> dict[str, Any]:
    picture = findings.pictures.get(look.step)
    return {
        "number": look.number,
        "view": look.view or "where the arm stood",
        "step": look.step,
        "usable": look.usable,
        "image": "" if picture is None else address(picture, THUMBNAIL_PX),
    }
