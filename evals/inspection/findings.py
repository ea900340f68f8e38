"""What an inspection found, out of its run folder: parts, coverage, path, times, gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.errors import InvalidOption
from helmsight.contract.jsontext import parse_json
from helmsight.contract.record import StepRecord
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.crops import Square
from helmsight.envs.inspection.options import checked_parts
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.states import ABSENT, NOT_SEEN, SOUND, UNSURE
from helmsight.envs.inspection.viewpoints import ENOUGH
from helmsight.evals.errors import NoInspection
from helmsight.evals.inspection.cited import Cited, cited
from helmsight.evals.inspection.gaps import DARKEST, Gap, gaps_of
from helmsight.evals.inspection.looks import PART_OF, Look, looks_of
from helmsight.tools.player import Run, load_run

ENVIRONMENT = "helmsight/Inspection-v0"
NOT_REPORTED, DEFECTIVE = "not reported", "defective"
CROP_PX = 240
ROOM, LEAST_PX = 1.4, 64.0  # of a crop for people: what is around it tells them where they are
TRUTH = ("score", "coverage", "states_right", "f1", "touches")
"""What a summary holds only where the truth is known: in a cell of our own."""
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Evidence:
    """A crop of a frame that shows a part. square: middle x, y and side, px of the frame.

    named: the pilot gave this look as the one that shows the part best; else it is the one that
    shows most of it. picture: None where the frame is not in the record.
    """

    look: int
    step: int
    site: str
    square: Square
    share: float
    named: bool
    picture: Pixels | None = field(repr=False, compare=False)


@dataclass(frozen=True)
class Finding:
    """What was said of a part, and on what ground.

    state: sound, defective, absent, unsure, not seen or not reported; defect: its kind, None for
    none. confidence: 0 to 1, None where nothing was reported. step: of the report. relations:
    lines about the part in the record of the step of its evidence.
    """

    part: str
    state: str
    defect: str | None = None
    confidence: float | None = None
    view: int | None = None
    why: str = ""
    step: int | None = None
    evidence: Evidence | None = None
    relations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """How much of a site each look showed. shares: by the number of the look, 0 to 1."""

    site: str
    part: str
    shares: Mapping[int, float]

    @property
    def best(self) -> float:
        """The largest share that one look showed."""
        return max(self.shares.values(), default=0.0)

    @property
    def shown(self) -> bool:
        """Whether one look showed enough of it to judge it."""
        return self.best >= ENOUGH


@dataclass(frozen=True)
class Times:
    """Where the time went, s. think: of the pilot, grounding included; model: of that the model
    that looks, None where the pilot does not tell; act: moving and waiting for pictures; wall: all.
    """

    sense: float
    think: float
    model: float | None
    act: float
    wall: float
    decisions: int
    asked: int


@dataclass(frozen=True)
class Note:
    """What the world did other than asked, in its own words, at a step."""

    step: int
    text: str


@dataclass(frozen=True)
class Findings:
    """All that a run folder tells of an inspection.

    pictures: frames of the looks by step; frames: how many of the run can be read. way: of the
    tool, m. truth: figures of the emulated cell, where it was one. cited: what reasons rest on
    besides pictures.
    """

    run: Run
    asked: tuple[str, ...]
    parts: tuple[Finding, ...]
    looks: tuple[Look, ...]
    coverage: tuple[Coverage, ...]
    gaps: tuple[Gap, ...]
    notes: tuple[Note, ...]
    interventions: int
    touches: int | None
    way: float
    times: Times
    pictures: Mapping[int, Pixels]
    frames: int
    truth: Mapping[str, float]
    cited: tuple[Cited, ...] = ()

    @property
    def ended(self) -> str:
        """Why the run ended."""
        return self.run.reason

    def of(self, part: str) -> Finding:
        """Return the finding of a part that was asked for."""
        return next(finding for finding in self.parts if finding.part == part)


def read_findings(folder: str | Path) -> Findings:
    """Return the findings of the run in `folder`, as far as it is whole.

    Raises:
        RunUnreadable, SchemaTooNew: as `load_run`.
        NoInspection: it is a run of another world, or of parts that there are not.
        RecordUnusable: a step holds no command of an inspection.
    """
    run = load_run(folder)
    if run.spec.environment != ENVIRONMENT:
        raise NoInspection(
            f"{run.folder} holds a run of {run.spec.environment}, no inspection; give the folder "
            "that helmsight inspect named"
        )
    for record in run.records:
        record.took_effect(InspectionCommand)
    return findings_of(run)


def findings_of(run: Run, frames: Iterable[Pixels] | None = None) -> Findings:
    """Return the findings of a run; `frames` instead of those in its folder, for one in none."""
    records = run.records
    looks = looks_of(records, str(run.spec.options.get("robot", "so101")))
    pictures, count = _pictures(run.frames() if frames is None else frames, looks)
    asked = asked_parts(run.spec.options)
    coverage = tuple(_coverage(site, looks, pictures) for site in PART_OF)
    coverage = tuple(entry for entry in coverage if entry.part in asked)
    reports = reports_of(records)
    findings = [_finding(part, reports.get(part), looks, pictures) for part in asked]
    last = records[-1] if records else None
    return Findings(
        run=run,
        asked=asked,
        parts=tuple(sorted(findings, key=urgency)),
        looks=tuple(looks),
        coverage=coverage,
        gaps=gaps_of(run, looks, pictures, coverage_of_parts(coverage)),
        notes=tuple(Note(record.index, text) for record in records for text in record.notes),
        interventions=_at_the_end(run, "interventions") or 0,
        touches=_at_the_end(run, "touches"),
        way=last.measured("way") if last else 0.0,
        times=_times(run),
        pictures=pictures,
        frames=count,
        truth={
            name: float(value)
            for name in TRUTH
            if isinstance(value := (run.summary or {}).get(name), int | float)
        },
        cited=cited((finding.why for finding in findings), run.spec),
    )


def asked_parts(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the parts that an inspection with these options was asked for.

    Raises:
        NoInspection: they are none.
    """
    parts = options.get("parts") or ()
    try:
        return checked_parts(parts)
    except (InvalidOption, TypeError):
        raise NoInspection(
            f"the run was asked for parts={parts!r:.60}, and those of a satellite are "
            f"{', '.join(PARTS)}; its record was changed"
        ) from None


