"""The shipped servo arms: where their tool point is, and whether driver and emulator take them."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.hardware.drivers.bus import ServoBus as Driver
from helmsight.hardware.drivers.dynamixel import Dynamixel
from helmsight.hardware.drivers.feetech import Feetech
from helmsight.hardware.emulators import make_device
from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.spec import load_spec, parse_spec, shipped

ARMS: dict[str, type[Driver]] = {
    "so100": Feetech,
    "so101": Feetech,
    "openmanipulator_x": Dynamixel,
}
arms = pytest.mark.parametrize("name", list(ARMS))


@arms
def test_home_is_inside_the_workspace_and_forward(name: str) -> None:
    spec = load_spec(name)
    point, _ = Kinematics(spec).pose(spec.home)
    assert np.all(point > spec.workspace.lower)
    assert np.all(point < spec.workspace.upper)
    assert point[0] > 0.2
    assert abs(point[1]) < 0.001


def test_openmanipulator_x_reaches_as_far_as_its_links() -> None:
    spec = load_spec("openmanipulator_x")
    point, _ = Kinematics(spec).pose(spec.home)
    assert point == pytest.approx([0.012 + 0.024 + 0.124 + 0.126, 0.0, 0.017 + 0.0595 + 0.128])


def test_so101_and_so100_are_nearly_the_same_arm() -> None:
    points = [Kinematics(s).pose(s.home)[0] for s in map(load_spec, ("so100", "so101"))]
    assert np.linalg.norm(points[0] - points[1]) < 0.02


@arms
def test_lifting_the_shoulder_forward_lowers_the_tool(name: str) -> None:
    spec = load_spec(name)
    kinematics = Kinematics(spec)
    lowered = [*spec.home]
    lowered[1] += 0.3
    assert kinematics.pose(lowered)[0][2] < kinematics.pose(spec.home)[0][2] - 0.05


@arms
def test_driver_and_emulator_take_the_description(name: str) -> None:
    spec = load_spec(name)
    assert ARMS[name](spec, "nowhere").spec is spec
    assert make_device(spec).positions == spec.home


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("so101", "torque_limit = 1.0", "torque_limit = 1.5", r"device\.torque_limit"),
        ("so101", "torque_limit = 1.0", "watchdog_ms = 100", r"device\.watchdog_ms: unknown key"),
        ("openmanipulator_x", "watchdog_ms = 300", "watchdog_ms = 900", "watchdog_ms"),
        ("so100", "{ id = 1 }", "{ id = 300 }", r"joint\.0\.device\.id"),
    ],
)
def test_options_a_bus_cannot_have_are_told(name: str, old: str, new: str, told: str) -> None:
    text = shipped()[name].read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(InvalidSpec, match=told):
        ARMS[name](parse_spec(text.replace(old, new, 1)), "nowhere")
