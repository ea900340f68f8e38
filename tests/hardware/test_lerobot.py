"""LeRobot's calibrations: public files, damaged files, and ours in their form."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.calibration import Calibration
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.feetech import FeetechBus
from helmsight.hardware.emulators.servos import EmulatedServoBus
from helmsight.hardware.errors import InvalidSpec, SetupNeeded
from helmsight.hardware.lerobot import to_json
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.scales import load_calibration
from helmsight.hardware.spec import RobotSpec, load_spec, parse_spec, shipped
from helmsight.hardware.sweep import ZERO_ERROR
from helmsight.hardware.ticks import ServoOptions, range_ticks
from tests.hardware.public_calibrations import (
    OLD_FORMAT,
    PUBLISHED,
    SMALLEST,
    SO_JOINTS,
    Published,
    motor,
)

SPEC = load_spec("so101")
GOOD = json.loads(SMALLEST.text())


def spec_for(robot: str) -> RobotSpec:
    """Return a description; those of a LeKiwi's arm and of a Koch are like so101's."""
    if robot not in ("lekiwi_arm", "koch"):
        return load_spec(robot)
    text = shipped()["so101"].read_text(encoding="utf-8")
    if robot == "koch":  # its shoulder turns nearly all the way round
        return parse_spec(text.replace("feetech", "dynamixel").replace("1.91986", "3.0"))
    for name in SO_JOINTS:
        text = text.replace(f'"{name}"', f'"arm_{name}"')
    return parse_spec(text.replace('"so101"', '"lekiwi_arm"', 1))


def load(tmp_path: Path, text: str, spec: RobotSpec = SPEC) -> Calibration:
    """Return what a file with `text` is read as."""
    path = tmp_path / "arm.json"
    path.write_text(text, encoding="utf-8")
    return load_calibration(path, spec)


def named(tmp_path: Path, text: str, robot: str = "so101") -> Path:
    """Return a description that names a calibration with `text`."""
    (tmp_path / "arm.json").write_text(text, encoding="utf-8")
    mine = tmp_path / "mine.toml"
    source = shipped()[robot].read_text(encoding="utf-8").splitlines()
    lines = [line for line in source if not line.startswith("calibration")]
    at = lines.index("[device]") + 1
    lines.insert(at, f'calibration = "{(tmp_path / "arm.json").as_posix()}"')
    mine.write_text("\n".join(lines), encoding="utf-8")
    return mine


def hold(device: object, published: Published) -> None:
    """Write into the servos what LeRobot's calibration wrote there."""
    assert isinstance(device, FeetechBus)
    for servo, (offset, low, high) in zip(device.servos, published.rows, strict=True):
        servo["homing_offset"], servo["min_position"], servo["max_position"] = offset, low, high
        # the emulated shaft is turned so that it shows the middle of this range
        shown = servo.tick
        servo.axis.position += ((low + high) // 2 - shown) / servo.scale.per_unit
        servo.axis.target = servo.axis.position
        servo["goal_position"] = servo.tick


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda p: p.owner)
def test_a_public_calibration_loads_or_every_joint_that_is_wrong_is_named(
    tmp_path: Path, published: Published
) -> None:
    spec = spec_for(published.robot)
    if published.refused:
        with pytest.raises(InvalidSpec, match=r"arm\.json: ") as refused:
            load(tmp_path, published.text(), spec)
        words = str(refused.value)
        assert [name for name in SO_JOINTS if f"{name} was seen" in words] == list(
            published.refused
        )
        assert words.count("Calibrate") + words.count("stops of") >= len(published.refused)
        return
    made = load(tmp_path, published.text(), spec)
    made_scales = made.scales(spec)
    for joint, scale, (_, low, high) in zip(spec.joint, made_scales, published.rows, strict=True):
        if joint.name.endswith("gripper"):
            assert scale.value(low) == pytest.approx(joint.lower, abs=2e-3)  # closed
            assert scale.value(high) > 1.5
        else:
            middle = (joint.lower + joint.upper) / 2
            assert scale.value((low + high) / 2) == pytest.approx(middle, abs=2e-3)


