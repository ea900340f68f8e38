"""LeRobot's calibrations: its JSON, what it wrote into the servos, and ours as its JSON.

    {"shoulder_pan": {"id": 1, "drive_mode": 0, "homing_offset": -123,
                      "range_min": 800, "range_max": 3300}, ...}

LeRobot (since June 2025; src/lerobot/motors, robots/so_follower, robots/koch_follower) has a person
hold the arm near its middle, writes homing offsets into the servos that make this place tick 2047,
and then notes the lowest and highest tick while the joints are moved from end to end. Offsets and
ranges are kept in the file and by the servos, as position limits. A joint that it takes for turning
all the way round has 0 to 4095. Its 0 degrees are the middle of a range, its gripper runs from 0
(closed, range_min) to 100 (open); `drive_mode` 1 turns a joint round.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helmsight.contract.jsontext import parse_json
from helmsight.hardware.calibration import Calibration, Held, JointCalibration, unreadable
from helmsight.hardware.errors import InvalidSpec, SetupNeeded
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.sweep import swept
from helmsight.hardware.ticks import ServoOptions

# Servos that turn a joint round by themselves, so that drive_mode shows in their ticks already.
TURNED_BY_SERVO = ("dynamixel",)
LISTS = {"homing_offset", "motor_names"}  # keys of the older files, which hold lists
REVERSED = 1  # bit of drive_mode


class LeRobotJoint(BaseModel):
    """One joint of the file; what else stands there is not ours to judge."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: Annotated[int, Field(ge=0, le=252)]
    drive_mode: Annotated[int, Field(ge=0, le=255)]
    homing_offset: Annotated[int, Field(ge=-1_044_479, le=1_044_479)]
    range_min: Annotated[int, Field(ge=0)]
    range_max: Annotated[int, Field(ge=0)]


def calibration_from_json(text: str, source: str | Path, spec: RobotSpec) -> Calibration:
    """Return a LeRobot file as a calibration of `spec`; servos of others on its bus are left out.

    Raises:
        InvalidSpec: with file and joint or key, and what to do.
    """
    joints = _read(text, source)
    where = f"calibration {source}"
    missing = [name for name in spec.names if name not in joints]
    if missing:
        there = ", ".join(joints) or "none"
        raise InvalidSpec(
            f"{where}: no {', '.join(missing)}; it has {there}. Expected every joint of "
            f"{spec.name}: give this arm's file, or name the joints of the description as it does"
        )
    made, mistakes = {}, []
    for index, name in enumerate(spec.names):
        try:
            made[name] = _joint(spec, index, joints[name])
        except InvalidSpec as error:
            mistakes.append(str(error))
    if mistakes:
        raise InvalidSpec(f"{where}: {'. '.join(mistakes)}")
    return Calibration(robot=spec.name, joint=made)


def calibration_in_servos(spec: RobotSpec, held: Sequence[Held]) -> Calibration:
    """Return what LeRobot's calibration wrote into the servos, in the order of the joints.

    Raises:
        SetupNeeded: servos that were not calibrated so.
    """
    made = {}
    for index, (name, own) in enumerate(zip(spec.names, held, strict=True)):
        servo = spec.joint_options(ServoOptions)[index]
        full = (own.lower, own.upper) in ((0, 0), (0, servo.ticks - 1))
        try:
            if full and own.offset == 0:
                raise InvalidSpec(f"{name} (servo {servo.id}) holds no calibration")
            made[name] = _joint(
                spec, index,
                LeRobotJoint(
                    id=servo.id, drive_mode=own.drive_mode or 0, homing_offset=own.offset,
                    range_min=own.lower, range_max=own.upper,
                ),
            )  # fmt: skip
        except (InvalidSpec, ValidationError) as error:
            told = f"{name}: position limits {own.lower} to {own.upper}"
            if isinstance(error, InvalidSpec):
                told = str(error)
            raise SetupNeeded(
                f"the servos' own calibration: {told}. Calibrate the arm (helmsight calibrate, or "
                'lerobot-calibrate), or name its file instead of "servos" as device.calibration'
            ) from None
    return Calibration(robot=spec.name, joint=made)


