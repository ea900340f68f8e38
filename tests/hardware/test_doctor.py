"""The doctor finds what is wrong, says what mends it, and moves nothing unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware.doctor import Finding, examine
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.emulators import dynamixel as dynamixel_emulator
from helmsight.hardware.emulators import emulate, make_device
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.dynamixel import DynamixelBus
from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import InvalidSpec, UnknownRobot
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.spec import load_spec, shipped
from helmsight.hardware.trial import watch

pytestmark = pytest.mark.serial


def seen(device: Device, robot: str = "", **options: Any) -> dict[str, Finding]:
    with Emulation(device) as emulation:
        found = examine(robot or device.spec.name, emulation.port, **options)
        return {finding.name: finding for finding in found}


def wrong(findings: dict[str, Finding]) -> list[str]:
    return [name for name, finding in findings.items() if finding.wrong]


@pytest.mark.parametrize("robot", sorted(shipped()))
def test_a_healthy_robot_is_well_and_does_not_move(robot: str) -> None:
    device = make_device(robot, homed=True)
    before = device.positions
    findings = seen(device)
    assert wrong(findings) == []
    assert {"description", "device", "state", "latency", "hold", "e-stop", "watchdog", "line"} <= (
        findings.keys()
    )
    assert all(f"joint {name}" in findings for name in device.spec.names)
    assert not any(entry.kind in ("move", "tool") for entry in device.journal)
    assert any(entry.kind == "stop" for entry in device.journal) or "confirmed" in (
        findings["e-stop"].seen
    )
    assert device.positions == pytest.approx(before, abs=1e-3)
    assert findings["close"].ok


def looked_at(emulation: Emulation) -> dict[str, Finding]:
    """Return the findings about a device that goes on afterwards."""
    found = examine(emulation.device.spec.name, emulation.port)
    return {finding.name: finding for finding in found}


@pytest.mark.parametrize("robot", ["openmanipulator_x", "so101"])
def test_motors_that_hold_an_arm_up_go_on_holding_however_often_it_is_looked_at(robot: str) -> None:
    with emulate(robot) as emulation:
        for servo in emulation.device.servos:  # type: ignore[attr-defined]
            servo["torque_enable"] = 1
        for _ in range(2):
            assert wrong(looked_at(emulation)) == []
            assert all(servo.energised for servo in emulation.device.servos)  # type: ignore[attr-defined]


def test_a_servos_alarm_is_not_ended_by_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A servo is cured by a restart, which lets go of its joint."""
    monkeypatch.setattr(dynamixel_emulator, "STALL_S", 0.05)
    with emulate("openmanipulator_x") as emulation:
        device, spec = emulation.device, emulation.device.spec
        assert isinstance(device, DynamixelBus)
        robot = make_robot(spec, emulation.port)
        robot.connect()
        device.block(spec.names[1])
        robot.move(JointTargets((*spec.home[:1], spec.home[1] + 0.05, *spec.home[2:])))
        assert watch(robot, lambda state: state.mode == Mode.alarm)[-1].mode == Mode.alarm
        robot.link.close()
        begun = len(device.journal)
        findings = looked_at(emulation)
        assert "overload" in findings["state"].seen
        assert "not tried" in findings["e-stop"].seen
        assert {"release", "reset"}.isdisjoint(entry.kind for entry in device.journal[begun:])
        assert "overload" in looked_at(emulation)["state"].seen


@pytest.mark.parametrize("button", ["H", "D"])
def test_a_persons_hold_is_not_ended_by_looking(button: str) -> None:
    with emulate("gantry", homed=True) as emulation:
        device = emulation.device
        assert isinstance(device, GrblController)
        device.press(button)
        device.let_go(button)
        before = device.state
        begun = len(device.journal)
        findings = looked_at(emulation)
        assert "e-stop" not in findings
        assert "held at the machine" in findings["at the machine"].seen
        assert {"reset", "move"}.isdisjoint(entry.kind for entry in device.journal[begun:])
        assert device.state == before


@pytest.mark.slow
@pytest.mark.parametrize("robot", ["helm_arm", "gantry"])
def test_with_leave_to_move_each_joint_is_tried_and_a_motion_is_stopped(robot: str) -> None:
    device = make_device(robot, homed=True)
    findings = seen(device, move=True)
    assert wrong(findings) == []
    assert all(findings[f"move {name}"].ok for name in device.spec.names)
    assert "confirmed" in findings["e-stop in motion"].seen
    assert device.outside == []


