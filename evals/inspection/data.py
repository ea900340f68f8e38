"""An inspection as JSON data: `inspection.json`, whose fields docs/inspect.md explains."""

from __future__ import annotations

from typing import Any

from helmsight.contract.record import plain
from helmsight.evals.inspection.findings import Coverage, Evidence, Finding, Findings
from helmsight.evals.inspection.looks import Look
from helmsight.evals.inspection.words import WHERE, verdict, what_next

SCHEMA = 1
CROPS = "crops"


def as_data(findings: Findings) -> dict[str, Any]:
    """Return the findings as JSON can hold them."""
    spec, found = findings.run.spec, verdict(findings)
    data: dict[str, Any] = plain(
        {
            "schema": SCHEMA,
            "environment": spec.environment,
            "pilot": spec.pilot,
            "seed": spec.seed,
            "options": spec.options,
            "versions": spec.versions,
            "ended": findings.ended,
            "verdict": {"title": found.title, "text": found.text},
            "parts": [_part(finding, findings) for finding in findings.parts],
            "coverage": [_coverage(entry) for entry in findings.coverage],
            "looks": [_look(look) for look in findings.looks],
            "gaps": [vars(gap) for gap in findings.gaps],
            "notes": [vars(note) for note in findings.notes],
            "interventions": findings.interventions,
            "touches": findings.touches,
            "way_m": findings.way,
            "times_s": vars(findings.times),
            "steps": len(findings.run.records),
            "frames": findings.frames,
            "cited": [vars(passage) for passage in findings.cited],
            "grounding": spec.operator.get("grounding"),
            "damaged": list(findings.run.notes),
            "truth": dict(findings.truth) or None,
        }
    )
    return data


def crop_file(part: str) -> str:
    """Return the path of a part's crop inside the run folder."""
    return f"{CROPS}/{part.replace(' ', '-')}.jpg"


def _part(finding: Finding, findings: Findings) -> dict[str, Any]:
    return {
        "part": finding.part,
        "where": WHERE.get(finding.part, ""),
        "state": finding.state,
        "defect": finding.defect,
        "confidence": finding.confidence,
        "view": finding.view,
        "why": finding.why,
        "step": finding.step,
        "evidence": _evidence(finding.part, finding.evidence),
        "relations": list(finding.relations),
        "shown": max((c.best for c in findings.coverage if c.part == finding.part), default=0.0),
        "next": what_next(finding),
    }


def _evidence(part: str, evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    square = evidence.square
    return {
        "look": evidence.look,
        "step": evidence.step,
        "site": evidence.site,
        "square": {"x": square.x, "y": square.y, "side": square.side},
        "share": evidence.share,
        "named": evidence.named,
        "crop": None if evidence.picture is None else crop_file(part),
    }


def _coverage(entry: Coverage) -> dict[str, Any]:
    return {
        "site": entry.site,
        "part": entry.part,
        "best": entry.best,
        "shown": entry.shown,
        "shares": {str(number): share for number, share in entry.shares.items()},
    }


def _look(look: Look) -> dict[str, Any]:
    return {
        "look": look.number,
        "step": look.step,
        "view": look.view,
        "asked_at": look.asked_at,
        "usable": look.usable,
        "stamp_s": look.stamp,
        "turntable": look.turntable,
        "eye": look.eye,
        "ahead": look.ahead,
        "tool": look.tool,
        "relations": look.relations,
    }
