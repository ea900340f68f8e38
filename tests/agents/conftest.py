"""A world of one axis, small enough to read: what the loop's tests fly in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Annotated, Any, ClassVar, Literal, Self

import gymnasium
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.command import Command, CommandForm
from helmsight.contract.measures import Measure
from helmsight.contract.observation import TelemetryField
from helmsight.contract.outcome import Outcome
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.guard import BurnGuard

Throttle = Annotated[float, Field(ge=-1, le=1)]


class Burn(Command):
    form: ClassVar[CommandForm] = CommandForm(vector=("forward", "right", "down"), home="body")

    forward: Throttle = 0.0
    right: Throttle = 0.0
    down: Throttle = 0.0
    duration: Annotated[float, Field(gt=0, le=10)] = 0.5
    frame: SkipJsonSchema[Literal["body"]] = "body"

    @classmethod
    def null(cls) -> Self:
        return cls()

    @classmethod
    def choices(cls) -> Iterator[Self]:
        for forward, right, down in product((-1, 0, 1), repeat=3):
            yield cls(forward=forward, right=right, down=down)

    def action(self) -> NDArray[np.float64]:
        return np.array([self.forward, self.right, self.down, self.duration])

    def text(self) -> str:
        return (
            f'{{"forward": {self.forward:g}, "right": {self.right:g}, '
            f'"down": {self.down:g}, "duration": {self.duration:g}}}'
        )


class World(gymnasium.Env[Any, Any]):
    """A target 1,000 m ahead on one axis; the picture is a bar as long as the range."""

    def __init__(self, observation: str = "frame+telemetry", time: str = "paused") -> None:
        self.observation_mode = observation
        self.clock = Clock(TimeRule.parse(time))
        self.frozen = False
        self.task = Task(
            name="TOY_E1_I1",
            goal="Reach the target.",
            command=Burn,
            objects=("target", "prograde"),
            regions={"navball": (0, 0, 32, 32), "readouts": (32, 32, 64, 64)},
            fields=(
                TelemetryField("range", "m"),
                TelemetryField("closing", "m/s", "line of sight"),
            ),
            measures=tuple(map(Measure, ("met", "range", "closing", "propellant"))),
            guard=BurnGuard,
            outcome=Outcome("captured", Measure("score", better="lower")),
        )

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.range = 1000.0 + float(self.np_random.normal())
        self.closing, self.met, self.propellant = 37.0, 3.25, 100.0
        self.clock.observed()
        return self._observation(), self._info(0.0)

    def step(self, action: Any) -> Any:
        lag = self.clock.lag()
        if not self.frozen:
            self.met += lag + float(action[3])
            self.range -= self.closing * (lag + float(action[3]))
            self.closing += 1.2 * float(action[0]) * float(action[3])
            self.propellant -= float(np.abs(action[:3]).sum() * action[3])
        self.clock.observed()
        captured = self.range < 50
        return self._observation(), 0.0, captured, self.met > 240, self._info(lag)

    def _observation(self) -> dict[str, Any]:
        frame = np.zeros((64, 64, 3), np.uint8)
        frame[:, : int(np.clip(self.range / 16, 1, 64))] = (int(self.met * 7) % 200, 90, 40)
        whole = {"frame": frame, "telemetry": np.array([self.range, self.closing])}
        return {key: whole[key] for key in self.observation_mode.split("+")}

    def _info(self, lag: float) -> dict[str, Any]:
        return {
            "met": self.met,
            "range": self.range,
            "speed": abs(self.closing),
            "closing": self.closing,
            "propellant": self.propellant,
            "propellant_capacity": 100.0,
            "mass": 6685.0,
            "fuel_used": 100.0 - self.propellant,
            "time_left": 240 - self.met,
            "captured": self.range < 50,
            "score": self.range,
            "closest_approach": self.range,
            "lag": lag,
        }


class Steady:
    """A pilot that gives the answers of `script` one after another, then coasts."""

    def __init__(self, *script: Any, needs: str = "frame") -> None:
        self.name, self.needs = "steady", needs
        self.script = list(script)
        self.shown: list[Sighting] = []

    def reset(self, task: Task, seed: int) -> None:
        self.task, self.shown = task, []

    def decide(self, sighting: Sighting) -> Decision:
        self.shown.append(sighting)
        at = len(self.shown) - 1
        answer = self.script[at] if at < len(self.script) else {}
        if isinstance(answer, BaseException):
            raise answer
        return Decision(None if answer is None else self.task.command(**answer))


class Notebook:
    """A listener that remembers what it was told."""

    def __init__(self) -> None:
        self.spec: Any = None
        self.records: list[Any] = []
        self.reason = ""
        self.summary: dict[str, Any] = {}

    def start(self, spec: Any) -> None:
        self.spec = spec

    def step(self, record: Any, frame: Any) -> None:
        self.records.append(record)

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        self.reason, self.summary = reason, summary


@pytest.fixture
def world() -> Callable[..., World]:
    return World


@pytest.fixture
def steady() -> Callable[..., Steady]:
    return Steady


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()