def reports_of(records: Sequence[StepRecord]) -> dict[str, StepRecord]:
    """Return the records whose reports count, by part: its last one."""
    return {
        str(record.applied["part"]): record
        for record in records
        if record.applied.get("do") == "report" and record.applied.get("part")
    }


def urgency(finding: Finding) -> tuple[int, float]:
    """Return what findings are sorted by: what is wrong, what is open, what is well."""
    order = (DEFECTIVE, ABSENT, UNSURE, NOT_SEEN, NOT_REPORTED, SOUND)
    sure = finding.confidence or 0.0
    return order.index(finding.state), sure if finding.state == SOUND else -sure


def coverage_of_parts(coverage: Sequence[Coverage]) -> dict[str, bool]:
    """Return whether every site of a part was shown well enough, by part."""
    parts = dict.fromkeys((entry.part for entry in coverage), True)
    for entry in coverage:
        parts[entry.part] = parts[entry.part] and entry.shown
    return parts


def _at_the_end(run: Run, name: str) -> int | None:
    """Return a count of a run, None where nobody can tell it.

    The summary has what the last step did, as its way back to rest; its record has what was before.
    """
    told = (run.summary or {}).get(name)
    if isinstance(told, int | float) and not isinstance(told, bool) and isfinite(told):
        return int(told)
    last = run.records[-1] if run.records else None
    if last is None or last.measures.get(name) is None:
        return None
    return int(last.measured(name))


