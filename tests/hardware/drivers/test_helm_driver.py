"""The helm driver against the Python twin and against the real firmware in simavr."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helmsight.hardware.drivers.helm import Helm
from helmsight.hardware.emulators import emulate, simavr
from helmsight.hardware.emulators.helm import HelmBoard
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.emulators.simavr import Simavr
from helmsight.hardware.errors import (
    CommandRefused,
    DeviceAlarm,
    HeldAtMachine,
    LinkRecovered,
    NoReply,
    RobotStopped,
    SetupNeeded,
    TargetRefused,
    WrongProtocol,
)
from helmsight.hardware.robot import JointTargets, Mode, RobotState
from helmsight.hardware.spec import load_spec, parse_spec, shipped
from helmsight.hardware.wire.helm import HelmCommand, HelmFrame, packets

pytestmark = pytest.mark.serial

SPEC = load_spec("helm_arm")
NEAR = (0.2, 0.1, 1.4, -0.1, 0.3)
FAR = (0.6, 0.5, 0.9, 0.8, 0.9)
TICK_RAD = 0.5 / 636.6


@pytest.fixture(params=["twin", "firmware"])
def board(request: pytest.FixtureRequest) -> Iterator[Emulation | Simavr]:
    """Return a board on a port."""
    if request.param == "firmware":
        if lack := simavr.missing():
            pytest.skip(lack)
        with Simavr(trace=True) as rig:
            yield rig
    else:
        with emulate(SPEC) as emulation:
            yield emulation


@pytest.fixture
def robot(board: Emulation | Simavr) -> Iterator[Helm]:
    with Helm(SPEC, board.port) as robot:
        yield robot


def until(robot: Helm, done: Callable[[RobotState], bool]) -> RobotState:
    deadline = time.monotonic() + 600.0
    while not done(state := robot.state()):
        assert time.monotonic() < deadline, state
        time.sleep(0.01)
    return state


def keep_moving(robot: Helm, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        robot.move(JointTargets(NEAR, 0.3))


def close_to(positions: tuple[float, ...], targets: tuple[float, ...]) -> bool:
    pairs = zip(positions, targets, strict=True)
    return all(math.isclose(a, b, abs_tol=TICK_RAD) for a, b in pairs)


def test_connecting_energises_nothing(robot: Helm) -> None:
    state = robot.state()
    assert state.energised is False
    assert state.mode == Mode.ready
    assert close_to(state.positions, SPEC.home)
    assert robot.firmware.startswith("helm ")
    assert state.details["watchdog_s"] == robot.watchdog_s


def test_a_move_arrives_and_says_what_was_sent(robot: Helm) -> None:
    sent = robot.move(JointTargets(NEAR, 0.4, tool=None))
    assert close_to(sent.positions, NEAR)
    assert sent.duration_s == pytest.approx(0.4)
    moving = robot.state()
    assert (moving.mode, moving.energised) == (Mode.moving, True)
    state = until(robot, lambda state: state.mode == Mode.ready)
    assert state.positions == sent.positions
    assert state.standing


def test_a_move_that_is_too_fast_takes_its_time(robot: Helm) -> None:
    sent = robot.move(JointTargets(FAR, 0.05))
    assert sent.duration_s > 0.3
    assert sent.notes
    limits = [joint.speed for joint in SPEC.joint]
    while (state := robot.state()).mode == Mode.moving:
        assert all(
            abs(v) <= limit * 1.001 for v, limit in zip(state.velocities, limits, strict=True)
        )


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1.41, -99.0])
def test_targets_that_cannot_be_never_reach_the_wire(robot: Helm, bad: float) -> None:
    sent = robot.link.counters.bytes_out
    with pytest.raises(TargetRefused, match="base"):
        robot.move(JointTargets((bad, *NEAR[1:])))
    with pytest.raises(TargetRefused, match="duration"):
        robot.move(JointTargets(NEAR, 2.5))
    assert robot.link.counters.bytes_out == sent


def test_silence_holds_the_servos_and_a_move_goes_on(robot: Helm) -> None:
    robot.move(JointTargets(FAR, 1.5))
    time.sleep(robot.watchdog_s + 0.2)
    state = robot.state()
    assert state.mode == Mode.held
    assert state.details["watchdog_tripped"] == 1.0
    assert state.energised
    assert not close_to(state.positions, FAR)
    time.sleep(0.1)
    assert robot.state().positions == state.positions
    robot.move(JointTargets(state.positions, 0.1))
    assert robot.state().details["watchdog_tripped"] == 0.0


def test_a_stop_is_read_back_and_latches(robot: Helm) -> None:
    robot.move(JointTargets(FAR, 1.5))
    time.sleep(0.1)
    report = robot.stop()
    assert report.state.mode == Mode.stopped
    assert report.state.energised
    with pytest.raises(RobotStopped):
        robot.move(JointTargets(NEAR))
    with pytest.raises(CommandRefused, match="STOPPED"):
        robot._send(JointTargets(NEAR, 0.2))
    assert robot.reset().mode in (Mode.ready, Mode.held)
    assert robot.state().positions == report.state.positions


def test_an_answer_that_got_lost_does_not_move_it_twice(
    board: Emulation | Simavr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The acknowledgement of a move is lost; it is held meanwhile; the retry moves nothing."""
    with Helm(SPEC, board.port) as robot:
        robot.move(JointTargets(NEAR, 0.2))
        until(robot, lambda state: state.mode == Mode.ready)
        targets = JointTargets(FAR, 1.5)
        with monkeypatch.context() as patch:
            patch.setattr(robot.link, "frames", lambda *_: iter(()))
            with pytest.raises(NoReply):
                robot._send(targets)
        assert robot.link.read(5.0), "the acknowledgement, which got lost"
        time.sleep(0.05)
        robot.link.flush_input()
        robot.hold()
        held = robot.state()
        robot._send(targets)
        time.sleep(0.1)
        after = robot.state()
    assert after.positions == held.positions
    assert after.details["board_duplicates"] == held.details["board_duplicates"] + 1


