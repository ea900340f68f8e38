"""Between every pilot and every robot: cuts that are told, holds, stops that count."""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest

from hardware.errors import (
    BadReply,
    CameraUnavailable,
    DeviceAlarm,
    FrameRefused,
    HardwareError,
    InvalidOption,
    LinkLost,
    LinkRecovered,
    NoReply,
    NotConnected,
    NotReached,
    RobotStopped,
    StopUnconfirmed,
    TargetRefused,
    WrongThread,
)
from hardware.robot import JointTargets, Twist
from hardware.supervision.interventions import TOLD, Intervention, Rule
from hardware.supervisor import Supervisor


@pytest.fixture
def heard() -> list[Intervention]:
    return []


@pytest.fixture
def supervisor(arm, clock, heard) -> Iterator[Supervisor]:  # type: ignore[no-untyped-def]
    """A supervised robot in memory, on the test's clock."""
    made = Supervisor(arm, clock=clock, listeners=[heard.append], insist_s=0.05)
    made.connect()
    yield made
    made.close()


def near(supervisor: Supervisor, way: float = 0.02) -> tuple[float, ...]:
    """Joint positions a little away from home, inside every limit."""
    return tuple(place + way for place in supervisor.spec.home)


def rules(supervisor: Supervisor) -> list[Rule]:
    return [event.rule for event in supervisor.events]


def wait_until(true: Any, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return bool(true())


# -- limits ------------------------------------------------------------------------------------


def test_a_wish_within_the_limits_goes_through_as_it_is(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    sent = supervisor.move(JointTargets(near(supervisor), 0.2))
    assert arm.sent == [JointTargets(near(supervisor), 0.2)]
    assert (sent.positions, sent.duration_s, sent.notes) == (near(supervisor), 0.2, ())
    assert supervisor.events == ()
    assert supervisor.feedback() == ""


def test_a_wish_without_duration_gets_the_horizon(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor)))
    assert arm.sent[0].duration_s == 0.5


def test_what_is_cut_is_told_with_wanted_and_sent(supervisor, arm, heard, clock) -> None:  # type: ignore[no-untyped-def]
    wish = JointTargets((*supervisor.spec.home[:3], 99.0, *supervisor.spec.home[4:]), 0.5)
    sent = supervisor.move(wish)
    assert 0.0 < arm.sent[0].positions[3] < 0.75
    assert rules(supervisor) == [Rule.joint_limit, Rule.step]
    event = heard[0]
    assert (event.wanted, event.stamp_s) == (wish, clock.now)
    assert event.sent.positions == sent.positions == arm.sent[0].positions
    text = supervisor.feedback()
    assert text == "\n".join(sent.notes)
    assert "roll was to go to 99 rad, beyond its limit: it goes to 2.9 rad at most" in text
    assert "% of the way was done" in text
    assert supervisor.feedback() == "", "told once"


def test_the_reading_is_fresh_at_every_move(supervisor, arm, clock) -> None:  # type: ignore[no-untyped-def]
    """Someone pushed the arm: the next step starts from where it is, not from what was sent."""
    supervisor.move(JointTargets(near(supervisor), 0.2))
    clock.now += 0.4
    arm.axes[3].position = arm.axes[3].target = -1.0
    supervisor.move(JointTargets(near(supervisor), 0.2))
    assert arm.sent[-1].positions[3] < -0.6


def test_speed_that_was_gained_may_be_kept(supervisor, arm, clock) -> None:  # type: ignore[no-untyped-def]
    """At 20 Hz the steps grow with the speed that is read back, up to the joint's own."""
    ways = []
    for _ in range(12):
        here = supervisor.state().positions[3]
        supervisor.move(
            JointTargets((*supervisor.spec.home[:3], here + 1.0, *supervisor.spec.home[4:]), 0.05)
        )
        ways.append(arm.sent[-1].positions[3] - here)
        clock.now += 0.02
    assert ways[0] == pytest.approx(8.0 * 0.05**2)
    assert ways[5] > 2.0 * ways[0]
    assert max(ways) <= 1.5 * 0.05 + 1e-9


