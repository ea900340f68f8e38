"""Where the joints of a servo arm have their zero: between register ticks and rad or m.

A calibration file is TOML:

    robot = "so101"

    [joint.shoulder_pan]
    id = 1
    zero = 2048    # tick at 0 rad
    sign = 1       # -1: ticks fall while the joint rises
    lower = 796    # ticks between which the joint can move
    upper = 3300
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from helmsight.contract.errors import NotUtf8
from helmsight.contract.textfiles import read_text
from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.spec import Joint, Positive, RobotSpec, Table

ENOUGH = 0.5  # share of a described range below which a recorded one is taken for a mistake


class ServoOptions(Table):
    """`joint.device` of a servo bus.

    id: on the bus. zero: tick at 0 rad or m. sign: 1 when ticks rise with the joint. ticks: a turn
    of the servo. travel: m a turn of the servo, for prismatic joints only. model, mode: what the
    servo's registers must say; None: what the driver expects. torque_limit: share of full torque;
    None: the bus's.
    """

    id: Annotated[int, Field(ge=0, le=252)]
    zero: int = 2048
    sign: Literal[1, -1] = 1
    ticks: Annotated[int, Field(gt=0)] = 4096
    travel: Positive | None = None
    model: int | None = None
    mode: int | None = None
    torque_limit: Annotated[float, Field(gt=0, le=1)] | None = None


@dataclass(frozen=True)
class TickScale:
    """One joint's conversion. per_unit: ticks a rad or m, with its sign. lower, upper: ticks."""

    id: int
    zero: int
    per_unit: float
    lower: int
    upper: int

    def tick(self, value: float) -> int:
        """Return the nearest tick of a position, rad or m."""
        return round(self.zero + value * self.per_unit)

    def value(self, ticks: float) -> float:
        """Return the position at a tick, rad or m."""
        return (ticks - self.zero) / self.per_unit + 0.0  # never -0

    def rate(self, ticks: float) -> float:
        """Return the velocity, rad/s or m/s, of so many ticks a second."""
        return ticks / self.per_unit + 0.0

    def within(self, lower: int, upper: int) -> TickScale:
        """Return this scale with a range that is not wider than the given one."""
        low, high = max(self.lower, lower), min(self.upper, upper)
        return TickScale(self.id, self.zero, self.per_unit, low, high)


class JointCalibration(Table):
    """One joint of a calibration file, in ticks."""

    id: Annotated[int, Field(ge=0, le=252)]
    zero: int
    sign: Literal[1, -1]
    lower: int
    upper: int

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError(f"lower ({self.lower}) must be below upper ({self.upper})")
        return self


