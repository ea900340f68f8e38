"""Homing that ends when it is told to, and machines whose position is not known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from helmsight.hardware.drivers.grbl import Grbl
from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.errors import DeviceAlarm, LinkRecovered, NoReply, RobotStopped
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.supervision.interventions import Rule
from helmsight.hardware.supervisor import Supervisor
from helmsight.hardware.wire.grbl_codes import HomingRequired

if TYPE_CHECKING:
    from tests.hardware.drivers.grbl.conftest import Benches

pytestmark = pytest.mark.serial

NEAR = (0.141, 0.085, 0.02)


@contextmanager
def homing(robot: Any, device: GrblController, bench: Benches) -> Iterator[list[BaseException]]:
    """Home in another thread; inside, the machine drives. Yields what `home` raises."""
    raised: list[BaseException] = []

    def home() -> None:
        try:
            robot.home()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=home)
    thread.start()
    bench.until(lambda: device.state == "Home" and not device.standing)
    yield raised
    thread.join(600.0)
    assert not thread.is_alive()


def test_a_stop_while_homing_is_confirmed_before_the_alarm_is_over(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    with homing(robot, device, bench) as raised:
        report = robot.stop()
        assert device.standing
        # by the alarm itself: the half second in which it answers nothing was not waited for
        assert report.state.stamp_s == robot.channel.alarm_s
        assert report.state.mode == Mode.alarm
        assert "ALARM:6" in report.state.faults[0]
    assert isinstance(raised[0], RobotStopped)
    assert not robot.is_homed
    assert bench.patient(robot.reset).mode == Mode.alarm
    with pytest.raises(DeviceAlarm):
        robot.move(JointTargets(NEAR))


def test_a_hold_from_another_thread_ends_homing(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    with homing(robot, device, bench) as raised:
        robot.hold()
        assert device.standing
    assert isinstance(raised[0], RobotStopped)
    bench.until(lambda: bench.mode_of(robot) == Mode.alarm)


def test_homing_that_takes_too_long_is_ended(bench: Benches) -> None:
    robot, device, _ = bench(spec=bench.described(home_s="0.3"))
    robot.connect()
    with pytest.raises(NoReply, match=r"\$H"):
        robot.home()
    assert device.standing
    assert device.state == "Alarm"
    there = device.positions
    robot.close()
    assert device.positions == there


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_while_homing_and_then_closing_leave_nothing_driving(
    bench: Benches, times: int
) -> None:
    robot, device, _ = bench()
    robot.connect()
    hear, left = robot.channel.hear, [times]

    def interrupted(within_s: float = 0.0) -> None:
        if robot._driving_home and device.state == "Home" and not device.standing and left[0]:
            left[0] -= 1
            raise KeyboardInterrupt
        hear(within_s)

    robot.channel.hear = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        robot.home()
    assert left[0] == 0 or times == 2
    robot.close()
    assert device.standing
    assert device.state == "Alarm"


def test_the_supervisor_homes_with_its_watchdog_at_rest_and_any_thread_stops_it(
    bench: Benches,
) -> None:
    robot, device, _ = bench()
    device.planner.position, device.astray = (0.0, 0.0, 0.0), (-20.0, -20.0, -8.0)
    with Supervisor(robot, watchdog_s=0.1) as supervisor:
        state = supervisor.home()
        assert state.positions == bench.near((0.279, 0.169, 0.039))
        assert not [event for event in supervisor.events if event.rule is Rule.watchdog]
        supervisor.move(JointTargets((0.277, 0.167, 0.038)))
        bench.until(lambda: supervisor.state().standing)
        supervisor.watchdog.release()
        with homing(supervisor, device, bench) as raised:
            supervisor.stop("key")
            assert device.standing
        assert isinstance(raised[0], RobotStopped)


# -- where the position is not known ------------------------------------------------------------


def unlocked_by_another(device: GrblController) -> None:
    device.state = "Idle"  # what `$X` does


UNKNOWN: dict[str, tuple[dict[str, Any], Callable[[GrblController], None]]] = {
    "a build without a lock at power-up": ({"lock": False}, lambda device: None),
    "homing switched on at run time": (
        {"lock": False},
        lambda device: device.settings.update({22: 1.0}),
    ),
    "unlocked by another sender": ({}, unlocked_by_another),
    "grblHAL that says so": ({"flavour": "grblhal"}, unlocked_by_another),
    "FluidNC": ({"flavour": "fluidnc"}, unlocked_by_another),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_machine_that_was_not_homed_says_so_and_refuses_to_move(
    bench: Benches, case: str
) -> None:
    options, change = UNKNOWN[case]
    robot, device, _ = bench(homed=False, **options)
    change(device)
    assert device.state == "Idle"
    state = robot.connect()
    assert state.mode == Mode.alarm
    assert "position unknown" in state.faults[0]
    for _ in range(2):
        with pytest.raises(HomingRequired, match=r"call home\(\)"):
            robot.move(JointTargets(NEAR))
    assert device.journal == []
    assert robot.reset().mode == Mode.alarm
    assert not robot.is_homed


@pytest.mark.parametrize("flavour", ["grbl", "grblhal"])
def test_a_position_that_is_proved_needs_no_homing(bench: Benches, flavour: str) -> None:
    robot, _, _ = bench(flavour=flavour)
    assert robot.connect().faults == ()
    assert robot.is_homed
    assert robot.move(JointTargets(NEAR)).attempts == 1


def test_a_proof_that_a_line_damages_is_asked_for_again(bench: Benches) -> None:
    robot, device, _ = bench()
    damaged = iter([b"T2", b"[G"])  # another tool, no answer to `$G`
    receive = device.receive

    def garbled(data: bytes, now: float) -> list[bytes]:
        answers = receive(data, now)
        if any(b"T211" in answer for answer in answers) and (part := next(damaged, b"")):
            return [answer.replace(part, b"xx") for answer in answers]
        return answers

    device.receive = garbled  # type: ignore[method-assign]
    robot.connect()
    assert next(damaged, None) is None
    assert robot.is_homed


@pytest.mark.parametrize("flavour", ["grbl", "grblhal", "fluidnc"])
def test_homing_proves_it_for_as_long_as_nothing_could_lose_it(
    bench: Benches, flavour: str
) -> None:
    robot, device, emulation = bench(homed=False, flavour=flavour)
    device.astray = (-3.0, -3.0, -3.0)
    robot.connect()
    robot.home()
    assert robot.is_homed
    robot.stop()
    assert robot.reset().mode == Mode.ready  # our own reset keeps it
    robot.close()
    other = Grbl(robot.spec, emulation.port)
    with other:
        assert other.is_homed is (flavour != "fluidnc")  # which proves it in one connection only
        other.link.write(b"\x18")  # somebody resets it
        bench.until(lambda: other.state().faults)
        assert other.is_homed is (flavour == "grblhal")


@pytest.mark.parametrize("restart", [False, True])
def test_a_link_that_comes_back_keeps_what_is_proved_and_a_restart_loses_it(
    bench: Benches, restart: bool
) -> None:
    robot, device, emulation = bench()
    robot.connect()
    device.dtr = restart
    emulation.unplug(0.2)
    with pytest.raises((LinkRecovered, HomingRequired)):
        bench.keep_moving(robot)
    assert robot.is_homed is not restart
    if restart:
        with pytest.raises(HomingRequired):
            robot.move(JointTargets(NEAR))
    else:
        robot.move(JointTargets(NEAR))


def test_unlock_any_moves_at_the_operators_risk_and_says_so(bench: Benches) -> None:
    robot, _, _ = bench(homed=False, spec=bench.described(unlock='"any"'))
    assert robot.connect().mode == Mode.alarm
    state = robot.reset()
    assert state.mode == Mode.ready
    assert "position unknown" in state.faults[0]
    assert robot.is_homed is False