def test_after_an_unplug_it_is_held_and_said(board: Emulation | Simavr) -> None:
    with Helm(SPEC, board.port) as robot:
        robot.move(JointTargets(NEAR, 0.3))
        board.unplug(0.2)
        with pytest.raises(LinkRecovered, match="look again"):
            keep_moving(robot, 5.0)
        assert robot.link.counters.reconnects == 1
        assert robot.state().mode in (Mode.held, Mode.ready)
        robot.move(JointTargets(SPEC.home))


def test_closing_releases_and_the_next_one_starts_where_it_was(board: Emulation | Simavr) -> None:
    with Helm(SPEC, board.port) as robot:
        robot.move(JointTargets(NEAR, 0.2))
        there = until(robot, lambda state: state.mode == Mode.ready).positions
    with Helm(SPEC, board.port) as robot:
        state = robot.state()
        assert state.energised is False
        assert state.positions == there
        robot.move(JointTargets(there, 0.1))
        assert robot.state().positions == there


def test_a_board_that_runs_with_other_limits_is_not_taken_over(board: Emulation | Simavr) -> None:
    text = shipped()["helm_arm"].read_text(encoding="utf-8")
    other = parse_spec(text.replace("upper = 1.4", "upper = 1.2"))
    kept = parse_spec(f'{text}\n[ending]\non_close = "hold"\n')
    with Helm(kept, board.port) as robot:
        robot.move(JointTargets(NEAR, 0.2))
    with pytest.raises(SetupNeeded, match=r"limits of base.*ENERGISED"):
        Helm(other, board.port).connect()
    with Helm(kept, board.port) as robot:
        assert robot.state().energised


def test_servos_that_another_program_released_move_only_after_a_reset(
    board: Emulation | Simavr,
) -> None:
    with Helm(SPEC, board.port) as robot:
        robot.move(JointTargets(NEAR, 0.2))
        until(robot, lambda state: state.mode == Mode.ready)
        robot._session.retried(lambda: robot._command(HelmCommand.RELEASE, b"\x3f"))
        with pytest.raises(HeldAtMachine, match="torque"):
            robot.move(JointTargets(SPEC.home))
        assert robot.state().energised is False
        robot.reset()
        robot.move(JointTargets(NEAR, 0.2))
        assert robot.state().energised


@pytest.mark.parametrize("board", ["firmware"], indirect=True)  # the twin has no reset button
def test_a_board_that_restarts_is_an_alarm_and_connects_again(board: Simavr) -> None:
    with Helm(SPEC, board.port) as robot:
        robot.move(JointTargets(NEAR, 0.2))
        there = until(robot, lambda state: state.mode == Mode.ready).positions
        board.restart()
        time.sleep(0.05)
        assert robot.state().energised is False
        with pytest.raises(DeviceAlarm, match="restarted"):
            robot.move(JointTargets(SPEC.home))
        robot.close()
        state = robot.connect()
        assert state.positions == there, "it does not jump home"


def test_what_is_no_board_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helmsight.hardware.drivers.helm.BOOT_S", 0.3)
    with emulate("gantry", tmp_path / "port") as emulation:
        robot = Helm(SPEC, emulation.port)
        with pytest.raises(WrongProtocol, match=r"bytes came.*firmware"):
            robot.connect()
        assert not robot.link.is_open


def test_a_faulty_line_loses_nothing_and_executes_nothing_twice() -> None:
    """Every command is acknowledged or reported; the journal holds each target at most once."""
    wanted = []
    board = HelmBoard(SPEC)
    with Emulation(board, faults="drop=0.02,flip=0.01,noise=0.01", seed=3) as line:
        robot = Helm(SPEC, line.port)
        robot.connect()
        reported = 0
        for step in range(300):
            target = (0.001 * (step + 1), *SPEC.home[1:])
            try:
                wanted.append(robot.move(JointTargets(target, 0.05)).positions)
            except (NoReply, CommandRefused):
                reported += 1
        retries = robot.link.counters.retries
        robot.close()
    moves = [entry.positions for entry in board.journal if entry.kind == "move"]
    assert retries > 0
    assert len(moves) == len(set(moves)), "something was executed twice"
    assert set(wanted) <= set(moves), "something acknowledged was not executed"
    assert len(moves) <= len(set(wanted)) + reported
    assert board.outside == []


def test_a_late_reading_is_not_taken_for_a_fresh_one(board: Emulation | Simavr) -> None:
    with Helm(SPEC, board.port) as robot:
        first = HelmFrame(robot._reads + 1 & 0xFF, HelmCommand.STATE).encode()
        robot.link.write(first)  # its answer will be waiting
        time.sleep(0.05)
        robot._reads += 1
        robot.move(JointTargets(NEAR, 0.3))
        assert robot.state().mode == Mode.moving
        assert packets().feed(first), "the frame was whole"


class HardOfHearing(HelmBoard):
    """A board to which every command has to be said twice."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        self.heard = not getattr(self, "heard", True)
        return super().receive(data, now) if self.heard else []


def test_everything_is_said_again_when_nothing_answers() -> None:
    with Emulation(HardOfHearing(SPEC)) as line, Helm(SPEC, line.port) as robot:
        assert robot.move(JointTargets(NEAR, 0.2)).attempts > 1
        assert robot.state().mode == Mode.moving
        robot.hold()
        assert robot.state().mode == Mode.held
