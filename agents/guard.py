"""The guard between a wanted command and the world: envelope, rate and budget limits.

The guard is a supervisor, not the pilot: it reads the world's own measures. What it tells a model
is in words without numbers, so that a pilot that flies from pixels learns none from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from helmsight.contract.command import Command

AXES = ("forward", "right", "down")


class Limits(BaseModel):
    """The limits of a flight, on by default. Fractions of full throttle, seconds, m/s, units.

    `flow` is the propellant flow at full throttle per axis, units/s, and `thrust` the force along
    `forward`, N: the public vehicle's 8 kN fore/aft and 4 kN lateral at Isp 240 s, 4 kg a unit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    enabled: bool = True
    max_throttle: tuple[float, float, float] = (1.0, 1.0, 1.0)
    max_duration: float = Field(default=10.0, gt=0)
    reserve: float = Field(default=12.0, ge=0)
    max_closing: float = Field(default=60.0, gt=0)
    flow: tuple[float, float, float] = (0.8497, 0.4249, 0.4249)
    thrust: float = Field(default=8000.0, gt=0)


@dataclass(frozen=True)
class Ruling:
    """What the guard allows: the command to apply and, in words, what was cut and why."""

    command: Command
    clamped: tuple[str, ...] = ()


class Guard:
    """Holds commands to `limits`. Commands without throttle axes only have their duration held."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()

    def check(self, command: Command, measures: Mapping[str, Any]) -> Ruling:
        """Return the command as it may be applied; `measures` are the world's own values."""
        if not self.limits.enabled:
            return Ruling(command)
        values = command.model_dump()
        notes = [
            *self._hold_duration(values),
            *self._hold_throttle(values),
            *self._hold_closing(values, measures),
            *self._hold_propellant(values, measures),
        ]
        if not notes:
            return Ruling(command)
        return Ruling(type(command).model_validate(values), tuple(notes))

    def _hold_duration(self, values: dict[str, Any]) -> list[str]:
        if values["duration"] <= self.limits.max_duration:
            return []
        values["duration"] = self.limits.max_duration
        return ["the burn was shortened: longer than allowed"]

    def _hold_throttle(self, values: dict[str, Any]) -> list[str]:
        notes = []
        for axis, limit in zip(AXES, self.limits.max_throttle, strict=True):
            if abs(values.get(axis, 0.0)) > limit:
                values[axis] = limit if values[axis] > 0 else -limit
                notes.append(f"{axis} thrust was limited: more throttle than allowed")
        return notes

    def _hold_closing(self, values: dict[str, Any], measures: Mapping[str, Any]) -> list[str]:
        # the nose is held on the target, so only a body-axis burn ahead is sure to close in
        ahead = values.get("frame", "body") == "body" and values.get("forward", 0.0) > 0
        if not ahead or not {"closing", "mass"} <= measures.keys():
            return []
        gain = self.limits.thrust / measures["mass"] * values["forward"] * values["duration"]
        if measures["closing"] + gain <= self.limits.max_closing:
            return []
        values["forward"] = 0.0
        return ["forward thrust was cut: closing too fast"]

    def _hold_propellant(self, values: dict[str, Any], measures: Mapping[str, Any]) -> list[str]:
        body = values.get("frame", "body") == "body"
        rates = self.limits.flow if body else (max(self.limits.flow),) * 3  # any axis may be aft
        flow = sum(
            abs(values.get(axis, 0.0)) * rate for axis, rate in zip(AXES, rates, strict=True)
        )
        if not flow or "propellant" not in measures:
            return []
        spare = measures["propellant"] - self.limits.reserve
        if flow * values["duration"] <= spare:
            return []
        for axis in AXES:
            values[axis] = 0.0
        return ["thrust was cut: only the propellant reserve is left"]


def budget_notes(measures: Mapping[str, Any], limits: Limits) -> tuple[str, ...]:
    """Return what is left of propellant and time, in words only."""
    notes = []
    if "propellant" in measures and measures.get("propellant_capacity"):
        share = measures["propellant"] / measures["propellant_capacity"]
        if measures["propellant"] <= limits.reserve:
            word = "empty"
        else:
            word = "plenty" if share > 0.6 else "half" if share > 0.3 else "low"
        notes.append(f"propellant: {word}")
    if "time_left" in measures and "met" in measures:
        total = measures["met"] + measures["time_left"]
        share = measures["time_left"] / total if total > 0 else 0.0
        word = "early" if share > 0.66 else "middle" if share > 0.33 else "late"
        notes.append(f"time: {word}" if share > 0.1 else "time: nearly over")
    return tuple(notes)
