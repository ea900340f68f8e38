"""What an inspection could not see, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.record import StepRecord
from helmsight.evals.inspection.looks import Look, asked_looks, looks_at, usable
from helmsight.tools.player import Run

DARKEST = 8  # of 255: a picture with no pixel above it shows nothing
WHOLE = ("inspected", "terminated")  # the pilot itself said that it is done


@dataclass(frozen=True)
class Gap:
    """Something that was not seen. step: where that is in the record; None: nowhere in it."""

    step: int | None
    what: str
    why: str


def gaps_of(
    run: Run,
    looks: Sequence[Look],
    pictures: Mapping[int, NDArray[np.uint8]],
    covered: Mapping[str, bool],
) -> tuple[Gap, ...]:
    """Return the gaps of a run, by step. covered: whether all of a part was shown, by part."""
    records = run.records
    gaps = [
        *_refused_views(records),
        *_refused_pictures(records),
        *_dark_pictures(looks, pictures),
        *_no_pictures(looks, pictures),
    ]
    gaps.sort(key=lambda gap: -1 if gap.step is None else gap.step)
    last = records[-1].index if records else None
    if cut := _cut(run):
        gaps.append(Gap(last, "the rest of the inspection", cut))
    gaps += [
        Gap(last, part, "no usable picture of the record shows enough of it")
        for part, whole in covered.items()
        if not whole
    ]
    return tuple(gaps)


def _cut(run: Run) -> str:
    """Return why a run is not whole, "" for one that is."""
    return "" if run.reason in WHOLE else f"the run ended early: {run.reason}"


def _refused_views(records: Sequence[StepRecord]) -> list[Gap]:
    """Return the looks that were asked for and not taken, or whose picture is not recorded."""
    taken = {record.index for record in asked_looks(records).values()}
    gaps = []
    for record in records:
        wanted = record.wanted or record.applied
        if wanted.get("do") != "look" or record.index in taken:
            continue
        last = record is records[-1]
        silent = "the run ended before its picture was recorded" if last else "nothing says why"
        why = "; ".join([*record.clamped, *(["late"] if record.late else []), *record.notes])
        gaps.append(Gap(record.index, f'the look "{wanted.get("view")}"', why or silent))
    return gaps


def _refused_pictures(records: Sequence[StepRecord]) -> list[Gap]:
    """Return the pictures that were not fit to act on; those of one look in a row count as one."""
    gaps: list[Gap] = []
    for at, record in enumerate(records):
        if usable(record):
            continue
        before = records[at - 1] if at else None
        if before is not None and not usable(before) and looks_at(before) == looks_at(record):
            continue
        notes = before.notes if before is not None else record.notes
        again = any(usable(other) and looks_at(other) == looks_at(record) for other in records)
        why = "; ".join(notes) or "refused"
        why += "; a later one from there was fit to act on" if again else ""
        gaps.append(Gap(record.index, _picture(looks_at(record)), why))
    return gaps


def _dark_pictures(looks: Sequence[Look], pictures: Mapping[int, NDArray[np.uint8]]) -> list[Gap]:
    return [
        Gap(look.step, _picture(look.number), "the picture in the record is dark")
        for look in looks
        if look.usable and look.step in pictures and int(pictures[look.step].max()) <= DARKEST
    ]


def _no_pictures(looks: Sequence[Look], pictures: Mapping[int, NDArray[np.uint8]]) -> list[Gap]:
    return [
        Gap(look.step, _picture(look.number), "its frame is not in the run folder")
        for look in looks
        if look.step not in pictures
    ]


def _picture(number: int | None) -> str:
    return f"the picture of look {number}" if number else "the picture before the first look"