def _coverage(site: str, looks: Sequence[Look], pictures: Mapping[int, Pixels]) -> Coverage:
    shares = {
        look.number: look.sites[site].share
        for look in looks
        if look.usable and site in look.sites and not _dark(pictures.get(look.step))
    }
    return Coverage(site, PART_OF[site], {number: s for number, s in shares.items() if s > 0.0})


def _dark(picture: Pixels | None) -> bool:
    return picture is not None and int(picture.max()) <= DARKEST


def _finding(
    part: str, record: StepRecord | None, looks: Sequence[Look], pictures: Mapping[int, Pixels]
) -> Finding:
    if record is None:
        evidence = _evidence(part, None, looks, pictures)
        return Finding(part, NOT_REPORTED, evidence=evidence, relations=_related(evidence, looks))
    said = record.applied
    named, view = str(said.get("state") or UNSURE), said.get("view")
    defective = named not in (SOUND, ABSENT, UNSURE, NOT_SEEN)
    evidence = _evidence(part, None if view is None else int(view), looks, pictures)
    return Finding(
        part=part,
        state=DEFECTIVE if defective else named,
        defect=named if defective else None,
        confidence=None if said.get("confidence") is None else float(said["confidence"]),
        view=None if view is None else int(view),
        why=" ".join(str(said.get("why") or "").split()),
        step=record.index,
        evidence=evidence,
        relations=_related(evidence, looks),
    )


def _evidence(
    part: str, view: int | None, looks: Sequence[Look], pictures: Mapping[int, Pixels]
) -> Evidence | None:
    """Return the crop of a part in the look that was named, else in the one that shows most."""
    named = [look for look in looks if look.number == view and look.best_of(part)]
    seen = named or [look for look in looks if look.usable and look.best_of(part)]
    if not seen:
        return None
    look = max(seen, key=lambda look: look.sites[look.best_of(part) or ""].share)
    site = look.best_of(part) or ""
    shown = look.sites[site]
    square = Square(shown.x, shown.y, max(ROOM * shown.side, LEAST_PX))
    picture = pictures.get(look.step)
    crop = None if picture is None else square.cut(picture, CROP_PX)
    return Evidence(look.number, look.step, site, square, shown.share, bool(named), crop)


def _related(evidence: Evidence | None, looks: Sequence[Look]) -> tuple[str, ...]:
    if evidence is None:
        return ()
    lines = next(look.relations for look in looks if look.number == evidence.look)
    return tuple(line for line in lines if evidence.site.partition(":")[0] in line)


def _pictures(frames: Iterable[Pixels], looks: Sequence[Look]) -> tuple[dict[int, Pixels], int]:
    """Return the frames of the looks by step, and how many frames there are."""
    wanted = {look.step for look in looks}
    kept, count = {}, 0
    for frame in frames:
        if count in wanted:
            kept[count] = frame
        count += 1
    return kept, count


def _times(run: Run) -> Times:
    records = run.records
    sense, think, act = (
        sum(getattr(record, name) for record in records) / 1e3
        for name in ("sense_ms", "think_ms", "act_ms")
    )
    wall = (run.summary or {}).get("wall_s")
    if not isinstance(wall, int | float):
        wall = records[-1].stamp - records[0].stamp if records else 0.0
    wall = max(float(wall), sense + think + act)  # a resumed run's summary has its last part alone
    asked = sum(1 for record in records if record.think_ms > 0.0)
    model = model_seconds(records)
    return Times(sense, think, model, act, wall, len(records), asked)


def model_seconds(records: Sequence[StepRecord]) -> float | None:
    """Return what a pilot says that its model took, s: the last `spent` in its answers."""
    for record in reversed(records):
        try:
            return float(parse_json(record.raw)["spent"]["seconds"])
        except (ValueError, KeyError, TypeError):
            continue
    return None
