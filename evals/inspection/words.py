"""The words for findings: where a part is, how sure it is, what to do next, the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from helmsight.envs.inspection.states import ABSENT, NOT_SEEN, SOUND, UNSURE
from helmsight.evals.inspection.findings import DEFECTIVE, NOT_REPORTED, Finding, Findings

WHERE = {
    "bus": "the body, seen on its top",
    "panel A": "wing on the +y side, one yellow mark at its lower edge",
    "panel B": "wing on the -y side, two yellow marks at its lower edge",
    "dish": "front, middle",
    "mast": "top, +y side, towards the back",
    "star tracker": "top, -y side, towards the front",
    "foil": "sheets on the back and on both sides of the body",
    "connector": "front, below the dish",
    "thruster 1": "front, low, +y side, one white dot",
    "thruster 2": "front, low, -y side, two white dots",
    "thruster 3": "back, low, +y side, three white dots",
    "thruster 4": "back, low, -y side, four white dots",
}
"""Where each part is on the satellite: front is where the dish is (+x), top is +z."""
SURE, FAIRLY = 0.9, 0.7
GOOD, WARN, BAD = "good", "warn", "bad"
MOOD = {SOUND: GOOD, UNSURE: WARN, NOT_SEEN: WARN, NOT_REPORTED: WARN, DEFECTIVE: BAD, ABSENT: BAD}


@dataclass(frozen=True)
class Verdict:
    """The inspection in a few words. mood: good, warn or bad."""

    title: str
    text: str
    mood: str


def verdict(findings: Findings) -> Verdict:
    """Return what the inspection comes to."""
    counts = Counter(finding.state for finding in findings.parts)
    wrong = [finding for finding in findings.parts if finding.state in (DEFECTIVE, ABSENT)]
    still = [f for f in findings.parts if f.state in (UNSURE, NOT_SEEN, NOT_REPORTED)]
    if not findings.parts:
        return Verdict("Nothing inspected", "No part was asked for.", WARN)
    said = [", ".join(named(finding) for finding in wrong)] if wrong else []
    if still:
        said.append("not settled: " + ", ".join(f"{f.part} ({f.state})" for f in still))
    if counts[SOUND]:
        said.append(f"{counts[SOUND]} of {len(findings.parts)} parts reported sound")
    text = "; ".join(said)
    text = text[:1].upper() + text[1:] + "."
    if wrong:
        title = f"{len(wrong)} defect{'s' * (len(wrong) != 1)} reported"
        return Verdict(title + (", inspection incomplete" if still else ""), text, BAD)
    if still:
        return Verdict("Inspection incomplete, no defect reported so far", text, WARN)
    return Verdict("No defect reported", text, GOOD)


def named(finding: Finding) -> str:
    """Return a finding in short: "dish: dent (92 %)"."""
    sure = "" if finding.confidence is None else f" ({percent(finding.confidence)})"
    return f"{finding.part}: {state(finding)}{sure}"


def state(finding: Finding) -> str:
    """Return what was found of a part in a word or two."""
    return finding.defect or finding.state


def how_sure(finding: Finding) -> str:
    """Return how sure the pilot said it is."""
    if finding.confidence is None:
        return "nothing was reported"
    sure = finding.confidence
    words = "sure" if sure >= SURE else "fairly sure" if sure >= FAIRLY else "not sure"
    return f"{words} ({percent(sure)})"


def what_next(finding: Finding) -> str:
    """Return what an engineer should do about a part."""
    part, sure = finding.part, finding.confidence or 0.0
    again = f'look again (helmsight inspect --parts "{part}")'
    if finding.state == DEFECTIVE:
        if sure >= FAIRLY:
            return f"Inspect {part} by hand: {finding.defect}."
        return f"Not certain: {again} or inspect by hand before anything is mended."
    if finding.state == ABSENT:
        return f"Check by hand whether {part} is fitted."
    if finding.state == UNSURE:
        return f"Cannot be told from these pictures: inspect by hand, or {again}."
    if finding.state == NOT_SEEN:
        return f"Cannot be told, it was not seen: inspect by hand, or free the view and {again}."
    if finding.state == NOT_REPORTED:
        return f"Cannot be told, the pilot gave no report: {again}, or inspect by hand."
    if sure < FAIRLY:
        return f"Reported sound without much confidence: {again}."
    return "Nothing to do."


def percent(share: float) -> str:
    """Return a share as whole percent; what is short of all is not said to be all."""
    return "over 99 %" if 0.995 <= share < 1.0 else f"{100 * share:.0f} %"


def seconds(value: float) -> str:
    """Return a time as people read it."""
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s" if value < 120 else minutes(value)


def minutes(value: float) -> str:
    """Return a longer time in minutes and seconds."""
    return f"{int(value) // 60} min {int(value) % 60:02d} s"
