"""The supervisor over the real drivers, each at the emulated device that it drives."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import LinkRecovered, RobotStopped, StopUnconfirmed, TargetRefused
from helmsight.hardware.robot import JointTargets, Twist
from helmsight.hardware.supervision.interventions import Rule
from helmsight.hardware.supervisor import Supervisor, supervised

ROBOTS = ["gantry", "so101", "openmanipulator_x", "helm_arm", "community_arm"]

pytestmark = pytest.mark.serial


@pytest.fixture(params=ROBOTS)
def emulation(request: pytest.FixtureRequest) -> Iterator[Emulation]:
    with emulate(request.param, homed=True) as served:
        yield served


@pytest.fixture
def robot(emulation: Emulation) -> Iterator[Supervisor]:
    with supervised(emulation.device.spec.name, emulation.port) as supervisor:
        yield supervisor


def wait_until(true: Callable[[], bool], seconds: float = 600.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


def far(robot: Supervisor) -> tuple[float, ...]:
    """The first joint near its end, which is seconds away."""
    joint = robot.spec.joint[0]
    return (joint.lower + 0.95 * (joint.upper - joint.lower), *robot.spec.home[1:])


def test_no_wish_however_wild_leads_out_of_the_limits(
    robot: Supervisor, emulation: Emulation
) -> None:
    ends = (1e300, -1e300, 50.0, -50.0)
    for number in range(12):
        wish = [ends[(number + i) % 4] for i in range(len(robot.spec.joint))]
        robot.move(JointTargets(tuple(wish), 1e-3 if number % 3 else None))
        robot.move(Twist((ends[number % 4], 0.0, -9.0), (0.0, 1e9, 0.0), 1e9))
        time.sleep(0.02)
    assert emulation.device.outside == []
    assert {event.rule for event in robot.events} >= {Rule.joint_limit}
    point, _ = robot.kinematics.pose(emulation.device.positions)
    box = robot.spec.workspace
    for low, place, high in zip(box.lower, point, box.upper, strict=True):
        assert low - 0.005 <= place <= high + 0.005


def test_a_refused_wish_holds_what_moves(robot: Supervisor, emulation: Emulation) -> None:
    robot.move(JointTargets(far(robot)))
    assert wait_until(lambda: not emulation.device.standing)
    with pytest.raises(TargetRefused):
        robot.move(JointTargets((math.nan,) * len(robot.spec.joint)))
    assert wait_until(lambda: emulation.device.standing)
    assert emulation.device.positions[0] < far(robot)[0]
    assert not robot.is_stopped


def test_a_silent_loop_is_held_and_goes_on(robot: Supervisor) -> None:
    robot.move(JointTargets(far(robot)))
    assert wait_until(lambda: any(event.rule is Rule.watchdog for event in robot.events))
    assert wait_until(lambda: robot.state().standing)
    before = robot.state().positions[0]
    deadline = time.monotonic() + 600.0
    while robot.state().positions[0] < before + 0.01 and time.monotonic() < deadline:
        robot.move(JointTargets(far(robot)))
        time.sleep(0.1)
    assert robot.state().positions[0] >= before + 0.01


def test_a_stop_from_another_thread_ends_the_loop(robot: Supervisor, emulation: Emulation) -> None:
    ended = threading.Event()

    def loop() -> None:
        try:
            while True:
                robot.move(JointTargets(far(robot)))
        except RobotStopped:
            ended.set()

    thread = threading.Thread(target=loop)
    thread.start()
    assert wait_until(lambda: not emulation.device.standing)
    robot.stop("key")
    there = emulation.device.positions
    assert ended.wait(600.0)
    thread.join()
    time.sleep(0.1)
    assert emulation.device.positions == pytest.approx(there, abs=0.002)
    robot.reset()
    robot.move(JointTargets(robot.spec.home))


def test_an_exception_stops_the_device(emulation: Emulation) -> None:
    def fly() -> None:
        with supervised(emulation.device.spec.name, emulation.port) as robot:
            robot.move(JointTargets(far(robot)))
            assert wait_until(lambda: not emulation.device.standing)
            seen.append(robot)
            raise ValueError("the pilot is lost")

    seen: list[Supervisor] = []
    with pytest.raises(ValueError, match="lost"):
        fly()
    assert wait_until(lambda: emulation.device.standing)
    assert emulation.device.positions[0] < seen[0].spec.joint[0].upper
    assert seen[0].events[-1].rule is Rule.stop


def test_home_is_reached_from_elsewhere(robot: Supervisor, emulation: Emulation) -> None:
    for _ in range(4):
        robot.move(JointTargets(far(robot)))
        time.sleep(0.1)
    robot.reach(robot.spec.home, 20.0)
    for joint, place in zip(robot.spec.joint, emulation.device.positions, strict=True):
        assert place == pytest.approx(joint.home, abs=0.03)
    assert all(event.rule in (Rule.step, Rule.tool_speed) for event in robot.events)


def test_a_short_unplug_holds_and_the_run_goes_on(robot: Supervisor, emulation: Emulation) -> None:
    def fly() -> None:
        deadline = time.monotonic() + 600.0
        while time.monotonic() < deadline:
            robot.move(JointTargets(far(robot)))

    robot.move(JointTargets(far(robot)))
    emulation.unplug(0.2)
    with pytest.raises(LinkRecovered):
        fly()
    assert Rule.link in {event.rule for event in robot.events}
    assert not robot.is_stopped
    assert wait_until(lambda: robot.state().standing)
    robot.move(JointTargets(robot.spec.home))


@pytest.mark.slow
def test_a_cable_that_stays_out_is_said_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    def fly(emulation: Emulation) -> None:
        with supervised("so101", emulation.port, insist_s=0.1) as robot:
            robot.move(JointTargets(robot.spec.home))
            emulation.unplug(60.0)
            while True:
                robot.move(JointTargets(robot.spec.home))

    with emulate("so101") as emulation, pytest.raises(StopUnconfirmed, match="cut the power"):
        fly(emulation)
    assert capsys.readouterr().err.count("cut the power of so101 now") >= 1