def to_json(calibration: Calibration, spec: RobotSpec) -> str:
    """Return a calibration as LeRobot's JSON.

    Raises:
        InvalidSpec: without the servos' homing offsets it means nothing there.
    """
    joints = {}
    for name, servo in zip(spec.names, spec.joint_options(ServoOptions), strict=True):
        own = calibration.joint[name]
        if own.offset is None:
            raise InvalidSpec(
                f"{name}: this calibration has no offset, which LeRobot needs: make it again "
                "(helmsight calibrate)"
            )
        turned = int(own.sign != servo.sign)
        joints[name] = {
            "id": own.id,
            "drive_mode": turned if own.drive_mode is None else own.drive_mode,
            "homing_offset": own.offset,
            "range_min": max(0, own.lower),
            "range_max": min(servo.ticks - 1, own.upper),
        }
    return json.dumps(joints, indent=4) + "\n"


def _read(text: str, source: str | Path) -> Mapping[str, LeRobotJoint]:
    try:
        data = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(source, error) from None
    where = f"calibration {source}"
    if isinstance(data, dict) and data.keys() >= LISTS:
        raise InvalidSpec(
            f"{where}: LeRobot's format of before June 2025 (lists, start_pos and end_pos), "
            "whose zeros are of another pose and not held by the servos. It cannot be converted: "
            "calibrate the arm again, with lerobot-calibrate of today or helmsight calibrate"
        )
    if not isinstance(data, dict) or not data:
        raise InvalidSpec(
            f"{where}: expected LeRobot's calibration, a table of joints with id, drive_mode, "
            "homing_offset, range_min and range_max"
        )
    joints = {}
    for name, values in data.items():
        try:
            joints[name] = LeRobotJoint.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join((name, *map(str, first["loc"])))
            told = "missing" if first["type"] == "missing" else f"{first['msg']}"
            raise InvalidSpec(
                f"{where}: {key}: {told}; expected whole numbers id, drive_mode, homing_offset, "
                "range_min and range_max"
            ) from None
    return joints


def _joint(spec: RobotSpec, index: int, own: LeRobotJoint) -> JointCalibration:
    name, servo = spec.names[index], spec.joint_options(ServoOptions)[index]
    if own.id != servo.id:
        raise InvalidSpec(
            f"{name} is servo {own.id} there and servo {servo.id} in the description of "
            f"{spec.name}: one of them is of another arm"
        )
    if not own.range_min < own.range_max < servo.ticks:
        raise InvalidSpec(
            f"{name}: range_min {own.range_min} must be below range_max {own.range_max}, and that "
            f"below {servo.ticks}, the servo's count. Calibrate again, the arm near its middle "
            "when the first Enter is asked for"
        )
    if own.drive_mode > REVERSED and spec.driver not in TURNED_BY_SERVO:
        raise InvalidSpec(
            f"{name}: drive_mode {own.drive_mode}; expected 0, or 1 where LeRobot turns the joint "
            "round: another number leaves open which way it turns"
        )
    turns = own.drive_mode & REVERSED and spec.driver not in TURNED_BY_SERVO
    seen = swept(spec, index, own.range_min, own.range_max, -servo.sign if turns else servo.sign)
    if mistake := seen.mistake():
        raise InvalidSpec(mistake)
    in_servo = spec.driver in TURNED_BY_SERVO
    return JointCalibration(
        id=own.id, zero=seen.zero, sign=1 if seen.sign > 0 else -1,
        lower=own.range_min, upper=own.range_max,
        offset=own.homing_offset, limits=(own.range_min, own.range_max),
        drive_mode=own.drive_mode if in_servo else None,
    )  # fmt: skip
