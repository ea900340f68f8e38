"""The grbl driver when things go wrong: stops, alarms, and a line without a checksum."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from helmsight.hardware.errors import CommandRefused, LinkRecovered, NoReply, RobotStopped
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.spec import parse_spec, shipped
from helmsight.hardware.wire.grbl_codes import AbortDuringCycle, HardLimit, SoftLimit

if TYPE_CHECKING:
    from tests.hardware.drivers.grbl.conftest import Benches

pytestmark = pytest.mark.serial


# -- stopping ---------------------------------------------------------------------------------


def test_a_stop_while_moving_is_confirmed_latched_in_the_device_and_keeps_the_position(
    bench: Benches,
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    time.sleep(0.15)
    report = robot.stop()
    assert device.standing
    assert report.state.mode == Mode.stopped
    assert device.state == "Hold"
    with pytest.raises(RobotStopped):
        robot.move(JointTargets(bench.here))
    assert robot.reset().mode == Mode.ready
    assert device.astray == (0.0, 0.0, 0.0)
    robot.move(JointTargets(bench.here, duration_s=0.5))
    bench.until(lambda: robot.state().standing)


def test_a_stop_from_another_thread_goes_before_the_moves_and_nothing_moves_after_it(
    bench: Benches,
) -> None:
    robot, device, _ = bench()
    robot.connect()
    ended: list[BaseException] = []

    def mover() -> None:
        try:
            bench.keep_moving(robot)
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=mover)
    thread.start()
    time.sleep(0.2)
    robot.stop()
    place = device.positions
    thread.join(600.0)
    time.sleep(0.2)
    assert isinstance(ended[0], RobotStopped | NoReply)
    assert device.positions == place
    robot.reset()
    time.sleep(0.1)
    assert device.positions == place


def test_a_stop_that_braking_does_not_answer_ends_in_a_reset(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"$J=G53X-10F600\n")
    bench.until(lambda: device.state == "Jog")
    device.brake = lambda *, cancel: None  # type: ignore[method-assign]
    robot.stop(within_s=2.0)
    assert device.standing
    assert robot.channel.alarm == 3
    assert not robot.is_homed


def test_closing_holds_and_a_release_puts_it_to_sleep(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    robot.close()
    assert device.standing
    assert device.state == "Idle"
    text = shipped()["gantry"].read_text(encoding="utf-8")
    text = text.replace('on_close = "hold"', 'on_close = "release"')
    robot, device, _ = bench(spec=parse_spec(text))
    robot.connect()
    robot.close()
    assert device.state == "Sleep"
    state = robot.connect()
    assert state.mode == Mode.alarm


# -- alarms and both traps --------------------------------------------------------------------


def test_a_limit_switch_raises_its_named_alarm_through_the_reset_trap(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    device.trip("X")
    bench.until(lambda: device._deaf)
    bench.until(lambda: bench.mode_of(robot) == Mode.alarm)
    state = robot.state()
    assert "hard limit" in state.faults[0]
    assert "limit switch pressed: X" in state.faults[-1]
    with pytest.raises(HardLimit, match=r"call home\(\)") as raised:
        robot.move(JointTargets(bench.here))
    assert raised.value.code == 1
    assert robot.reset().mode == Mode.alarm
    assert not robot.is_homed


def test_a_soft_limit_keeps_the_position_and_reset_unlocks_it(bench: Benches) -> None:
    robot, _, _ = bench()
    robot.connect()
    robot.link.write(b"G0X-900\n")
    bench.until(lambda: bench.mode_of(robot) == Mode.alarm)
    with pytest.raises(SoftLimit, match=r"call reset\(\)"):
        robot.move(JointTargets(bench.here))
    assert robot.reset().mode == Mode.ready
    robot.move(JointTargets((0.141, 0.085, 0.02)))


def test_a_reset_while_moving_is_told_and_unlocked_only_at_the_operators_risk(
    bench: Benches,
) -> None:
    for unlock, mode in (("safe", Mode.alarm), ("any", Mode.ready)):
        robot, _, _ = bench(spec=bench.described(unlock=f'"{unlock}"'))
        robot.connect()
        robot.move(JointTargets((0.153, 0.085, 0.02)))
        robot.link.write(b"\x18")
        bench.until(lambda robot=robot: bench.mode_of(robot) == Mode.alarm)  # type: ignore[misc]
        with pytest.raises(AbortDuringCycle):
            robot.move(JointTargets(bench.here))
        assert robot.reset().mode == mode


def test_an_alarm_of_before_that_keeps_it_silent_is_ended_at_connect(bench: Benches) -> None:
    robot, device, _ = bench(spec=bench.described(boot_s="1.0"))
    robot.link.open()
    robot.link.write(b"G0X-900\n")
    said = bytearray()

    def told() -> bool:
        said.extend(robot.link.read(0.01))
        return b"continue]\r\n" in said

    bench.until(told)
    assert device._critical
    robot.link.close()
    assert robot.connect().mode == Mode.alarm


def test_overrides_that_noise_has_changed_are_told_and_set_back(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"\x91\x96\x9b")
    bench.until(lambda: device.overrides == [110, 50, 90])
    told = [fault for _ in range(12) for fault in robot.state().faults]
    assert "overrides were (110, 50, 90)" in told[0]
    assert device.overrides == [100, 100, 100]
    assert robot.link.counters.bad_frames >= 1


def test_a_controller_that_restarts_by_itself_is_noticed(bench: Benches) -> None:
    robot, _, _ = bench()
    robot.connect()
    robot.link.write(b"\x18")
    time.sleep(0.05)
    assert "restarted by itself" in robot.state().faults[0]
    assert not any("restarted" in fault for fault in robot.state().faults)


# -- a line without a checksum ----------------------------------------------------------------


def test_a_damaged_command_that_is_still_one_is_noticed_and_halted(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.141, 0.085, 0.02), duration_s=0.1))
    robot.link.write(b"$J=G53X-100Y-60F1800\n")  # what a flipped bit could have made of it
    faults: list[str] = []

    def faulty() -> bool:
        faults.extend(robot.state().faults)
        return bool(faults)

    bench.until(faulty)
    assert "off course" in faults[0]
    bench.until(lambda: device.standing)
    assert device.positions[0] < 0.16


def test_a_move_that_was_acknowledged_but_swallowed_is_sent_again(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b";")  # what a flipped bit makes of a '?': the next line is a comment
    sent = robot.move(JointTargets((0.145, 0.085, 0.02)))
    assert sent.attempts == 2
    bench.until(lambda: robot.state().standing)
    assert device.positions == bench.near((0.145, 0.085, 0.02))


def test_a_lost_answer_does_not_pass_for_that_of_the_next_line(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    say, swallowed = device.say_line, list[bytes]()

    def mute(line: bytes) -> None:
        if line == b"ok" and not swallowed:
            swallowed.append(line)
        else:
            say(line)

    device.say_line = mute  # type: ignore[method-assign]
    sent = robot.move(JointTargets((0.145, 0.085, 0.02)))
    assert sent.attempts == 2
    assert swallowed
    assert robot.move(JointTargets((0.144, 0.085, 0.02))).attempts == 1


@pytest.mark.slow
def test_sixty_moves_on_a_bad_line_are_all_answered_and_stay_inside(bench: Benches) -> None:
    robot, device, _ = bench(faults="drop=0.01,flip=0.005:replies,delay=20ms:0.005", seed=3)
    robot.connect()
    reported = 0
    goal: tuple[float, ...] = bench.here
    for turn in range(60):
        wish = (0.14 + 0.0005 * (turn % 5), 0.085, 0.02 + 0.0005 * (turn % 3))
        try:
            goal = robot.move(JointTargets(wish, duration_s=0.1)).positions
        except (NoReply, CommandRefused):
            reported += 1
    assert reported <= 4
    assert device.outside == []
    bench.until(lambda: bench.mode_of(robot) == Mode.ready)
    assert device.positions == bench.near(goal)


def test_an_unplug_during_a_move_is_told_the_robot_held_and_the_link_back_within_a_second(
    bench: Benches,
) -> None:
    robot, device, emulation = bench()
    robot.connect()
    emulation.unplug(0.2)
    with pytest.raises(LinkRecovered):
        bench.keep_moving(robot)
    assert device.standing
    assert robot.link.counters.reconnects == 1
    assert robot.move(JointTargets(bench.here)).attempts == 1


def test_a_line_that_noise_has_left_open_is_never_carried_out_later(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"$J=G53X-100F1800")  # its line end was lost
    robot.channel._lost = True
    assert robot.move(JointTargets((0.141, 0.085, 0.02))).attempts == 1
    bench.until(lambda: robot.state().standing)
    assert len(device.journal) == 1
    assert device.positions == bench.near((0.141, 0.085, 0.02))
