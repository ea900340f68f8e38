"""The debrief: the inspection in sentences, each with the steps and frames that it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from helmsight.envs.inspection.states import ABSENT, SOUND
from helmsight.evals.inspection.findings import DEFECTIVE, NOT_REPORTED, Finding, Findings
from helmsight.evals.inspection.words import (
    WHERE,
    how_sure,
    percent,
    seconds,
    state,
    verdict,
    what_next,
)

NOTHING = "> No step was recorded, so there is nothing to tell."
LONGEST = 200  # signs of a reason in a sentence
MOST = 6  # steps that one sentence names
REFERENCE = re.compile(
    r" \[(step \d+, (?:frame \d+|no frame)(?:; step \d+, (?:frame \d+|no frame))*)\]$"
)


@dataclass(frozen=True)
class Sentence:
    """One sentence without its full stop, and the steps that it rests on, at least one."""

    text: str
    steps: tuple[int, ...]


def debrief(findings: Findings) -> str:
    """Return the debrief as Markdown: every line that is no heading is a sentence with its steps.

    "[step 7, frame 7]" names line 7 of steps.jsonl and frame 7 of the frames, both from 0.
    """
    spec = findings.run.spec
    lines = [f"# Debrief: inspection by {spec.pilot}, seed {spec.seed}", ""]
    if not findings.run.records:
        return "\n".join([*lines, NOTHING, ""])
    for heading, sentences in sections(findings).items():
        if sentences:
            lines += [f"## {heading}", ""]
            lines += [f"- {said(sentence, findings.frames)}" for sentence in sentences]
            lines.append("")
    return "\n".join(lines)


def said(sentence: Sentence, frames: int) -> str:
    """Return a sentence with its references. frames: how many there are."""
    named = dict.fromkeys(sentence.steps)
    marks = [f"step {n}, frame {n}" if n < frames else f"step {n}, no frame" for n in named]
    text = "".join(sign if sign.isprintable() else " " for sign in sentence.text).rstrip(" .")
    stop = "" if text.endswith(("?", "!")) else "."
    return f"{text}{stop} [{'; '.join(marks[:MOST])}]"


def references(line: str) -> list[tuple[int, int | None]] | None:
    """Return the (step, frame) that a sentence names, frame None for none; None without any."""
    match = REFERENCE.search(line)
    if match is None:
        return None
    pairs = [entry.split(", ") for entry in match[1].split("; ")]
    return [
        (int(step.removeprefix("step ")), None if frame == "no frame" else int(frame[6:]))
        for step, frame in pairs
    ]


def sections(findings: Findings) -> dict[str, list[Sentence]]:
    """Return the sentences by heading, in the order in which an engineer needs them."""
    open_states = [f for f in findings.parts if f.state not in (DEFECTIVE, ABSENT, SOUND)]
    wrong = [f for f in findings.parts if f.state in (DEFECTIVE, ABSENT)]
    return {
        "Verdict": [Sentence(_verdict(findings), _reports(findings))],
        "What is wrong": [s for finding in wrong for s in _part(finding, findings)],
        "What cannot be told": [s for f in open_states for s in _part(f, findings)],
        "What was not seen": [
            # not "is missing": of a part that would be a finding
            Sentence(f"Not seen: {gap.what}, {_short(gap.why)}", (_at(gap.step, findings),))
            for gap in findings.gaps
        ],
        "What is well": [s for f in findings.parts if f.state == SOUND for s in _part(f, findings)],
        "How it was done": list(_course(findings)),
    }


def _verdict(findings: Findings) -> str:
    found = verdict(findings)
    return f"{found.title}: {found.text}"


def _reports(findings: Findings) -> tuple[int, ...]:
    steps = [f.step for f in findings.parts if f.step is not None and f.state != SOUND]
    return tuple(sorted(steps)) or (_last(findings),)


def _part(finding: Finding, findings: Findings) -> Iterator[Sentence]:
    evidence = finding.evidence
    seen = () if evidence is None else (evidence.step,)
    by = () if finding.step is None else (finding.step,)
    steps = (*seen, *by) or (_last(findings),)
    where = WHERE.get(finding.part, "")
    if finding.state == NOT_REPORTED:
        yield Sentence(f"{_the(finding.part)} ({where}) was not reported on", steps)
    else:
        yield Sentence(
            f"{_the(finding.part)} ({where}) is reported as {state(finding)}; "
            f"the pilot is {how_sure(finding)}",
            steps,
        )
    if evidence is not None and finding.state != SOUND:
        named = "It is shown best" if evidence.named else "Most of it is shown"
        where = f"in look {evidence.look}" if evidence.look else "in the picture before any look"
        yield Sentence(
            f"{named} {where}: {percent(evidence.share)} of the surface "
            f'"{evidence.site}" is in the picture, about pixel ({evidence.square.x:.0f}, '
            f"{evidence.square.y:.0f})",
            seen,
        )
        if finding.relations:
            told = "; ".join(finding.relations[:3])
            yield Sentence(f"What was related in this picture: {told}", seen)
    if finding.why:
        yield Sentence(f'The pilot\'s reason: "{finding.why.rstrip(".")}"', by)
    if finding.state != SOUND or what_next(finding) != "Nothing to do.":
        yield Sentence(what_next(finding), steps)


def _course(findings: Findings) -> Iterator[Sentence]:
    records, times = findings.run.records, findings.times
    first, last = records[0].index, _last(findings)
    looks = [look for look in findings.looks if look.number > 0]
    yield Sentence(
        f"It took {_count(len(looks), 'look')}, {_count(len(records), 'decision')} and "
        f"{seconds(times.wall)}; the tool went {findings.way:.2f} m",
        (*(look.step for look in looks), last),
    )
    yield Sentence(
        f"Thinking took {seconds(times.think)}, moving and taking pictures {seconds(times.act)}",
        (first, last),
    )
    shown = sum(entry.shown for entry in findings.coverage)
    yield Sentence(
        f"{shown} of {len(findings.coverage)} surfaces were shown well enough to be judged",
        tuple(look.step for look in looks if look.usable) or (last,),
    )
    if findings.touches is not None:
        yield Sentence(f"The arm touched the satellite: {_times(findings.touches)}", (last,))
    noted = tuple(dict.fromkeys(note.step for note in findings.notes))
    if findings.interventions or noted:
        often = _times(findings.interventions)
        notes = _count(len(findings.notes), "note")
        yield Sentence(
            f"The supervisor intervened: {often}; the record has {notes}", noted or (last,)
        )
    yield Sentence(f"The run ended: {findings.ended}", (last,))


def _at(step: int | None, findings: Findings) -> int:
    return _last(findings) if step is None else step


def _last(findings: Findings) -> int:
    return findings.run.records[-1].index


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _times(number: int) -> str:
    return {0: "never", 1: "once"}.get(number, f"{number} times")


def _short(text: str) -> str:
    """Return a reason without what is more than a sentence holds; the record has all of it."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _the(part: str) -> str:
    """Return a part at the start of a sentence; panels and thrusters have names of their own."""
    return _capital(part) if part[-1] in "AB1234" else f"The {part}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
