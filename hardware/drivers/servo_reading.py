"""What servos say of themselves, as the state of a robot."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helmsight.hardware.robot import STANDSTILL, Mode, RobotState
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.ticks import TickScale

CURES = {
    "voltage": "measure the servos' supply under load",
    "overheated": "let it cool",
    "overload": "take away what blocks it or hangs on it",
    "overcurrent": "take away what blocks it or hangs on it",
    "electrical shock": "look at its wiring, and whether its supply is strong enough",
}
LOOK = "look at it with the vendor's tool"  # where an alarm does not say what mends it
Goal = tuple[int, int, int]  # acceleration, velocity and position, in register units


@dataclass(frozen=True)
class ServoReading:
    """One servo's registers, read at once. position: ticks; velocity: ticks/s.

    effort: what drives it, by name and unit (`load`, share of full; `current_a`). prepared: whether
    what `_prepare` sets is in force; a servo that lost its power in between has forgotten it.
    """

    energised: bool
    goal: Goal
    prepared: bool
    position: int
    velocity: float
    moving: bool
    volts: float
    celsius: float
    effort: Mapping[str, float]
    faults: tuple[str, ...] = ()
    tripped: bool = False


def state_of(
    spec: RobotSpec, scales: Sequence[TickScale], readings: Sequence[ServoReading]
) -> RobotState:
    """Return the state that the readings of all joints, just taken, amount to."""
    both = list(zip(scales, readings, strict=True))
    positions = tuple(scale.value(reading.position) for scale, reading in both)
    velocities = tuple(scale.rate(reading.velocity) for scale, reading in both)
    moving = any(r.moving for r in readings) or any(abs(v) > STANDSTILL for v in velocities)
    mode, faults = Mode.moving if moving else Mode.ready, faults_of(spec, readings)
    if any(r.tripped for r in readings):
        mode, faults = Mode.held, (*faults, "bus watchdog tripped: the host was silent")
    elif faults:
        mode = Mode.alarm
    details = {}
    for name, r in zip(spec.names, readings, strict=True):
        details[f"{name}_voltage_v"] = r.volts
        details[f"{name}_temperature_c"] = r.celsius
        details |= {f"{name}_{key}": value for key, value in r.effort.items()}
    energised = any(r.energised for r in readings)
    return RobotState(
        time.monotonic(), positions, velocities, mode, energised, tool_of(spec, positions), faults,
        details,
    )  # fmt: skip


def faults_of(spec: RobotSpec, readings: Sequence[ServoReading]) -> tuple[str, ...]:
    """Return the alarms of all joints, each with its joint."""
    return tuple(
        f"{name}: {fault}"
        for name, reading in zip(spec.names, readings, strict=True)
        for fault in reading.faults
    )


def cure_of(faults: Sequence[str]) -> str:
    """Return what mends these alarms, each advice once."""
    advice = ", ".join(dict.fromkeys(CURES.get(fault, LOOK) for fault in faults))
    return advice[:1].upper() + advice[1:]


def tool_of(spec: RobotSpec, positions: Sequence[float]) -> bool | None:
    """Return which of its two places the tool joint is nearer to, None if no joint is the tool."""
    tool = spec.tool
    if tool.kind != "joint" or tool.open is None or tool.closed is None:
        return None
    here = positions[spec.names.index(tool.joint)]
    return abs(here - tool.closed) < abs(here - tool.open)
