"""A room to keep warm: a whole world for Helmsight in one file, and a pilot for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

import gymnasium
import numpy as np
from pydantic import Field

from helmsight.contract.clock import Clock, ClockRules, TimeRule
from helmsight.contract.command import Command
from helmsight.contract.guard import Guard, Limits, Ruling
from helmsight.contract.measures import Measure
from helmsight.contract.observation import ObservationMode, TelemetryField, observation_mode
from helmsight.contract.outcome import Outcome
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.plots import Curve, TimePlot
from helmsight.contract.task import Task

STEP_S, EVENING_S, WANTED = 60.0, 4 * 3600.0, 21.0


class Heat(Command):
    """Set the heater for the next minute."""

    heating: Annotated[float, Field(ge=0.0, le=1.0, description="share of full power")]

    @classmethod
    def null(cls) -> Self:
        """Return the heater switched off."""
        return cls(heating=0.0)

    @classmethod
    def choices(cls) -> Iterator[Self]:
        """Yield five powers from none to full."""
        yield from (cls(heating=quarter / 4) for quarter in range(5))

    def action(self) -> Any:
        """Return the power as an array (1,)."""
        return np.array([self.heating], np.float32)


class HeaterLimits(Limits):
    """No heating above this room temperature, degrees Celsius."""

    hottest: float = Field(default=24.0, json_schema_extra={"unit": "°C"})


class HeaterGuard(Guard):
    """Switches the heater off in a room that is hot."""

    limits_model = HeaterLimits
    limits: HeaterLimits

    def check(self, command: Command, info: Any) -> Ruling:
        """Return the command, or no heating at all."""
        if info["temperature"] < self.limits.hottest or command == Heat.null():
            return Ruling(command)
        return Ruling(Heat.null(), ("the heater was switched off: the room is hot",))


TASK = Task(
    name="Thermostat",
    goal="Keep the room at 21 degrees through a cold evening.",
    command=Heat,
    fields=(TelemetryField("temperature", "C"), TelemetryField("outside", "C")),
    regions={"thermometer": (70, 10, 90, 110)},
    briefing="You heat a room. Task: {{ goal }}\nEach command holds for one minute.",
    measures=(
        Measure("temperature", "C", live=True),
        Measure("outside", "C"),
        Measure("energy", "kWh", better="lower", digits=2),
    ),
    guard=HeaterGuard,
    outcome=Outcome(
        "comfortable",
        Measure("score", "C", "mean deviation", better="lower"),
        (Measure("energy", "kWh", "energy", "lower", digits=2),),
    ),
    plots=(TimePlot("room", "Temperature", "C", (Curve("temperature"), Curve("outside"))),),
    clock=ClockRules(("paused", "fixed", "measured"), "paused", frozen_s=None),
)


class Thermostat(gymnasium.Env[dict[str, Any], Any]):
    """A room that loses heat to a cold evening; 2 kW, four hours, a command a minute."""

    task = TASK
    action_space = gymnasium.spaces.Box(0.0, 1.0, (1,))

    def __init__(self, observation: str = "frame+telemetry", time: str = "paused") -> None:
        self.observation_mode, self.clock = (
            observation_mode(observation),
            Clock(TimeRule.parse(time)),
        )
        parts: dict[str, gymnasium.spaces.Space[Any]] = {
            "frame": gymnasium.spaces.Box(0, 255, (120, 160, 3), np.uint8),
            "telemetry": gymnasium.spaces.Box(-60.0, 120.0, (2,), np.float64),
        }
        shown = {key: parts[key] for key in observation.split("+")}
        self.observation_space = gymnasium.spaces.Dict(shown)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        """Begin the evening; the seed sets how cold it is outside."""
        super().reset(seed=seed)
        self.met, self.energy, self.missed = 0.0, 0.0, 0.0
        self.temperature, self.outside = 15.0, float(self.np_random.uniform(-10.0, 5.0))
        return self._told(0.0, 0.0)

    def step(self, action: Any) -> Any:
        """Let the time of thinking pass without heat, then heat for a minute."""
        lag, heating = self.clock.lag(), float(np.asarray(action)[0])
        self._pass(lag, 0.0)
        self._pass(STEP_S, heating)
        observation, info = self._told(lag, heating)
        return observation, -abs(self.temperature - WANTED), False, self.met >= EVENING_S, info

    def _pass(self, seconds: float, heating: float) -> None:
        loss = 60.0 * (self.temperature - self.outside)  # W, at 60 W a degree
        self.temperature += (2000.0 * heating - loss) * seconds / 4e5
        self.energy += 2.0 * heating * seconds / 3600.0
        self.missed += abs(self.temperature - WANTED) * seconds
        self.met += seconds

    def _told(self, lag: float, heating: float) -> tuple[dict[str, Any], dict[str, Any]]:
        frame = np.full((120, 160, 3), 235, np.uint8)
        frame[110 - int(np.clip(2 * self.temperature + 20, 0, 100)) : 110, 70:90] = (200, 40, 40)
        whole = {"frame": frame, "telemetry": np.array([self.temperature, self.outside])}
        score = self.missed / self.met if self.met else 0.0
        self.clock.observed()
        return {key: whole[key] for key in self.observation_mode.split("+")}, {
            "met": self.met, "lag": lag, "applied": {"heating": heating}, "score": score,
            "temperature": self.temperature, "outside": self.outside, "energy": self.energy,
            "comfortable": self.met >= EVENING_S and score < 1.5,
        }  # fmt: skip


class TwoPoint:
    """Heats at full power below the wanted temperature and not at all above it."""

    name, command, telemetry, remembers = "two-point", Heat, ("temperature",), False
    needs: ObservationMode = "telemetry"

    def reset(self, task: Task, seed: int) -> None:
        """Nothing to prepare."""

    def decide(self, sighting: Sighting) -> Decision:
        """Answer full power or none."""
        return Decision(Heat(heating=float(sighting.observation["telemetry"][0] < WANTED)))


def register() -> None:
    """Register the world with gymnasium."""
    gymnasium.register("thermostat/Evening-v0", "thermostat:Thermostat", disable_env_checker=True)
