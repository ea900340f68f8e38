"""The guard of a burn: throttle, duration, propellant reserve and closing speed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from helmsight.contract.command import Command
from helmsight.contract.guard import Guard, Limits, Ruling
from helmsight.contract.ranges import DAY_S, MANY
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.vehicles import DRONE, Vehicle

AXES = BurnCommand.form.vector


Throttle = Annotated[float, Field(ge=0, le=1)]


class BurnLimits(Limits):
    """The limits of a flight, on by default.

    `max_throttle` are fractions of full throttle per axis, `max_duration` seconds, `reserve` units
    of propellant that no burn may touch, `max_closing` m/s.
    """

    max_throttle: tuple[Throttle, Throttle, Throttle] = Field(
        default=(1.0, 1.0, 1.0), json_schema_extra={"unit": "of full throttle"}
    )
    max_duration: float = Field(default=10.0, gt=0, le=DAY_S, json_schema_extra={"unit": "s"})
    reserve: float = Field(
        default=12.0, ge=0, le=MANY, json_schema_extra={"unit": "units of propellant"}
    )
    max_closing: float = Field(default=60.0, gt=0, le=MANY, json_schema_extra={"unit": "m/s"})

    @model_validator(mode="before")
    @classmethod
    def _without_figures_of_the_vehicle(cls, given: Any) -> Any:
        """Leave out what records of schema 1 held and the vehicle tells."""
        if isinstance(given, Mapping):
            return {name: value for name, value in given.items() if name not in ("flow", "thrust")}
        return given


class BurnGuard(Guard):
    """Holds burns to `limits`, for one vehicle; reads closing, mass and propellant of `info`."""

    limits_model = BurnLimits
    limits: BurnLimits
    vehicle: Vehicle = DRONE

    def check(self, command: Command, info: Mapping[str, Any]) -> Ruling:
        """Return the burn as it may be applied."""
        values = command.model_dump()
        notes = [
            *self._hold_duration(values),
            *self._hold_throttle(values),
            *self._hold_closing(values, info),
            *self._hold_propellant(values, info),
        ]
        if not notes:
            return Ruling(command)
        return Ruling(type(command).model_validate(values), tuple(notes))

    def notes(self, info: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what is left of propellant and time, in words only."""
        notes = []
        if "propellant" in info and info.get("propellant_capacity"):
            share = info["propellant"] / info["propellant_capacity"]
            if info["propellant"] <= self.limits.reserve:
                word = "empty"
            else:
                word = "plenty" if share > 0.6 else "half" if share > 0.3 else "low"
            notes.append(f"propellant: {word}")
        if "time_left" in info and "met" in info:
            total = info["met"] + info["time_left"]
            share = info["time_left"] / total if total > 0 else 0.0
            word = "early" if share > 0.66 else "middle" if share > 0.33 else "late"
            notes.append(f"time: {word}" if share > 0.1 else "time: nearly over")
        return tuple(notes)

    def _hold_duration(self, values: dict[str, Any]) -> list[str]:
        if values["duration"] <= self.limits.max_duration:
            return []
        values["duration"] = self.limits.max_duration
        return ["the burn was shortened: longer than allowed"]

    def _hold_throttle(self, values: dict[str, Any]) -> list[str]:
        notes = []
        for axis, limit in zip(AXES, self.limits.max_throttle, strict=True):
            if abs(values[axis]) > limit:
                values[axis] = limit if values[axis] > 0 else -limit
                notes.append(f"{axis} thrust was limited: more throttle than allowed")
        return notes

    def _hold_closing(self, values: dict[str, Any], info: Mapping[str, Any]) -> list[str]:
        # the nose is held on the target, so only a body-axis burn ahead is sure to close in
        ahead = values["frame"] == "body" and values["forward"] > 0
        if not ahead or not {"closing", "mass"} <= info.keys():
            return []
        acceleration = self.vehicle.forward_thrust / info["mass"] * values["forward"]
        if info["closing"] + acceleration * values["duration"] <= self.limits.max_closing:
            return []
        values["forward"] = 0.0
        return ["forward thrust was cut: closing too fast"]

    def _hold_propellant(self, values: dict[str, Any], info: Mapping[str, Any]) -> list[str]:
        rates = self.vehicle.flows
        if values["frame"] != "body":
            rates = (max(rates),) * 3  # in other axes any of them may be the dear one
        flow = sum(abs(values[axis]) * rate for axis, rate in zip(AXES, rates, strict=True))
        if not flow or "propellant" not in info:
            return []
        if flow * values["duration"] <= info["propellant"] - self.limits.reserve:
            return []
        for axis in AXES:
            values[axis] = 0.0
        return ["thrust was cut: only the propellant reserve is left"]
