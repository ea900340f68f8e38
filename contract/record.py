"""What is written down of a run: its spec, its steps, and who is told about them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
TIMES = ("sense_ms", "think_ms", "act_ms", "lag")


def plain(value: Any) -> Any:
    """Return `value` as JSON data: numpy becomes Python, what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def axes_of(command: Mapping[str, Any]) -> dict[str, float]:
    """Return the numeric fields of a command, the duration aside; negative zero becomes zero."""
    return {
        name: float(value) + 0.0
        for name, value in command.items()
        if name != "duration" and isinstance(value, int | float) and not isinstance(value, bool)
    }


@dataclass(frozen=True)
class StepRecord:
    """One decision: one line of `steps.jsonl`.

    `stamp` is the world time of the observation, s; `lag` the world seconds that passed while
    deciding; `wanted` the command as answered (None when nothing usable came) and `applied` the
    one that took effect. `measures` are the info values of the observation the decision was
    made on: met, range, speed, closing, propellant, mass, fuel_used, relative_position,
    telemetry (SI units). `grounding` counts what finding `relations` took and what became of
    them; empty where nothing was asked.
    """

    index: int
    stamp: float
    sense_ms: float
    think_ms: float
    act_ms: float
    prompt_hash: str
    raw: str
    wanted: dict[str, Any] | None
    applied: dict[str, Any]
    repairs: dict[str, int]
    clamped: list[str]
    late: bool
    relations: list[str]
    measures: dict[str, float | list[float]]
    lag: float
    grounding: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return one line of JSON; all that depends on the wall clock is under `times`."""
        data = {key: plain(value) for key, value in asdict(self).items()}
        data["times"] = {key: data.pop(key) for key in TIMES}
        return json.dumps(
            data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str
        )

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read one line back; raises ValueError, KeyError or TypeError for anything else."""
        data = json.loads(line)
        return cls(**data.pop("times"), **data)


@dataclass(frozen=True)
class RunSpec:
    """What rebuilds a run: JSON-able in every field."""

    environment: str
    pilot: str
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    pilot_options: dict[str, Any] = field(default_factory=dict)
    max_steps: int | None = None
    operator: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return indented JSON text."""
        return json.dumps(plain(asdict(self)), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a spec back; raises ValueError, KeyError or TypeError for anything else."""
        return cls(**json.loads(text))


class Listener(Protocol):
    """Whoever is told about a run while it happens: the recorder, a console, an evaluation."""

    def start(self, spec: RunSpec) -> None:
        """The run is about to begin."""
        ...

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """One decision was applied; `frame` (H, W, 3) RGB is what it was made on, if any."""
        ...

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """The run ended: captured, timeout, steps, interrupted or `error: ...`."""
        ...