def test_a_twist_is_carried_out_within_the_limits(supervisor, arm, clock) -> None:  # type: ignore[no-untyped-def]
    start, _ = supervisor.kinematics.pose(arm.spec.home)
    supervisor.move(Twist((0.0, 0.05, 0.0), duration_s=0.4))
    assert supervisor.events == ()
    clock.now += 1.0
    end, _ = supervisor.kinematics.pose(supervisor.state().positions)
    assert end - start == pytest.approx([0.0, 0.02, 0.0], abs=1e-3)
    supervisor.move(Twist((0.0, 5.0, 0.0), duration_s=4e9))
    assert {Rule.step, Rule.tool_speed} <= set(rules(supervisor))
    assert "at most 0.25 m/s" in supervisor.feedback()


def test_the_tool_bit_moves_the_jaw_within_its_limits(supervisor, arm, clock) -> None:  # type: ignore[no-untyped-def]
    sent = supervisor.move(Twist((0.0, 0.0, 0.0), duration_s=0.1, tool=True))
    assert sent.tool is True
    assert 0.5 - 1.5 * 0.1 - 1e-9 <= arm.sent[0].positions[5] < 0.5
    for _ in range(20):
        clock.now += 0.1
        supervisor.move(Twist((0.0, 0.0, 0.0), duration_s=0.1, tool=True))
    clock.now += 0.2
    assert supervisor.state().positions[5] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_a_wild_pilot_keeps_the_joints_in_and_the_tool_about_where_it_may_be(  # type: ignore[no-untyped-def]
    supervisor, arm, clock, seed
) -> None:
    """What bends while a joint still brakes is not foreseen: it is small and short."""
    random, spec = Random(seed), supervisor.spec
    box = spec.workspace
    speeds, before = [], supervisor.kinematics.pose(arm.advance())[0]
    for number in range(120):
        if number % random.choice((3, 10)) == 0:
            wish = JointTargets(tuple(random.uniform(j.lower, j.upper) for j in spec.joint))
        supervisor.move(wish)
        for _ in range(5):
            clock.now += 0.01
            positions = arm.advance()
            point = supervisor.kinematics.pose(positions)[0]
            speeds.append(float(np.linalg.norm(point - before)) / 0.01)
            before = point
            for joint, place in zip(spec.joint, positions, strict=True):
                assert joint.lower - 1e-6 <= place <= joint.upper + 1e-6
            assert (np.array(box.lower) - 0.01 <= point).all()
            assert (point <= np.array(box.upper) + 0.01).all()
    assert np.percentile(speeds, 95) <= 1.05 * spec.limits.tool_speed
    assert max(speeds) <= 2.0 * spec.limits.tool_speed


@pytest.mark.parametrize(
    "wish", [JointTargets((math.nan,) * 6), JointTargets((0.0,)), Twist((math.inf, 0.0, 0.0)), "up"]
)
def test_what_is_no_wish_is_refused_and_the_robot_holds(supervisor, arm, wish) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    with pytest.raises(TargetRefused):
        supervisor.move(wish)
    assert len(arm.sent) == 1
    assert arm.calls[-1] == "hold"
    assert rules(supervisor) == [Rule.refused]
    assert supervisor.events[0].wanted == wish
    assert not supervisor.is_stopped


def test_limits_may_be_tightened_for_one_supervisor(arm) -> None:  # type: ignore[no-untyped-def]
    with Supervisor(arm, limits={"speed": 0.1}) as supervisor:
        supervisor.move(JointTargets(near(supervisor, 0.1), 0.5))
        assert arm.sent[0].positions[0] == pytest.approx(0.15 * (0.5 - 0.15 / 8.0))
        assert supervisor.spec.joint[0].speed == pytest.approx(0.15)
    with pytest.raises(InvalidOption, match="only tighten"):
        Supervisor(arm, limits={"tool_speed": 1.0})


@pytest.mark.parametrize(
    "option",
    [{"watchdog_s": None}, {"watchdog_s": 1.0}, {"insist_s": 0.0}, {"max_age_s": math.inf}],
    ids=str,
)
def test_nothing_can_be_switched_off(arm, option) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((InvalidOption, TypeError)):
        Supervisor(arm, **option)