@pytest.mark.slow
def test_with_leave_to_move_the_gripper_goes_a_little_and_comes_back() -> None:
    device = make_device("openmanipulator_x")
    index = device.spec.names.index(device.spec.tool.joint)
    before = device.positions[index]
    findings = seen(device, move=True)
    assert findings["move gripper"].ok
    ways = [entry.positions[index] - before for entry in device.journal if entry.kind == "move"]
    assert 0.0005 < max(map(abs, ways)) <= 0.0025
    assert device.positions[index] == pytest.approx(before, abs=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("stuck", [1, 5])  # the last one is the gripper
def test_a_joint_that_is_stuck_is_named(stuck: int) -> None:
    device = make_device("so101")
    device.axes[stuck].advance = lambda seconds: None  # type: ignore[method-assign]
    findings = seen(device, move=True)
    assert wrong(findings)
    told = " ".join(findings[name].seen for name in wrong(findings))
    assert device.spec.names[stuck] in told


def test_a_joint_outside_its_limits_is_to_be_mended() -> None:
    device = make_device("so101")
    axis, joint = device.axes[2], device.spec.joint[2]
    axis.position = axis.target = joint.upper + 0.1
    findings = seen(device)
    assert f"joint {joint.name}" in wrong(findings)
    assert "by hand" in findings[f"joint {joint.name}"].mend


def test_another_device_is_named_with_the_robots_that_fit() -> None:
    findings = seen(make_device("helm_arm"), "uarm")
    assert wrong(findings) == ["device"]
    assert "--robot may be one of helm_arm" in findings["device"].mend
    assert "latency" not in findings


def test_a_port_that_is_not_there_is_the_last_finding(tmp_path: Path) -> None:
    *_, last = examine("so101", str(tmp_path / "gone"))
    assert last.name == "port"
    assert last.wrong
    assert "not there" in last.seen


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda text: text.replace("upper = ", "# upper = ", 1), InvalidSpec),
        (lambda text: text + "\nspeeed = 1\n", InvalidSpec),
        (lambda text: text.replace('driver = "helm"', 'driver = "helms"'), UnknownRobot),
    ],
)
def test_a_wrong_description_leaves_nothing_to_examine(
    change: Callable[[str], str], error: type[Exception], tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(change(shipped()["helm_arm"].read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(error):
        list(examine(path, "unused"))


@pytest.mark.parametrize("shade", [0, 90])
def test_a_black_camera_is_to_be_mended(shade: int, tmp_path: Path) -> None:
    import cv2
    import numpy as np

    for number in range(20):
        cv2.imwrite(str(tmp_path / f"f{number:02d}.png"), np.full((48, 64, 3), shade, np.uint8))
    findings = seen(make_device("helm_arm"), camera=str(tmp_path / "f%02d.png"))
    assert findings["camera"].ok == (shade > 0)
    assert ("black" in findings["camera"].seen) == (shade == 0)


@pytest.mark.parametrize(
    ("faults", "told", "untold"),
    [("flip=0.05:replies", "frames arrive damaged", "went away"), ("", "", "cable")],
)
def test_advice_on_the_line_comes_from_what_was_counted(
    faults: str, told: str, untold: str
) -> None:
    with Emulation(make_device("openmanipulator_x"), faults=faults, seed=3) as emulation:
        found = {f.name: f for f in examine("openmanipulator_x", emulation.port)}
    assert told in found["line"].mend
    assert untold not in found["line"].mend
    assert found["line"].ok == (not faults)


def test_an_unhomed_gantry_is_told_to_be_homed_and_not_moved() -> None:
    device = make_device("gantry")
    findings = seen(device, move=True)
    assert {"position", "state"} <= set(wrong(findings))
    assert "helmsight home" in findings["position"].mend
    assert findings["state"].mend.startswith("home it")
    assert not any(name.startswith(("joint ", "move ")) for name in findings)
    assert not any(entry.kind == "move" for entry in device.journal)


def test_what_a_person_holds_is_neither_reset_nor_moved() -> None:
    device = GrblController(load_spec("gantry"), homed=True)
    device.press("H")
    device.let_go("H")
    findings = seen(device, move=True)
    assert "at the machine" in wrong(findings)
    assert "feed hold" in findings["at the machine"].seen
    assert "e-stop" not in findings
    assert device.state == "Hold"
    assert not any(entry.kind in ("move", "reset") for entry in device.journal)
