"""Calibrations: from ranges, to files and back, and what is wrong with a damaged one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.calibration import Calibration
from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.scales import scales_of
from helmsight.hardware.spec import load_spec, parse_spec, shipped
from helmsight.hardware.sweep import ZERO_ERROR
from helmsight.hardware.ticks import ServoOptions, range_ticks

SPEC = load_spec("so101")
WHOLE = [
    round(range_ticks(joint, servo))
    for joint, servo in zip(SPEC.joint, SPEC.joint_options(ServoOptions), strict=True)
]
RANGES = {
    name: (101 + i, 101 + i + whole + 10 * i)
    for i, (name, whole) in enumerate(zip(SPEC.names, WHOLE, strict=True))
}
GOOD = Calibration.from_ranges(SPEC, RANGES)


def edited(old: str, new: str) -> str:
    """Return the text of so101's description with something else in it."""
    text = shipped()["so101"].read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


def test_a_calibration_is_the_same_after_a_file(tmp_path: Path) -> None:
    GOOD.save(tmp_path / "arm.toml")
    assert Calibration.load(tmp_path / "arm.toml") == GOOD


def test_the_middle_of_what_was_read_is_the_middle_of_the_range() -> None:
    for joint, scale in zip(SPEC.joint, GOOD.scales(SPEC), strict=True):
        assert (scale.lower, scale.upper) == RANGES[joint.name]
        middle = sum(RANGES[joint.name]) / 2
        if joint.name != "gripper":
            assert scale.value(middle) == pytest.approx((joint.lower + joint.upper) / 2, abs=1e-3)


def test_a_gripper_is_closed_at_its_end_however_far_it_opens() -> None:
    low, high = RANGES["gripper"]
    for more in (0, 100, 300):
        made = Calibration.from_ranges(SPEC, RANGES | {"gripper": (low, high + more)})
        assert made.scales(SPEC)[-1].value(low) == pytest.approx(SPEC.joint[-1].lower, abs=1e-3)


def test_without_a_file_the_description_counts() -> None:
    pan = scales_of(SPEC, None)[0]
    assert (pan.id, pan.zero, pan.tick(0.0)) == (1, 2048, 2048)
    assert pan.tick(SPEC.joint[0].upper) == pan.upper == 3300


@pytest.mark.slow
@pytest.mark.parametrize("name", ["so100", "so101", "openmanipulator_x"])
@given(share=st.floats(0.0, 1.0))
def test_positions_come_back_from_ticks_within_half_a_tick(name: str, share: float) -> None:
    spec = load_spec(name)
    for joint, scale in zip(spec.joint, scales_of(spec, None), strict=True):
        value = joint.lower + share * (joint.upper - joint.lower)
        assert abs(scale.value(scale.tick(value)) - value) <= 0.501 / abs(scale.per_unit)
        assert scale.lower <= scale.tick(value) <= scale.upper


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("zero = ", "null = ", "zero"),
        ("sign = 1", "sign = 2", "sign"),
        ("lower = 101", "lower = 3900", "lower"),
        ('robot = "so101"', 'robot = "so102"', "so102"),
        ("shoulder_pan", "shoulder_pam", "without shoulder_pan and with shoulder_pam"),
        ("id = 1", "id = 7", "servo 7"),
        ("robot", "\x00", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_calibration_is_told(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = tmp_path / "arm.toml"
    GOOD.save(path)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidSpec, match=told):
        Calibration.load(path).scales(SPEC)


def test_a_calibration_that_is_not_there_is_told() -> None:
    with pytest.raises(InvalidSpec, match=r"nowhere\.toml cannot be read"):
        scales_of(SPEC, "nowhere.toml")


def test_a_joint_that_hardly_moved_is_told() -> None:
    with pytest.raises(InvalidSpec, match="elbow_flex was seen from tick 2000 to 2100, 5%"):
        Calibration.from_ranges(SPEC, RANGES | {"elbow_flex": (2100, 2000)})


@pytest.mark.parametrize("share", [0.81, 0.9, 0.94])
def test_an_end_that_was_not_reached_is_refused_with_what_it_does_to_the_zero(share: float) -> None:
    low, high = RANGES["shoulder_pan"]
    seen = (low, low + round(share * (high - low)))
    with pytest.raises(InvalidSpec, match=r"0\.[123][0-9] rad wrong, 0.1 is allowed.*stops of"):
        Calibration.from_ranges(SPEC, RANGES | {"shoulder_pan": seen})


def test_a_range_as_if_of_another_joint_is_refused() -> None:
    with pytest.raises(InvalidSpec, match=r"elbow_flex .* 3000 ticks, where 2203 lie between"):
        Calibration.from_ranges(SPEC, RANGES | {"elbow_flex": (500, 3500)})


@given(missed=st.floats(0.0, 0.09), end=st.sampled_from(["lower", "upper"]))
def test_what_is_accepted_puts_no_zero_further_off_than_is_allowed(missed: float, end: str) -> None:
    true = Calibration.from_ranges(SPEC, RANGES)
    low, high = RANGES["elbow_flex"]
    lost = round(2 * missed * 4096 / (2 * math.pi))
    seen = (low + lost, high) if end == "lower" else (low, high - lost)
    made = Calibration.from_ranges(SPEC, RANGES | {"elbow_flex": seen})
    wrong = made.joint["elbow_flex"].zero - true.joint["elbow_flex"].zero
    assert abs(wrong) * 2 * math.pi / 4096 <= ZERO_ERROR


def test_end_stops_that_are_nearer_than_the_limits_are_said_in_the_description() -> None:
    spec = parse_spec(edited("{ id = 3 }", "{ id = 3, stops = [-1.2, 1.69] }"))
    whole = round((1.2 + 1.69) * 4096 / (2 * math.pi))
    made = Calibration.from_ranges(spec, RANGES | {"elbow_flex": (900, 900 + whole)})
    assert made.scales(spec)[2].value(900) == pytest.approx(-1.2, abs=1e-3)
    with pytest.raises(InvalidSpec, match="first must be below"):
        scales_of(parse_spec(edited("{ id = 3 }", "{ id = 3, stops = [1.2, -1.2] }")), None)


def test_a_joint_that_was_left_out_is_told() -> None:
    ranges = {name: ends for name, ends in RANGES.items() if name != "gripper"}
    with pytest.raises(InvalidSpec, match="without gripper"):
        Calibration.from_ranges(SPEC, ranges)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{ id = 3 }", "{ id = 1 }", "different one each joint"),
        ("{ id = 3 }", "{ id = 3, travel = 0.1 }", "device.travel"),
        ("{ id = 3 }", "{ id = 3, sing = -1 }", "unknown key"),
        ("{ id = 3 }", "{ zero = 2 }", "missing"),
    ],
)
def test_a_servo_that_is_described_wrongly_is_told(old: str, new: str, told: str) -> None:
    with pytest.raises(InvalidSpec, match=told):
        scales_of(parse_spec(edited(old, new)), None)