def test_a_model_is_not_flooded(supervisor) -> None:  # type: ignore[no-untyped-def]
    for _ in range(3 * TOLD):
        with pytest.raises(TargetRefused):
            supervisor.move(JointTargets(()))
    lines = supervisor.feedback().splitlines()
    assert lines[0] == f"({2 * TOLD} earlier interventions are left out)"
    assert len(lines) == TOLD + 1
    assert len(supervisor.events) == 3 * TOLD


def test_a_listener_that_fails_stops_nothing(arm, clock, caplog) -> None:  # type: ignore[no-untyped-def]
    def broken(event: Intervention) -> None:
        raise RuntimeError("no ears")

    with Supervisor(arm, clock=clock, listeners=[broken]) as supervisor:
        supervisor.move(JointTargets(near(supervisor, 3.0)))
    assert len(arm.sent) == 1
    assert "no ears" in caplog.text


# -- watchdog ----------------------------------------------------------------------------------


def test_a_silent_loop_is_held_and_the_next_move_goes_on(supervisor, arm, clock) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    clock.now += 0.51
    assert wait_until(lambda: "hold" in arm.calls)
    assert wait_until(lambda: rules(supervisor) == [Rule.watchdog])
    assert "held: no new command for 0.51 s" in supervisor.feedback()
    assert not supervisor.is_stopped
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    assert len(arm.sent) == 2


def test_a_loop_that_feeds_is_left_alone(supervisor, arm, clock) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    for step in range(10):
        clock.now += 0.4
        assert supervisor.feed(step)
        time.sleep(0.03)
    assert "hold" not in arm.calls


def test_only_the_loop_moves_and_feeds(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor)))
    caught: list[BaseException] = []

    def meddle() -> None:
        for work in (lambda: supervisor.feed(9), lambda: supervisor.move(JointTargets(()))):
            try:
                work()
            except WrongThread as error:
                caught.append(error)
        supervisor.state()
        supervisor.hold()

    thread = threading.Thread(target=meddle)
    thread.start()
    thread.join()
    assert len(caught) == 2
    assert arm.calls[-1] == "hold", "holding is for everyone"


@pytest.mark.parametrize("error", [NoReply("deaf"), OSError("deaf")])
def test_a_hold_that_fails_becomes_a_stop(supervisor, arm, clock, error) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    arm.trouble.errors["hold"] = [error] * 3
    clock.now += 0.6
    assert wait_until(lambda: Rule.stop in rules(supervisor))
    assert supervisor.is_stopped
    assert rules(supervisor) == [Rule.watchdog, Rule.stop]
    assert "could not be held: deaf" in supervisor.events[1].text
    arm.trouble.errors.clear()


def test_no_thread_is_left_behind(arm) -> None:  # type: ignore[no-untyped-def]
    before = set(threading.enumerate())
    with Supervisor(arm) as supervisor:
        supervisor.move(JointTargets(near(supervisor)))
    assert set(threading.enumerate()) == before


# -- camera ------------------------------------------------------------------------------------


class Eye:
    """A camera whose picture is as the test says."""

    def __init__(self) -> None:
        self.error: HardwareError | None = None

    def newest(self) -> str:
        return "picture"

    def check(self, frame: str) -> None:
        assert frame == "picture"
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (FrameRefused("1.2 s old", "stale"), Rule.stale_frame),
        (FrameRefused("the same for 2 s", "frozen"), Rule.frozen_frame),
        (FrameRefused("cap on", "black"), Rule.black_frame),
        (CameraUnavailable("unplugged"), Rule.stale_frame),
    ],
)
def test_a_picture_that_cannot_be_trusted_holds_the_robot(arm, clock, error, rule) -> None:  # type: ignore[no-untyped-def]
    eye = Eye()
    with Supervisor(arm, clock=clock, camera=eye) as supervisor:
        supervisor.move(JointTargets(near(supervisor, 0.1)))
        eye.error = error
        arm.calls.clear()
        with pytest.raises(type(error)):
            supervisor.move(JointTargets(near(supervisor, 0.1)))
        assert arm.calls == ["hold"], "nothing else was sent"
        assert rules(supervisor) == [rule]
        assert str(error) in supervisor.feedback()
        eye.error = None
        supervisor.move(JointTargets(near(supervisor, 0.1)))
        assert len(arm.sent) == 2


