"""A hold that the driver did not ask for is a person's stop: nothing moves before reset()."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from helmsight.hardware.drivers.grbl import Grbl
from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.errors import HardwareError, HeldAtMachine, RobotStopped
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.supervision.interventions import Rule
from helmsight.hardware.supervisor import Supervisor

if TYPE_CHECKING:
    from tests.hardware.drivers.grbl.conftest import Benches

pytestmark = pytest.mark.serial

FAR = (0.153, 0.085, 0.02)
BUTTON, OTHER, DOOR, CHECK = "button", "other sender", "door", "check mode"


def held_by(device: GrblController, robot: Grbl, way: str) -> None:
    """Do what a person or another program does."""
    if way == BUTTON:
        device.press("H")
        device.let_go("H")  # a tap: no later report shows it
    elif way == OTHER:
        robot.link.write(b"!")
    elif way == DOOR:
        device.press("D")
        device.let_go("D")  # closed again
    else:
        robot.link.write(b"$C\n")


def reset_count(device: GrblController) -> int:
    return sum(entry.kind == "reset" for entry in device.journal)


@pytest.mark.parametrize("way", [BUTTON, OTHER, DOOR, CHECK])
def test_a_hold_at_standstill_is_told_refuses_moves_and_is_left_by_reset_only(
    bench: Benches, way: str
) -> None:
    robot, device, _ = bench(door=way == DOOR)
    robot.connect()
    held_by(device, robot, way)
    bench.until(lambda: device.state != "Idle")
    state = robot.state()
    assert state.mode == Mode.stopped
    assert "held at the machine" in state.faults[0]
    for _ in range(3):
        with pytest.raises(HeldAtMachine, match=r"reset\(\)"):
            robot.move(JointTargets(FAR))
    robot.hold()
    assert device.state in ("Hold", "Door", "Check")  # nobody reset it behind that person's back
    assert device.standing
    after = robot.reset()
    assert (after.mode, after.faults) == (Mode.ready, ())
    assert robot.held_at_machine == ""
    assert robot.move(JointTargets((0.141, 0.085, 0.02))).attempts == 1


@pytest.mark.parametrize("way", [BUTTON, OTHER, DOOR])
@pytest.mark.parametrize("gone_mm", [2.0, 4.0, 7.0])
def test_a_tap_on_the_button_ends_a_stream_and_the_move_that_comes_next_does_not_go_on(
    bench: Benches, way: str, gone_mm: float
) -> None:
    """grbl cancels a jog at a hold, carries out the next one, and says nothing of it."""
    robot, device, _ = bench(door=way == DOOR)
    robot.connect()
    robot.move(JointTargets((0.15, 0.085, 0.02), duration_s=0.5))
    bench.until(lambda: device.planner.position[0] > -140.0 + gone_mm)
    held_by(device, robot, way)
    with pytest.raises(HeldAtMachine):
        robot.move(JointTargets((0.1545, 0.085, 0.02), duration_s=0.5))
    bench.until(lambda: device.standing)
    there = device.positions
    assert there[0] < 0.1545 - 0.001
    with pytest.raises(HeldAtMachine):
        robot.move(JointTargets(FAR))
    time.sleep(0.1)
    assert device.positions == there


def test_a_tap_is_not_forgotten_when_the_driver_holds_next(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets(FAR))
    time.sleep(0.15)
    held_by(device, robot, BUTTON)
    bench.until(lambda: device.standing)
    robot.hold()
    with pytest.raises(HeldAtMachine, match="before its target"):
        robot.move(JointTargets(FAR))
    assert robot.reset().mode == Mode.ready


def test_a_door_that_closes_does_not_let_it_move(bench: Benches) -> None:
    robot, device, _ = bench(door=True)
    robot.connect()
    robot.move(JointTargets(FAR))
    time.sleep(0.1)
    device.press("D")
    bench.until(lambda: device.standing)
    assert "input active: safety door" in robot.state().faults[0]
    with pytest.raises(HeldAtMachine, match="safety door"):
        robot.reset()
    assert device.state == "Door"
    device.let_go("D")
    there = device.positions
    with pytest.raises(HeldAtMachine):
        robot.move(JointTargets(FAR))
    assert robot.state().mode == Mode.stopped
    assert device.positions == there
    assert robot.reset().mode == Mode.ready
    assert device.positions == there


def test_a_button_that_is_still_pressed_keeps_it_held(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    device.press("H")
    for _ in range(2):
        with pytest.raises(HeldAtMachine, match="feed hold"):
            robot.reset()
    assert reset_count(device) == 0
    device.let_go("H")
    assert robot.reset().mode == Mode.ready


def test_a_machine_that_is_found_held_is_connected_told_and_left_as_it_is(
    bench: Benches,
) -> None:
    robot, device, _ = bench()
    device.press("H")
    device.let_go("H")
    state = robot.connect()
    assert state.mode == Mode.stopped
    assert "held at the machine" in state.faults[0]
    assert device.state == "Hold"
    with pytest.raises(HeldAtMachine):
        robot.home()
    assert robot.reset().mode in (Mode.ready, Mode.alarm)
    assert robot.firmware == "grbl 1.1h.20190830:"


def test_a_person_who_goes_on_at_the_machine_does_not_let_the_driver_move(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    device.press("H")
    device.let_go("H")
    assert robot.state().mode == Mode.stopped
    device.resume()
    assert device.state == "Idle"
    with pytest.raises(HeldAtMachine):
        robot.move(JointTargets(FAR))
    assert robot.reset().mode == Mode.ready


def test_a_stop_of_ours_is_no_hold_at_the_machine_but_a_button_after_it_is(
    bench: Benches,
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets(FAR))
    robot.stop()
    for _ in range(3):
        assert robot.state().faults == ()
    assert robot.held_at_machine == ""
    device.press("H")
    assert "feed hold" in robot.state().faults[0]
    with pytest.raises(HeldAtMachine):
        robot.reset()
    device.let_go("H")
    assert robot.is_stopped
    with pytest.raises(RobotStopped):
        robot.move(JointTargets(FAR))
    assert robot.reset().mode == Mode.ready


@pytest.mark.parametrize(
    ("line", "said"), [(b"$J=G91X1F300\n", "somebody else jogs"), (b"G91G1X3F300\n", "program")]
)
def test_what_another_program_moves_is_not_driven_against_it(
    bench: Benches, line: bytes, said: str
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(line)
    bench.until(lambda: device.state in ("Jog", "Run"))
    state = robot.state()
    assert state.mode == Mode.moving
    assert said in state.faults[0]
    with pytest.raises(HeldAtMachine):
        robot.move(JointTargets(FAR))
    assert device.planner.blocks  # it is theirs
    robot.stop()
    assert device.standing


def test_closing_leaves_a_hold_to_the_person_who_made_it(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"!")
    bench.until(lambda: device.state == "Hold")
    robot.close()
    assert device.state == "Hold"
    assert reset_count(device) == 0


def test_the_supervisor_tells_a_hold_once_and_every_move_that_it_refuses(bench: Benches) -> None:
    robot, device, _ = bench()
    heard: list[str] = []
    with Supervisor(robot, listeners=[lambda event: heard.append(event.rule)]) as supervisor:
        device.press("H")
        device.let_go("H")
        for _ in range(3):
            assert supervisor.state().mode == Mode.stopped
        assert heard == [Rule.machine]
        assert "held at the machine" in supervisor.feedback()
        with pytest.raises(HeldAtMachine):
            supervisor.move(JointTargets(FAR))
        assert heard == [Rule.machine, Rule.machine]
        assert HeldAtMachine.halts
        supervisor.reset()
        assert supervisor.held_at_machine == ""
        supervisor.move(JointTargets((0.141, 0.085, 0.02)))


def test_noise_that_makes_a_hold_counts_as_one(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"!")  # one bit from a 1
    with pytest.raises(HardwareError):
        robot.move(JointTargets(FAR))
    assert device.standing


@pytest.mark.parametrize("way", ["hold", "turn", "reset", "home"])
def test_a_cancel_that_meets_the_end_of_its_jog_leaves_nothing_in_the_buffer(
    bench: Benches, way: str
) -> None:
    """grbl 1.1 is suspended then and says Idle: the next line would wait for a press of start."""
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets(FAR, duration_s=0.5))
    bench.until(lambda: not device.standing)
    device.cancels_late = True
    back = JointTargets((0.141, 0.085, 0.02))
    if way == "turn":
        robot.move(back)
    else:
        robot.hold()
        assert (device.state, reset_count(device)) == ("Idle", 0)
        if way == "home":
            robot.home()
        else:
            if way == "reset":
                robot.reset()
            robot.move(back)
    device.cancels_late = False
    assert not device.received
    assert robot.is_homed
    if way != "home":
        bench.until(lambda: device.standing)
        assert device.positions == bench.near((0.141, 0.085, 0.02))
    there = device.positions
    robot.link.write(b"~")
    time.sleep(0.1)
    assert device.positions == there
    assert robot.move(JointTargets(robot.state().positions)).attempts == 1


def test_a_person_s_hold_at_such_a_moment_is_not_reset_away(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets(FAR, duration_s=0.5))
    bench.until(lambda: not device.standing)
    device.cancels_late = True
    robot.hold()
    held_by(device, robot, BUTTON)
    with pytest.raises(HeldAtMachine):
        robot.move(JointTargets((0.141, 0.085, 0.02)))
    assert (device.state, reset_count(device)) == ("Hold", 0)