def test_ten_public_calibrations_and_more_were_tried() -> None:
    assert len(PUBLISHED) >= 10
    assert {len(p.refused) > 0 for p in PUBLISHED} == {True, False}
    assert {p.robot for p in PUBLISHED} == {"so100", "so101", "lekiwi_arm", "koch"}


def test_the_smallest_gripper_closes_at_its_lowest_tick(tmp_path: Path) -> None:
    scale = load(tmp_path, SMALLEST.text()).scales(SPEC)[-1]
    assert (scale.lower, scale.upper) == (2020, 3439)
    closed = SPEC.joint[-1].lower
    assert scale.tick(closed) == 2020
    assert scale.tick(1.2) == round(2020 + (1.2 - closed) * 4096 / (2 * math.pi))


def test_drive_mode_1_turns_a_joint_round(tmp_path: Path) -> None:
    turned = GOOD | {"gripper": motor(6, 1131, 2020, 3439, drive_mode=1)}
    scale = load(tmp_path, json.dumps(turned)).scales(SPEC)[-1]
    assert scale.value(3439) == pytest.approx(SPEC.joint[-1].lower, abs=2e-3)
    assert scale.tick(1.2) < scale.tick(0.0)


@pytest.mark.parametrize("old", OLD_FORMAT, ids=["koch", "so100"])
def test_the_old_format_is_named_with_what_to_do(tmp_path: Path, old: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match=r"format of before.*cannot be converted.*calibrate"):
        load(tmp_path, json.dumps(old))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"elbow_flex": None}, r"no elbow_flex; it has shoulder_pan, .*every joint of so101"),
        ({"elbow_flex": {"id": 3}}, r"elbow_flex\.drive_mode: missing"),
        ({"elbow_flex": 3}, r"elbow_flex: .*expected whole numbers id"),
        ({"elbow_flex": motor(9, 0, 850, 3054)}, "elbow_flex is servo 9 there and servo 3 in"),
        ({"elbow_flex": motor(3, 0, 3054, 850)}, "range_min 3054 must be below range_max 850"),
        ({"elbow_flex": motor(3, 0, 2000, 4200)}, "4200.* below 4096"),
        ({"elbow_flex": motor(3, 0, -10, 2200)}, r"elbow_flex\.range_min: .*greater than"),
        ({"elbow_flex": motor(3, 0, 850, 3054) | {"id": "3"}}, r"elbow_flex\.id"),
        ({"elbow_flex": motor(3, 0, 850, 3054) | {"range_max": 3.5}}, r"elbow_flex\.range_max"),
        # LeRobot turns a joint round at any number but 0, a servo's register at its lowest bit
        ({"elbow_flex": motor(3, 0, 850, 3054, drive_mode=2)}, r"flex: drive_mode 2; .* 0, or"),
        ({"elbow_flex": motor(3, 0, 1500, 3054)}, "elbow_flex was seen .* 0.50 rad wrong"),
    ],
)
def test_a_damaged_file_names_file_joint_and_what_is_expected(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    data = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(InvalidSpec, match=r"arm\.json: ") as refused:
        load(tmp_path, json.dumps(data))
    with pytest.raises(InvalidSpec, match=told):
        raise refused.value


@pytest.mark.parametrize("text", ["{", '{"a": NaN', "{}", "[{}]", "{'a': 1}", "{" * 50_000])
def test_what_is_no_calibration_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidSpec, match=r"calibration .*arm\.json"):
        load(tmp_path, text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
joints = st.fixed_dictionaries(
    {
        "id": st.integers(-1, 300),
        "drive_mode": st.integers(-1, 2),
        "homing_offset": st.integers(-3000, 3000),
        "range_min": st.integers(-100, 4200),
        "range_max": st.integers(-100, 4200),
    }
)


@pytest.mark.slow
@given(data=st.dictionaries(st.sampled_from(SO_JOINTS) | st.text(max_size=8), joints | json_values))
def test_any_json_is_a_calibration_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    told = ""
    try:
        read = tuple(load_calibration(path, SPEC).joint)
    except InvalidSpec as error:
        told = str(error)
    assert "any.json" in told if told else read == SPEC.names


ends = st.tuples(
    st.integers(-2047, 2047), st.integers(0, 500), st.integers(-60, 200), st.integers(0, 1)
)


@pytest.mark.slow
@given(rows=st.lists(ends, min_size=6, max_size=6))
def test_a_calibration_is_the_same_after_ours_and_after_theirs(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int, int]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    motors = {}
    for joint, servo, (offset, low, more, turned) in zip(
        SPEC.joint, SPEC.joint_options(ServoOptions), rows, strict=True
    ):
        width = round(range_ticks(joint, servo)) + more
        low = min(low, 4094 - width)
        motors[joint.name] = motor(servo.id, offset, low, low + width, turned)
    (folder / "theirs.json").write_text(json.dumps(motors), encoding="utf-8")
    made = load_calibration(folder / "theirs.json", SPEC)
    made.save(folder / "ours.toml")
    assert load_calibration(folder / "ours.toml", SPEC) == made
    assert json.loads(to_json(made, SPEC)) == motors
    for joint, servo in zip(SPEC.joint, SPEC.joint_options(ServoOptions), strict=True):
        low, high = motors[joint.name]["range_min"], motors[joint.name]["range_max"]
        missing = range_ticks(joint, servo) - (high - low)
        assert missing <= 2 * ZERO_ERROR * 4096 / (2 * math.pi) + 1


def test_a_calibration_without_offsets_has_no_form_of_theirs() -> None:
    ranges = {
        name: (low, high) for name, (_, low, high) in zip(SO_JOINTS, SMALLEST.rows, strict=True)
    }
    with pytest.raises(InvalidSpec, match="no offset"):
        to_json(Calibration.from_ranges(SPEC, ranges), SPEC)


# -- against what the servos hold ------------------------------------------------------------------


@pytest.mark.serial
def test_the_file_of_this_arm_is_taken(tmp_path: Path) -> None:
    with emulate("so101") as arm:
        hold(arm.device, SMALLEST)
        with make_robot(named(tmp_path, SMALLEST.text()), arm.port) as robot:
            positions = robot.state().positions
            assert positions[:5] == pytest.approx([0.0] * 5, abs=2e-3)
            robot.move(JointTargets((*positions[:5], positions[5] - 0.1)))
            assert isinstance(arm.device, FeetechBus)
            goal = arm.device.servo("gripper")["goal_position"]
            assert goal == pytest.approx((2020 + 3439) // 2 - 65, abs=2)


@pytest.mark.serial
@pytest.mark.parametrize("ours", [False, True])
def test_an_emulated_arm_holds_the_calibration_that_its_description_names(
    tmp_path: Path, ours: bool
) -> None:
    text = SMALLEST.text()
    if ours:
        load(tmp_path, text).save(tmp_path / "ours.toml")
        text = (tmp_path / "ours.toml").read_text(encoding="utf-8")
    mine = named(tmp_path, text)
    with emulate(mine) as arm, make_robot(mine, arm.port) as robot:
        assert robot.state().positions == pytest.approx(SPEC.home, abs=2e-3)
        robot.move(JointTargets((0.02, *robot.state().positions[1:])))
        assert isinstance(arm.device, FeetechBus)
        assert arm.device.servo("shoulder_pan")["homing_offset"] == -1733
        assert arm.device.servo("shoulder_pan").axis.target == pytest.approx(0.02, abs=2e-3)


@pytest.mark.serial
@pytest.mark.parametrize("change", ["homing_offset", "min_position", "max_position"])
def test_the_file_of_another_arm_names_the_joint_and_moves_nothing(
    tmp_path: Path, change: str
) -> None:
    with emulate("so101") as arm:
        hold(arm.device, SMALLEST)
        assert isinstance(arm.device, FeetechBus)
        arm.device.servo("wrist_flex")[change] -= 30
        robot = make_robot(named(tmp_path, SMALLEST.text()), arm.port)
        with pytest.raises(SetupNeeded, match=r"arm\.json is not what.*wrist_flex \(servo 4\)"):
            robot.connect()
        assert arm.device.journal == []
        assert not any(servo.energised for servo in arm.device.servos)


@pytest.mark.serial
def test_a_file_of_ours_knows_the_offsets_it_was_made_with(tmp_path: Path) -> None:
    with emulate("so101") as arm:
        hold(arm.device, SMALLEST)
        load(tmp_path, SMALLEST.text()).save(tmp_path / "arm.toml")
        mine = named(tmp_path, (tmp_path / "arm.toml").read_text(encoding="utf-8"))
        make_robot(mine, arm.port).connect()
        assert isinstance(arm.device, FeetechBus)
        arm.device.servo("gripper")["homing_offset"] = 0
        with pytest.raises(SetupNeeded, match=r"gripper .*homing offset 0, in the file 1131"):
            make_robot(mine, arm.port).connect()


@pytest.mark.serial
@pytest.mark.parametrize(
    "published",
    [p for p in PUBLISHED if p.robot == "so101" and not p.refused],
    ids=lambda p: p.owner,
)
def test_what_lerobot_wrote_into_the_servos_is_enough(tmp_path: Path, published: Published) -> None:
    with emulate("so101") as arm:
        hold(arm.device, published)
        with make_robot("so101", arm.port) as robot:
            # as with its file
            wanted = load(tmp_path, published.text()).scales(SPEC)
            shown = [scale.value((low + high) // 2) for scale, (_, low, high) in zip(
                wanted, published.rows, strict=True
            )]  # fmt: skip
            assert robot.state().positions == pytest.approx(shown, abs=1e-3)


@pytest.mark.serial
@pytest.mark.parametrize("limits", [(0, 4095), (0, 0)])
def test_an_arm_that_nobody_calibrated_is_refused(limits: tuple[int, int]) -> None:
    with emulate("so101") as arm:
        assert isinstance(arm.device, FeetechBus)
        for servo in arm.device.servos:
            servo["min_position"], servo["max_position"] = limits
        with pytest.raises(SetupNeeded, match=r"shoulder_pan .*no calibration.*helmsight calib"):
            make_robot("so101", arm.port).connect()
        assert arm.device.journal == []


@pytest.mark.serial
def test_limits_that_are_no_range_of_the_joint_are_refused() -> None:
    with emulate("so101") as arm:
        assert isinstance(arm.device, FeetechBus)
        arm.device.servo("shoulder_lift")["max_position"] = 2600
        with pytest.raises(SetupNeeded, match=r"shoulder_lift was seen from tick \d+ to 2600"):
            make_robot("so101", arm.port).connect()


@pytest.mark.serial
def test_a_dynamixel_bus_takes_their_file_and_compares_its_drive_mode(tmp_path: Path) -> None:
    spec = load_spec("openmanipulator_x")
    with emulate("openmanipulator_x") as arm:
        assert isinstance(arm.device, EmulatedServoBus)
        text = json.dumps(
            {
                servo.joint.name: motor(
                    servo["id"], 0, servo["min_position"], servo["max_position"]
                )
                for servo in arm.device.servos
            }
        )
        mine = named(tmp_path, text, "openmanipulator_x")
        with make_robot(mine, arm.port) as robot:
            assert robot.state().positions == pytest.approx(spec.home, abs=2e-3)
        arm.device.servos[0]["drive_mode"] = 1
        with pytest.raises(SetupNeeded, match=r"joint1 .*drive mode 1, in the file 0"):
            make_robot(mine, arm.port).connect()
