"""Asks another pilot at the recorded frames of a run, and tells where the decisions differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np

from helmsight.contract.command import Command
from helmsight.contract.observation import Observation
from helmsight.contract.record import StepRecord, plain
from helmsight.contract.task import Task
from helmsight.tools.errors import FramesMissing
from helmsight.tools.player import Run

LISTED = 10  # largest differences kept in a comparison


class Answer(Protocol):
    """What a pilot answers: `helmsight.agents.pilot.Decision` is one."""

    @property
    def command(self) -> Command | None:
        """The command, None when nothing usable came."""
        ...


class Decider(Protocol):
    """Who is asked: `helmsight.agents.pilot.Pilot` is one."""

    name: str

    @property
    def needs(self) -> str:
        """The observation mode: frame, telemetry or frame+telemetry."""
        ...

    def reset(self, task: Task, seed: int) -> None:
        """Forget the last episode and prepare for this one."""
        ...

    def decide(self, sighting: Any) -> Answer:
        """Answer one command for what is shown."""
        ...


@dataclass(frozen=True)
class AxisDifference:
    """How one field of the command differs over the steps that both pilots answered."""

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


def compare(
    run: Run,
    pilot: Decider,
    task: Task,
    sighting: Callable[..., Any],
    limit: int | None = None,
) -> Comparison:
    """Ask `pilot` at the recorded observations of `run` and return how its answers differ.

    What the run's pilot answered (`wanted`, before any clamping) is compared with what the other
    one answers to the same frame or telemetry, relations and history; the other pilot does not
    fly. `sighting` builds what a pilot is shown, `limit` the number of
    steps asked at.

    Raises:
        FramesMissing: the pilot needs something the run did not record.
    """
    pilot.reset(task, run.spec.seed)
    memory = int(run.spec.operator.get("history", 4))
    history: list[Command] = []
    pairs: list[tuple[StepRecord, Command | None]] = []
    for record, observation in islice(observations(run, pilot.needs), limit):
        shown = sighting(
            observation=observation,
            stamp=record.stamp,
            relations=tuple(record.relations),
            history=tuple(history[-memory:]) if memory else (),
        )
        pairs.append((record, pilot.decide(shown).command))
        history.append(task.command.model_validate(record.applied))
    return _compared(run.spec.pilot, pilot.name, pairs)


def observations(run: Run, needs: str) -> Iterator[tuple[StepRecord, Observation]]:
    """Yield each step with the observation a pilot that `needs` it was or would be shown.

    Ends where the recording of frames ended; raises FramesMissing when there is not even one.
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
            values = record.measures.get("telemetry")
            if not isinstance(values, list):
                raise FramesMissing(
                    f"step {record.index} of {run.folder} holds no telemetry and the pilot needs it"
                )
            observation["telemetry"] = np.array(values, np.float64)
        yield record, observation


def _compared(
    recorded: str, other: str, pairs: list[tuple[StepRecord, Command | None]]
) -> Comparison:
    answered = [
        (record, record.wanted, command.model_dump())
        for record, command in pairs
        if record.wanted is not None and command is not None
    ]
    names = [
        name for name, value in (answered[0][1] if answered else {}).items() if _is_number(value)
    ]
    gaps = np.array(
        [[_gap(one, two, name) for name in names] for _, one, two in answered], np.float64
    ).reshape(len(answered), len(names))
    same = np.array([_same(one, two) for _, one, two in answered], bool)
    steps = [
        StepDifference(record.index, record.stamp, one, two, float(row.max(initial=0.0)))
        for (record, one, two), row, alike in zip(answered, gaps, same, strict=True)
        if not alike
    ]
    return Comparison(
        recorded=recorded,
        other=other,
        steps=len(pairs),
        answered=len(answered),
        silent_recorded=sum(record.wanted is None for record, _ in pairs),
        silent_other=sum(command is None for _, command in pairs),
        equal=float(same.mean()) if answered else None,
        axes={
            name: AxisDifference(
                mean=float(column.mean()),
                median=float(np.median(column)),
                largest=float(column.max()),
                equal=float((column < 1e-9).mean()),
            )
            for name, column in zip(names, gaps.T, strict=True)
        },
        largest=sorted(steps, key=lambda step: (-step.size, step.index))[:LISTED],
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _gap(one: Mapping[str, Any], two: Mapping[str, Any], name: str) -> float:
    return abs(float(one[name]) - float(two.get(name, 0.0)))


def _same(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    return one.keys() == two.keys() and all(
        _gap(one, two, name) < 1e-9 if _is_number(value) else value == two[name]
        for name, value in one.items()
    )