def test_a_real_camera_with_its_cap_on_holds_the_robot(arm, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import cv2

    from hardware.cameras import open_camera

    for number in range(200):
        cv2.imwrite(str(tmp_path / f"f{number:04d}.png"), np.zeros((48, 64, 3), np.uint8))
    with (
        open_camera(str(tmp_path / "f%04d.png")) as camera,
        Supervisor(arm, camera=camera) as supervisor,
    ):
        with pytest.raises(FrameRefused, match="black"):
            supervisor.move(JointTargets(near(supervisor)))
        assert arm.sent == []
        assert rules(supervisor) == [Rule.black_frame]
        assert "take the cap off" in supervisor.feedback()


def test_a_move_decided_on_an_old_frame_is_refused(supervisor, arm, clock) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor)), seen_at=clock.now - 0.9)
    for seen_at in (clock.now - 1.1, math.nan):
        with pytest.raises(FrameRefused, match="at most 1 s"):
            supervisor.move(JointTargets(near(supervisor)), seen_at=seen_at)
    assert len(arm.sent) == 1
    assert arm.calls[-1] == "hold"
    assert set(rules(supervisor)) == {Rule.stale_frame}


# -- stop --------------------------------------------------------------------------------------


def test_a_stop_is_confirmed_told_and_lasting(supervisor, arm, heard) -> None:  # type: ignore[no-untyped-def]
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    report = supervisor.stop("key")
    assert report.state.standing
    assert [event.rule for event in heard] == [Rule.stop]
    assert "stopped (key)" in supervisor.feedback()
    with pytest.raises(RobotStopped):
        supervisor.move(JointTargets(near(supervisor)))
    supervisor.reset()
    supervisor.move(JointTargets(near(supervisor)))
    assert len(arm.sent) == 2


def test_a_stop_is_repeated_until_it_is_confirmed(supervisor, arm, heard) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors["stop"] = [NoReply("deaf")] * 40
    report = supervisor.stop("key", within_s=0.02, insist_s=5.0)
    assert report.state.standing
    assert heard[-1].rule is Rule.stop
    assert not arm.trouble.errors["stop"]


def test_a_stop_that_is_not_confirmed_is_shouted(supervisor, arm, heard, capsys, caplog) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.runaway = True
    with caplog.at_level(logging.CRITICAL), pytest.raises(StopUnconfirmed, match="cut the power"):
        supervisor.stop("key", within_s=0.02)
    rounds = [event for event in heard if event.rule is Rule.unconfirmed]
    assert len(rounds) >= 2, "it insists"
    assert all("cut the power of arm now" in event.text for event in rounds)
    assert capsys.readouterr().err.count("cut the power") >= len(rounds)
    criticals = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(criticals) == len(rounds)
    assert Rule.stop not in rules(supervisor)
    arm.trouble.runaway = False