class Calibration(Table):
    """The calibration of one robot: a `JointCalibration` for each of its joints."""

    robot: Annotated[str, Field(min_length=1)]
    joint: dict[str, JointCalibration]

    @classmethod
    def from_ranges(cls, spec: RobotSpec, ranges: Mapping[str, tuple[int, int]]) -> Calibration:
        """Return the calibration of an arm whose joints were moved from end to end by hand.

        ranges: lowest and highest tick read, by joint. The middle of what was read is taken as the
        middle of the described range, as LeRobot does; sign is the description's.

        Raises:
            InvalidSpec: a joint was left out, or hardly moved.
        """
        _same_joints(spec, ranges, "the ranges that were read")
        joints = {}
        options = spec.joint_options(ServoOptions)
        for joint, servo in zip(spec.joint, options, strict=True):
            low, high = sorted(ranges[joint.name])
            per_unit = _per_unit(joint, servo)
            share = (high - low) / range_ticks(joint, servo)
            if share < ENOUGH:
                raise InvalidSpec(
                    f"{joint.name} was moved from tick {low} to {high} only, {share:.0%} of its "
                    "described range: move it slowly from one end stop to the other"
                )
            # Two unknowns for each joint, zero and sign: the sign is described, and the middle of
            # the range that was moved through is the middle of the described one.
            zero = round((low + high) / 2.0 - per_unit * (joint.lower + joint.upper) / 2.0)
            joints[joint.name] = JointCalibration(
                id=servo.id, zero=zero, sign=servo.sign, lower=low, upper=high
            )
        return cls(robot=spec.name, joint=joints)

    @classmethod
    def load(cls, path: str | Path) -> Calibration:
        """Return the calibration in a file. Raises InvalidSpec with file and key."""
        try:
            data = tomllib.loads(read_text(Path(path)))
        except (OSError, NotUtf8, tomllib.TOMLDecodeError) as error:
            raise InvalidSpec(
                f"calibration {path} cannot be read: {error}. Make one, or remove "
                "device.calibration from the robot's description"
            ) from None
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "the file"
            raise InvalidSpec(f"calibration {path}: {key}: {first['msg']}") from None

    def save(self, path: str | Path) -> None:
        """Write the file that `load` reads."""
        lines = [f"robot = {_quoted(self.robot)}"]
        for name, joint in self.joint.items():
            lines += ["", f"[joint.{_quoted(name)}]"]
            lines += [f"{key} = {value}" for key, value in joint.model_dump().items()]
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def scales(self, spec: RobotSpec) -> tuple[TickScale, ...]:
        """Return the conversions of `spec`'s joints. Raises InvalidSpec when they are others."""
        if self.robot != spec.name:
            raise InvalidSpec(
                f"a calibration of {self.robot!r} was given for {spec.name!r}: expected that "
                "robot's own (device.calibration names the file)"
            )
        _same_joints(spec, self.joint, "the calibration")
        scales = []
        for joint, servo in zip(spec.joint, spec.joint_options(ServoOptions), strict=True):
            own = self.joint[joint.name]
            if own.id != servo.id:
                raise InvalidSpec(
                    f"the calibration has servo {own.id} for {joint.name}, the description "
                    f"servo {servo.id}: one of them is of another arm"
                )
            per_unit = own.sign * abs(_per_unit(joint, servo))
            scales.append(TickScale(own.id, own.zero, per_unit, own.lower, own.upper))
        return tuple(scales)


def scales_of(spec: RobotSpec, path: str | None) -> tuple[TickScale, ...]:
    """Return the conversions by a calibration file, without one those of the description.

    Raises:
        InvalidSpec: a file that is damaged or of another robot, or a joint without its `travel`.
    """
    if path is not None:
        return Calibration.load(path).scales(spec)
    scales = []
    for joint, servo in zip(spec.joint, spec.joint_options(ServoOptions), strict=True):
        per_unit = _per_unit(joint, servo)
        ends = sorted(servo.zero + per_unit * end for end in (joint.lower, joint.upper))
        low, high = math.floor(ends[0] + 1e-6), math.ceil(ends[1] - 1e-6)
        scales.append(TickScale(servo.id, servo.zero, per_unit, low, high))
    ids = [scale.id for scale in scales]
    if len(set(ids)) < len(ids):
        raise InvalidSpec(f"{spec.name}: servo ids {ids}: expected a different one each joint")
    return tuple(scales)


def range_ticks(joint: Joint, servo: ServoOptions) -> float:
    """Return the described range of a joint in ticks, above 0. Raises as scales_of."""
    return abs(_per_unit(joint, servo) * (joint.upper - joint.lower))


def _per_unit(joint: Joint, servo: ServoOptions) -> float:
    if (joint.kind == "prismatic") != (servo.travel is not None):
        raise InvalidSpec(
            f"{joint.name} is {joint.kind}: device.travel (m a turn of the servo) belongs to "
            "prismatic joints, and only to them"
        )
    return servo.sign * servo.ticks / (servo.travel or 2.0 * math.pi)


def _same_joints(spec: RobotSpec, names: Mapping[str, object], what: str) -> None:
    missing = [name for name in spec.names if name not in names]
    unknown = [name for name in names if name not in spec.names]
    if missing or unknown:
        parts = [f"without {', '.join(missing)}"] if missing else []
        parts += [f"with {', '.join(unknown)}, which it does not have"] if unknown else []
        raise InvalidSpec(f"{what} of {spec.name}: {' and '.join(parts)}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
