"""Where the joints of a servo arm have their zero: calibrations, and their files.

A calibration file is TOML:

    robot = "so101"

    [joint.shoulder_pan]
    id = 1
    zero = 2048    # tick at 0 rad
    sign = 1       # -1: ticks fall while the joint rises
    lower = 796    # ticks between which the joint can move
    upper = 3300
    offset = -123  # homing offset that the servo held: it shifts all its ticks

`helmsight.hardware.lerobot` has LeRobot's files, `helmsight.hardware.scales` reads either.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from helmsight.contract.errors import NotUtf8
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml
from helmsight.contract.writing import write_whole
from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.spec import RobotSpec, Table
from helmsight.hardware.sweep import swept
from helmsight.hardware.ticks import ServoOptions, TickScale, ticks_per_unit


@dataclass(frozen=True)
class Held:
    """What a servo keeps of a calibration: homing offset, position limits, drive mode.

    drive_mode: None where a servo has none.
    """

    offset: int
    lower: int
    upper: int
    drive_mode: int | None = None


class JointCalibration(Table):
    """One joint of a calibration file, in ticks.

    offset, limits, drive_mode: what the servo must hold, since it was calibrated so; None: not
    known. A servo that holds something else shows other ticks, or is another arm's.
    """

    id: Annotated[int, Field(ge=0, le=252)]
    zero: int
    sign: Literal[1, -1]
    lower: int
    upper: int
    offset: int | None = None
    limits: tuple[int, int] | None = None
    drive_mode: int | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError(f"lower ({self.lower}) must be below upper ({self.upper})")
        return self

    def differences(self, held: Held) -> list[str]:
        """Return what a servo holds otherwise than this says, in words."""
        pairs: list[tuple[str, Any, Any]] = [
            ("homing offset", self.offset, held.offset),
            ("position limits", self.limits, (held.lower, held.upper)),
            ("drive mode", self.drive_mode, held.drive_mode),
        ]
        return [
            f"{what} {_plain(found)}, in the file {_plain(wanted)}"
            for what, wanted, found in pairs
            if wanted is not None and found is not None and wanted != found
        ]


class Calibration(Table):
    """The calibration of one robot: a `JointCalibration` for each of its joints."""

    robot: Annotated[str, Field(min_length=1)]
    joint: dict[str, JointCalibration]

    @classmethod
    def from_ranges(
        cls,
        spec: RobotSpec,
        ranges: Mapping[str, tuple[int, int]],
        offsets: Sequence[int] | None = None,
    ) -> Calibration:
        """Return the calibration of an arm whose joints were moved from end to end by hand.

        ranges: lowest and highest tick read, by joint. offsets: the servos' homing offsets, in the
        description's order. `helmsight.hardware.sweep` says where the zero lies.

        Raises:
            InvalidSpec: a joint was left out, or one of its ends was not reached.
        """
        same_joints(spec, ranges, "the ranges that were read")
        joints = {}
        for index, joint in enumerate(spec.joint):
            seen = swept(spec, index, *sorted(ranges[joint.name]))
            if mistake := seen.mistake():
                raise InvalidSpec(mistake)
            joints[joint.name] = JointCalibration(
                id=seen.servo.id, zero=seen.zero, sign=seen.servo.sign,
                lower=seen.low, upper=seen.high,
                offset=None if offsets is None else offsets[index],
            )  # fmt: skip
        return cls(robot=spec.name, joint=joints)

    @classmethod
    def load(cls, path: str | Path) -> Calibration:
        """Return the calibration in a TOML file. Raises InvalidSpec with file and key."""
        return cls.parse(read_calibration(path), path)

    @classmethod
    def parse(cls, text: str, source: str | Path) -> Calibration:
        """Return the calibration written in TOML. Raises InvalidSpec with `source` and key."""
        try:
            data = parse_toml(text)
        except tomllib.TOMLDecodeError as error:
            raise unreadable(source, error) from None
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "the file"
            raise InvalidSpec(f"calibration {source}: {key}: {first['msg']}") from None

    def save(self, path: str | Path) -> None:
        """Write the file that `load` reads."""
        lines = [f"robot = {_quoted(self.robot)}"]
        for name, joint in self.joint.items():
            lines += ["", f"[joint.{_quoted(name)}]"]
            for key, value in joint.model_dump(exclude_none=True).items():
                lines.append(f"{key} = {list(value) if isinstance(value, tuple) else value}")
        write_whole(Path(path), "\n".join(lines) + "\n")

    def scales(self, spec: RobotSpec) -> tuple[TickScale, ...]:
        """Return the conversions of `spec`'s joints. Raises InvalidSpec when they are others."""
        if self.robot != spec.name:
            raise InvalidSpec(
                f"a calibration of {self.robot!r} was given for {spec.name!r}: expected that "
                "robot's own (device.calibration names the file)"
            )
        same_joints(spec, self.joint, "the calibration")
        scales = []
        for joint, servo in zip(spec.joint, spec.joint_options(ServoOptions), strict=True):
            own = self.joint[joint.name]
            if own.id != servo.id:
                raise InvalidSpec(
                    f"the calibration has servo {own.id} for {joint.name}, the description "
                    f"servo {servo.id}: one of them is of another arm"
                )
            per_unit = own.sign * abs(ticks_per_unit(joint, servo))
            scales.append(TickScale(own.id, own.zero, per_unit, own.lower, own.upper))
        return tuple(scales)


def read_calibration(path: str | Path) -> str:
    """Return the text of a calibration file. Raises InvalidSpec."""
    try:
        return read_text(Path(path))
    except (OSError, NotUtf8) as error:
        raise unreadable(path, error) from None


def unreadable(source: str | Path, error: Exception) -> InvalidSpec:
    """Return the error of a calibration that nothing can be made of."""
    return InvalidSpec(
        f"calibration {source} cannot be read: {error}. Make one (helmsight calibrate), or remove "
        "device.calibration from the robot's description"
    )


def same_joints(spec: RobotSpec, names: Mapping[str, object], what: str) -> None:
    """Raise InvalidSpec unless `names` are those of the joints of `spec`."""
    missing = [name for name in spec.names if name not in names]
    unknown = [name for name in names if name not in spec.names]
    if missing or unknown:
        parts = [f"without {', '.join(missing)}"] if missing else []
        parts += [f"with {', '.join(unknown)}, which it does not have"] if unknown else []
        raise InvalidSpec(f"{what} of {spec.name}: {' and '.join(parts)}")


def _plain(value: Any) -> str:
    return " to ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
