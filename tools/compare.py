"""Asks another pilot at the recorded frames of a run, and tells where the decisions differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.clock import TimeRule
from helmsight.contract.command import Command, lasts, words
from helmsight.contract.description import Description
from helmsight.contract.fit import check_fit
from helmsight.contract.observation import Observation
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.contract.record import StepRecord, plain
from helmsight.contract.task import Task
from helmsight.contract.timing import Timing
from helmsight.tools.errors import FramesMissing, RunUnreadable
from helmsight.tools.player import Run

LISTED = 10  # largest differences kept in a comparison
EQUAL = 1e-9  # numbers closer than this are the same
Pair = tuple[StepRecord, dict[str, Any] | None]
"""A recorded step and what the other pilot answers there."""


@dataclass(frozen=True)
class AxisDifference:
    """How one field of the command differs over the steps that both pilots answered.

    A vector is compared in the body's axes, whatever frame its command was given in.
    """

    mean: float
    median: float
    largest: float
    equal: float  # fraction of steps


@dataclass(frozen=True)
class StepDifference:
    """One step at which the answers differ; `size` is the largest difference of any axis."""

    index: int
    stamp: float
    recorded: dict[str, Any]
    other: dict[str, Any]
    size: float


@dataclass(frozen=True)
class Comparison:
    """Two pilots at the same observations. `answered` counts the steps where both gave a command;
    `equal` is the fraction of those with the same command.
    """

    recorded: str
    other: str
    steps: int
    answered: int
    silent_recorded: int
    silent_other: int
    equal: float | None
    axes: dict[str, AxisDifference]
    largest: list[StepDifference]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON data."""
        data: dict[str, Any] = plain(asdict(self))
        return data


def compare(run: Run, pilot: Pilot, task: Task, limit: int | None = None) -> Comparison:
    """Ask `pilot` at the recorded observations of `run` and return how its answers differ.

    What the run's pilot answered (`wanted`, before any clamping) is compared with what the other
    one answers to the same frame or telemetry, relations, history and timing; the other does not
    fly. `limit` is the number of steps asked at.

    Raises:
        PilotUnfit: the pilot cannot operate this world.
        FramesMissing: the pilot needs something the run did not record.
    """
    check_fit(pilot, task, "frame+telemetry")
    pilot.reset(task, run.spec.seed)
    pairs: list[Pair] = []
    for record, sighting in islice(sightings(run, pilot.needs, task), limit):
        command = pilot.decide(sighting).command
        pairs.append((record, command.model_dump() if command is not None else None))
    return compared(run.spec.pilot, pilot.name, pairs, task.description())


def sightings(run: Run, needs: str, task: Task) -> Iterator[tuple[StepRecord, Sighting]]:
    """Yield each step with what a pilot that `needs` it was or would be shown, but for the notes of
    the guard, which no record holds.

    Raises:
        FramesMissing, RecordUnusable: as `observations`.
        RunUnreadable: the record does not say how many commands a pilot is shown.
    """
    memory = run.spec.operator.get("history", 4)
    if not isinstance(memory, int) or memory < 0:
        raise RunUnreadable(
            f"{run.folder}: operator.history is {memory!r}, and a pilot is shown 0 commands or more"
        )
    rule, repeats = TimeRule.parse(run.spec.time), run.spec.options.get("hold") == "repeat"
    history: list[Command] = []
    for record, observation in observations(run, needs, len(task.fields)):
        last = history[-1] if history else None
        yield (
            record,
            Sighting(
                observation=observation,
                stamp=record.stamp,
                relations=tuple(record.relations),
                history=tuple(history[-memory:]) if memory else (),
                timing=Timing.expected(rule, run.records[: len(history)], last, repeats=repeats),
            ),
        )
        history.append(record.given(task.command))


def observations(run: Run, needs: str, fields: int) -> Iterator[tuple[StepRecord, Observation]]:
    """Yield each step with the observation a pilot that `needs` it was or would be shown.

    Ends where the recording of frames ended. `fields` is the length of the telemetry.

    Raises:
        FramesMissing: there is not even one frame, or no telemetry.
        RecordUnusable: telemetry of another form.
    """
    parts = needs.split("+")
    frames = run.frames() if "frame" in parts else None
    for record in run.records:
        observation: Observation = {}
        if frames is not None:
            frame = next(frames, None)
            if frame is None:
                if record is run.records[0]:
                    raise FramesMissing(
                        f"{run.folder} holds no frames and the pilot needs them; record the run "
                        "again with observation=frame and with frames kept"
                    )
                return
            observation["frame"] = frame
        if "telemetry" in parts:
            values = record.telemetry(fields)
            if values is None:
                raise FramesMissing(
                    f"step {record.index} of {run.folder} holds no telemetry and the pilot needs "
                    "it; record the run again with observation=frame+telemetry"
                )
            observation["telemetry"] = values
        yield record, observation


def compared(recorded: str, other: str, pairs: Sequence[Pair], task: Description) -> Comparison:
    """Return how the answers of two pilots, by their names, differ at the steps of `pairs`."""
    answered = [
        (record, record.wanted, command)
        for record, command in pairs
        if record.wanted is not None and command is not None
    ]
    steps, gaps = [], []
    for record, mine, theirs in answered:
        fields, others = _fields(record, mine, task), _fields(record, theirs, task)
        gap = {
            name: abs(fields.get(name, 0.0) - others.get(name, 0.0))
            for name in {**fields, **others}
        }
        gaps.append(gap)
        if _differ(mine, theirs, gap):
            size = max(gap.values(), default=0.0)
            sides = ((mine, fields), (theirs, others))
            here, there = (_said(command) | numbers for command, numbers in sides)
            steps.append(StepDifference(record.index, record.stamp, here, there, size))
    names = list(dict.fromkeys(name for gap in gaps for name in gap))
    return Comparison(
        recorded=recorded,
        other=other,
        steps=len(pairs),
        answered=len(answered),
        silent_recorded=sum(record.wanted is None for record, _ in pairs),
        silent_other=sum(command is None for _, command in pairs),
        equal=1.0 - len(steps) / len(answered) if answered else None,
        axes={name: _axis(np.array([gap.get(name, 0.0) for gap in gaps])) for name in names},
        largest=sorted(steps, key=lambda step: (-step.size, step.index))[:LISTED],
    )


def _fields(record: StepRecord, command: Mapping[str, Any], task: Description) -> dict[str, float]:
    """Return all numbers of a command as they are shown at this step, its duration too."""
    duration = lasts(command)
    return record.shown(command, task) | ({} if duration is None else {"duration": duration})


def _said(command: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a command says besides numbers, if anything."""
    text = words(command)
    return {"command": text} if text else {}


def _axis(column: NDArray[np.float64]) -> AxisDifference:
    return AxisDifference(
        mean=float(column.mean()),
        median=float(np.median(column)),
        largest=float(column.max()),
        equal=float((column < EQUAL).mean()),
    )


def _differ(mine: Mapping[str, Any], theirs: Mapping[str, Any], gap: Mapping[str, float]) -> bool:
    """Return whether two commands differ in a number, or in a field that is none."""
    if any(size >= EQUAL for size in gap.values()):
        return True
    words = (mine.keys() | theirs.keys()) - gap.keys() - {"frame"}
    return any(mine.get(name) != theirs.get(name) for name in words)
