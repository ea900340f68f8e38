"""The conversions of one robot's joints: by a calibration file, its servos, or its description."""

from __future__ import annotations

import math
from pathlib import Path

from helmsight.hardware.calibration import Calibration, read_calibration
from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.lerobot import calibration_from_json
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.ticks import ServoOptions, TickScale, ticks_per_unit

IN_SERVOS = "servos"  # what device.calibration says when the servos themselves hold it


def load_calibration(path: str | Path, spec: RobotSpec) -> Calibration:
    """Return the calibration in a file, ours (TOML) or LeRobot's (JSON), told by its content.

    Raises:
        InvalidSpec: with file and key or joint: damaged, incomplete, or of another robot.
    """
    text = read_calibration(path)
    if text.lstrip().startswith(("{", "[]", "[{")):
        return calibration_from_json(text, path, spec)
    return Calibration.parse(text, path)


def described_scales(spec: RobotSpec) -> tuple[TickScale, ...]:
    """Return the conversions as the description has them.

    Raises:
        InvalidSpec: two joints with one servo, or a joint without its `travel`.
    """
    scales = []
    for joint, servo in zip(spec.joint, spec.joint_options(ServoOptions), strict=True):
        per_unit = ticks_per_unit(joint, servo)
        ends = sorted(servo.zero + per_unit * end for end in servo.stops_of(joint))
        low, high = math.floor(ends[0] + 1e-6), math.ceil(ends[1] - 1e-6)
        scales.append(TickScale(servo.id, servo.zero, per_unit, low, high))
    ids = [scale.id for scale in scales]
    if len(set(ids)) < len(ids):
        raise InvalidSpec(f"{spec.name}: servo ids {ids}: expected a different one each joint")
    return tuple(scales)


def scales_of(spec: RobotSpec, calibration: str | None) -> tuple[TickScale, ...]:
    """Return the conversions by a calibration file, without one those of the description.

    calibration: `device.calibration`; for "servos", too, the description is all that is known
    before they are asked.

    Raises:
        InvalidSpec: as load_calibration and described_scales.
    """
    if calibration is None or calibration == IN_SERVOS:
        return described_scales(spec)
    return load_calibration(calibration, spec).scales(spec)