def test_a_driver_that_lets_a_strange_error_through_does_not_end_the_stop(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors["stop"] = [RuntimeError("vendor")]  # type: ignore[list-item]
    assert supervisor.stop("key").state.standing
    assert rules(supervisor) == [Rule.unconfirmed, Rule.stop]


def test_a_stop_from_another_thread_goes_before_the_loop(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    ended: list[BaseException] = []
    began = threading.Event()

    def loop() -> None:
        try:
            while True:
                supervisor.move(JointTargets(near(supervisor), 0.2))
                began.set()
        except RobotStopped as error:
            ended.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    assert began.wait(5.0)
    supervisor.stop("key")
    thread.join(5.0)
    assert len(ended) == 1
    assert "send" not in arm.calls[arm.calls.index("stop") :]


def test_an_exception_in_the_block_stops_holds_and_releases(arm, arm_spec) -> None:  # type: ignore[no-untyped-def]
    supervisor = Supervisor(arm)

    def fly() -> None:
        with supervisor:
            supervisor.move(JointTargets(near(supervisor, 0.1)))
            raise ValueError("the pilot is lost")

    with pytest.raises(ValueError, match="pilot"):
        fly()
    order = [call for call in arm.calls if call in ("stop", "hold", "release")]
    assert order == ["stop", "hold", "release"]
    assert rules(supervisor) == [Rule.stop]
    assert "ValueError: the pilot is lost" in supervisor.events[0].text
    assert arm.released == list(arm_spec.names)


def test_a_clean_end_holds_before_it_releases_and_stops_nothing(arm) -> None:  # type: ignore[no-untyped-def]
    with Supervisor(arm) as supervisor:
        supervisor.move(JointTargets(near(supervisor, 0.1)))
    assert [call for call in arm.calls if call in ("stop", "hold", "release")] == [
        "hold",
        "release",
    ]


def test_clean_up_goes_on_past_a_failing_motor(arm) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.motors = {"shoulder"}
    with pytest.raises(HardwareError, match="not released: shoulder"), Supervisor(arm):
        pass
    assert arm.released == ["turn", "elbow", "roll", "wrist", "jaw"]
    assert not arm.is_connected


def test_clean_up_goes_on_past_a_hold_that_fails(arm) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors["hold"] = [NoReply("deaf")] * 3
    with pytest.raises(NoReply), Supervisor(arm):
        pass
    assert "release" in arm.calls
    assert not arm.is_connected


@pytest.mark.slow
def test_an_unconfirmed_stop_is_added_to_the_error_of_the_block(arm) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.runaway = True
    with pytest.raises(ValueError, match="lost") as caught, Supervisor(arm, insist_s=0.01):
        raise ValueError("lost")
    assert any("cut the power" in note for note in caught.value.__notes__)
    assert "release" in arm.calls


def test_a_link_that_is_lost_stops_the_robot_when_it_is_back(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors["read"] = [LinkLost("unplugged")]
    arm.trouble.errors["handshake"] = [LinkLost("still gone")] * 100_000
    with pytest.raises(LinkLost):
        supervisor.state()
    assert rules(supervisor)[0] is Rule.link
    assert rules(supervisor)[-1] is Rule.stop
    assert supervisor.is_stopped


@pytest.mark.slow
def test_a_link_that_stays_away_is_shouted(supervisor, arm, capsys) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors = {
        kind: [LinkLost("gone")] * 100_000 for kind in ("read", "handshake", "stop")
    }
    with pytest.raises(StopUnconfirmed) as caught:
        supervisor.state()
    assert isinstance(caught.value.__context__, Exception)
    assert "cut the power" in capsys.readouterr().err
    arm.trouble.errors.clear()


def test_a_link_that_came_back_at_once_goes_on(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors["send"] = [LinkLost("a wobble")]
    with pytest.raises(LinkRecovered):
        supervisor.move(JointTargets(near(supervisor)))
    assert "hold" in arm.calls
    assert rules(supervisor) == [Rule.link]
    assert not supervisor.is_stopped
    supervisor.move(JointTargets(near(supervisor)))


def test_a_link_that_was_away_while_reading_lets_no_old_decision_through(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors["read"] = [LinkLost("a wobble")]
    with pytest.raises(LinkRecovered, match="look again"):
        supervisor.move(JointTargets(near(supervisor)))
    assert arm.sent == []
    arm.trouble.errors["read"] = [LinkLost("a wobble")]
    supervisor.state()
    assert rules(supervisor) == [Rule.link, Rule.link]
    supervisor.move(JointTargets(near(supervisor)))


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (NoReply("deaf"), Rule.reply),
        (BadReply("mad"), Rule.reply),
        (DeviceAlarm("hot"), Rule.device),
    ],
)
def test_a_failed_command_is_told(supervisor, arm, error, rule) -> None:  # type: ignore[no-untyped-def]
    arm.trouble.errors["send"] = [error] * 3
    with pytest.raises(type(error)):
        supervisor.move(JointTargets(near(supervisor)))
    assert rules(supervisor) == [rule]
    assert str(error) in supervisor.feedback()


def test_before_connect_there_is_nothing_to_move_or_stop(arm) -> None:  # type: ignore[no-untyped-def]
    supervisor = Supervisor(arm)
    for work in (supervisor.state, supervisor.hold, supervisor.stop):
        with pytest.raises(NotConnected):
            work()
    with pytest.raises(NotConnected):
        supervisor.move(JointTargets((math.nan,) * 6))
    assert arm.calls == []


# -- signals -----------------------------------------------------------------------------------


def test_sigint_stops_and_then_interrupts_as_ever(supervisor, arm) -> None:  # type: ignore[no-untyped-def]
    before = signal.getsignal(signal.SIGINT)

    def fly() -> None:
        with supervisor.on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                supervisor.move(JointTargets(near(supervisor), 0.2))

    with pytest.raises(KeyboardInterrupt):
        fly()
    assert supervisor.is_stopped
    assert "stopped (SIGINT)" in supervisor.feedback()
    assert "send" not in arm.calls[arm.calls.index("stop") :]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("delay_s", [0.001, 0.004, 0.01, 0.03])
def test_a_signal_in_the_middle_of_a_move_lets_nothing_follow_the_stop(  # type: ignore[no-untyped-def]
    real_arm, delay_s
) -> None:
    def fly() -> None:
        with Supervisor(real_arm) as supervisor, supervisor.on_signals():
            threading.Timer(delay_s, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            while True:
                supervisor.move(JointTargets(near(supervisor), 0.2))

    with pytest.raises(KeyboardInterrupt):
        fly()
    order = [call for call in real_arm.calls if call != "read"]
    assert order[order.index("stop") :][-2:] == ["hold", "release"]
    assert "send" not in order[order.index("stop") :]


def test_sigterm_stops_and_then_ends_the_program(supervisor) -> None:  # type: ignore[no-untyped-def]
    def fly() -> None:
        with supervisor.on_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5.0)

    with pytest.raises(SystemExit) as caught:
        fly()
    assert caught.value.code == 128 + signal.SIGTERM
    assert supervisor.is_stopped


def test_a_handler_that_was_there_is_called_after_the_stop(supervisor) -> None:  # type: ignore[no-untyped-def]
    called: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: called.append(number))
    try:
        with supervisor.on_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            assert wait_until(lambda: called)
        assert supervisor.is_stopped
    finally:
        signal.signal(signal.SIGTERM, before)
    assert called == [signal.SIGTERM]


def test_signals_are_for_the_main_thread(supervisor) -> None:  # type: ignore[no-untyped-def]
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            with supervisor.on_signals():
                pass
        except WrongThread as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_a_second_ctrl_c_does_not_cut_the_clean_up_short(arm) -> None:  # type: ignore[no-untyped-def]
    slow = arm._send_release

    def release() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        slow()

    arm._send_release = release

    def fly() -> None:
        with Supervisor(arm) as supervisor:
            supervisor.move(JointTargets(near(supervisor)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fly()
    assert "release" in arm.calls
    assert not arm.is_connected


# -- far targets -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_far_target_is_reached_in_supervised_steps(real_arm) -> None:  # type: ignore[no-untyped-def]
    with Supervisor(real_arm) as supervisor:
        goal = [*supervisor.spec.home[:3], 1.2, *supervisor.spec.home[4:]]
        state = supervisor.reach(goal, 20.0)
        assert state.positions == pytest.approx(goal, abs=0.02)
        assert state.standing
        assert len(real_arm.sent) > 5
        assert supervisor.events == (), "steps are no interventions"


@pytest.mark.slow
def test_a_target_beyond_a_limit_is_told_not_to_be_reached(real_arm) -> None:  # type: ignore[no-untyped-def]
    with Supervisor(real_arm, limits={"joints": {"roll": (-0.2, 0.2)}}) as supervisor:
        goal = [*supervisor.spec.home[:3], 0.5, *supervisor.spec.home[4:]]
        with pytest.raises(NotReached, match=r"roll 0\.3\d* rad.*beyond its limit"):
            supervisor.reach(goal, 1.5)
        assert Rule.joint_limit in rules(supervisor)
        assert real_arm.calls[-1] == "hold"


def test_ctrl_c_on_the_way_holds(real_arm) -> None:  # type: ignore[no-untyped-def]
    with Supervisor(real_arm) as supervisor:
        timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            supervisor.reach([*supervisor.spec.home[:3], 2.0, *supervisor.spec.home[4:]])
        timer.join()
        assert real_arm.calls[-1] == "hold"
        assert supervisor.state().standing
