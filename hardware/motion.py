"""What is asked of a robot and what it answers: motions, states, reports. SI units and radians."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from helmsight.hardware.errors import TargetRefused
from helmsight.hardware.spec import RobotSpec

STANDSTILL = 0.02  # rad/s or m/s; below it a joint counts as standing (one tick of jitter)
ROUNDING = 1e-6  # rad or m a target may lie outside a limit by arithmetic alone


@dataclass(frozen=True)
class JointTargets:
    """Absolute joint positions, rad or m, one a joint of the description.

    duration_s: how long the way there should take; None: the horizon of the robot's limits.
    tool: the tool bit; None leaves the tool as it is.
    """

    positions: tuple[float, ...]
    duration_s: float | None = None
    tool: bool | None = None


@dataclass(frozen=True)
class Twist:
    """Velocity of the tool point in the base frame, for `duration_s`: the action R^6 x {0,1}.

    linear: m/s; angular: rad/s; tool as in JointTargets.
    """

    linear: tuple[float, float, float]
    angular: tuple[float, float, float] = (0.0, 0.0, 0.0)
    duration_s: float | None = None
    tool: bool | None = None


Motion = JointTargets | Twist


@dataclass(frozen=True)
class Sent:
    """What was really sent, and acknowledged by the device.

    positions: joint targets after rounding to what the device can express, rad or m.
    stamp_s: time.monotonic() of the acknowledgement. attempts: 1 when nothing was sent again.
    """

    positions: tuple[float, ...]
    duration_s: float
    tool: bool | None
    stamp_s: float
    attempts: int = 1
    notes: tuple[str, ...] = ()


class Mode(StrEnum):
    """What a device says of itself."""

    ready = "ready"
    moving = "moving"
    held = "held"  # a feed hold or a watchdog keeps it; a move or reset goes on
    stopped = "stopped"  # refuses motion until reset
    alarm = "alarm"  # stopped by the device itself


@dataclass(frozen=True)
class RobotState:
    """One reading of the device, never remembered from before.

    stamp_s: time.monotonic() when it arrived. positions, velocities: rad or m (a second).
    energised: whether the motors hold; None where the protocol cannot tell.
    details: voltage, current, temperature, overrides ... by name, in SI units.
    """

    stamp_s: float
    positions: tuple[float, ...]
    velocities: tuple[float, ...]
    mode: Mode
    energised: bool | None = None
    tool: bool | None = None
    faults: tuple[str, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def standing(self) -> bool:
        """Whether every joint stands still by the device's own account."""
        return self.mode != Mode.moving and all(abs(v) <= STANDSTILL for v in self.velocities)


@dataclass(frozen=True)
class StopReport:
    """A stop that the device's own read-back confirmed."""

    state: RobotState
    attempts: int
    seconds: float


def check_targets(spec: RobotSpec, targets: JointTargets) -> None:
    """Raise TargetRefused unless `targets` are whole, finite and within the joint limits."""
    joints = spec.joint
    if len(targets.positions) != len(joints):
        raise TargetRefused(
            f"{len(targets.positions)} targets given, {len(joints)} joints: {', '.join(spec.names)}"
        )
    if targets.duration_s is not None and not 0 < targets.duration_s < math.inf:
        raise TargetRefused(f"duration {targets.duration_s} s: expected a time above 0")
    for joint, value in zip(joints, targets.positions, strict=True):
        if not joint.lower - ROUNDING <= value <= joint.upper + ROUNDING:  # NaN fails, too
            unit = "rad" if joint.kind == "revolute" else "m"
            raise TargetRefused(
                f"{joint.name} {value:g} {unit}: expected "
                f"{joint.lower:g} to {joint.upper:g} {unit}; nothing was sent"
            )
