"""grblHAL and FluidNC: their alarms, their own lists, their settings, more axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from helmsight.hardware.errors import CommandRefused, HeldAtMachine, SetupNeeded
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.wire.grbl_codes import EmergencyStopInput

if TYPE_CHECKING:
    from tests.hardware.drivers.grbl.conftest import Benches

pytestmark = pytest.mark.serial

NEAR = (0.141, 0.085, 0.02)


def test_an_emergency_stop_of_grblhal_is_left_by_reset_once_it_is_released(bench: Benches) -> None:
    robot, device, _ = bench(flavour="grblhal")
    robot.connect()
    device.press("E")
    bench.until(lambda: bench.mode_of(robot) in (Mode.alarm, Mode.stopped))
    assert any("ALARM:10" in fault for fault in robot.state().faults)
    with pytest.raises(HeldAtMachine, match="emergency stop"):
        robot.reset()
    assert device.blocked
    device.let_go("E")
    assert device.blocked  # releasing it is not enough
    assert robot.reset().mode == Mode.ready  # it stood, so it knows where it is
    assert robot.move(JointTargets(NEAR)).attempts == 1


def test_a_machine_found_in_an_emergency_stop_is_told_by_name(bench: Benches) -> None:
    robot, device, _ = bench(flavour="grblhal")
    device.press("E")
    device.let_go("E")
    state = robot.connect()
    assert state.mode == Mode.alarm
    with pytest.raises(EmergencyStopInput, match="emergency stop"):
        robot.move(JointTargets(NEAR))
    assert robot.reset().mode == Mode.ready


def test_numbers_that_nobody_knows_are_looked_up_in_the_boards_own_list(bench: Benches) -> None:
    robot, device, _ = bench(flavour="grblhal")
    device.listed["A"][77] = "The door of the laser is open."
    device.listed["E"][201] = "The pallet is missing."
    robot.connect()
    device._alarm(77)
    bench.until(lambda: bench.mode_of(robot) == Mode.alarm)
    assert "The door of the laser is open" in robot.state().faults[0]
    robot.channel._answers.clear()
    robot.channel.learn("error", 201)
    assert robot.channel.lists.words["error"][201] == "The pallet is missing"


def test_settings_of_text_are_no_damaged_lines_and_more_axes_are_read(bench: Benches) -> None:
    robot, device, _ = bench(flavour="grblhal")
    device.reports.more_axes = 5
    state = robot.connect()
    assert state.positions == bench.near(bench.here)
    robot.move(JointTargets(NEAR))
    assert robot.link.counters.bad_frames == 0


def test_fluidnc_is_waited_for_until_it_is_up_and_needs_no_settings_that_it_has_not(
    bench: Benches,
) -> None:
    robot, device, _ = bench(flavour="fluidnc", homed=False, dtr=True)
    state = robot.connect()
    assert robot.firmware.startswith("fluidnc 3.9 FluidNC")
    assert state.mode == Mode.alarm
    device.planner.position, device.astray = (0.0, 0.0, 0.0), (-2.0, -2.0, -2.0)
    robot.home()
    robot.move(JointTargets((0.276, 0.167, 0.038)))
    with pytest.raises(CommandRefused, match="error:8"):
        robot.channel.ask("$Q")
    assert robot.link.counters.bad_frames == 0


def test_advice_comes_in_an_order_that_the_controller_takes(bench: Benches) -> None:
    robot, device, _ = bench()
    device.settings.update({1: 253.0, 20: 0.0, 22: 0.0})
    with pytest.raises(SetupNeeded, match=r"\$1 .*is 253, expected 255") as told:
        robot.connect()
    said = str(told.value)
    assert said.index("send $22=1") < said.index("send $20=1")
    for line in (part.split(";")[0] for part in said.split("send ")[1:]):
        number, _, value = line.strip().partition("=")
        assert not (number == "$20" and not device.settings[22])  # error:10
        device.settings[int(number[1:])] = float(value)
    robot.connect()
