"""Held or stopped when the loop is silent, the picture cannot be trusted, a signal comes."""

from __future__ import annotations

import math
import os
import signal
import threading
import time

import numpy as np
import pytest

from helmsight.hardware.errors import (
    CameraUnavailable,
    FrameRefused,
    HardwareError,
    NoReply,
    WrongThread,
)
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.supervision.interventions import Rule
from helmsight.hardware.supervisor import Supervisor

# -- watchdog ---------------------------------------------------------------------------------


def test_a_silent_loop_is_held_and_the_next_move_goes_on(
    supervisor, arm, clock, near, rules, wait_until
) -> None:
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    clock.now += 0.51
    assert wait_until(lambda: "hold" in arm.calls)
    assert wait_until(lambda: rules(supervisor) == [Rule.watchdog])
    assert "held: no new command for 0.51 s" in supervisor.feedback()
    assert not supervisor.is_stopped
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    assert len(arm.sent) == 2


def test_a_loop_that_feeds_is_left_alone(supervisor, arm, clock, near) -> None:
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    for step in range(10):
        clock.now += 0.4
        assert supervisor.feed(step)
        time.sleep(0.03)
    assert "hold" not in arm.calls


def test_only_the_loop_moves_and_feeds(supervisor, arm, near) -> None:
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
def test_a_hold_that_fails_becomes_a_stop(
    supervisor, arm, clock, error, near, rules, wait_until
) -> None:
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    arm.trouble.errors["hold"] = [error] * 3
    clock.now += 0.6
    assert wait_until(lambda: Rule.stop in rules(supervisor))
    assert supervisor.is_stopped
    assert rules(supervisor) == [Rule.watchdog, Rule.stop]
    assert "could not be held: deaf" in supervisor.events[1].text
    arm.trouble.errors.clear()


def test_no_thread_is_left_behind(arm, near) -> None:
    before = set(threading.enumerate())
    with Supervisor(arm) as supervisor:
        supervisor.move(JointTargets(near(supervisor)))
    assert set(threading.enumerate()) <= before  # those of others may end meanwhile


# -- camera -----------------------------------------------------------------------------------


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
def test_a_picture_that_cannot_be_trusted_holds_the_robot(
    arm, clock, error, rule, near, rules
) -> None:
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


def test_a_real_camera_with_its_cap_on_holds_the_robot(arm, tmp_path, near, rules) -> None:
    import cv2

    from helmsight.hardware.cameras import open_camera

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


def test_a_move_decided_on_an_old_frame_is_refused(supervisor, arm, clock, near, rules) -> None:
    supervisor.move(JointTargets(near(supervisor)), seen_at=clock.now - 0.9)
    for seen_at in (clock.now - 1.1, math.nan):
        with pytest.raises(FrameRefused, match="at most 1 s"):
            supervisor.move(JointTargets(near(supervisor)), seen_at=seen_at)
    assert len(arm.sent) == 1
    assert arm.calls[-1] == "hold"
    assert set(rules(supervisor)) == {Rule.stale_frame}


@pytest.mark.parametrize("later", [0.5, 1e12, math.inf])
def test_a_stamp_from_the_future_is_of_another_clock_and_refused(
    supervisor, arm, clock, near, later
) -> None:
    with pytest.raises(FrameRefused, match=r"another clock.*time\.monotonic"):
        supervisor.move(JointTargets(near(supervisor)), seen_at=clock.now + later)
    assert not arm.sent


# -- signals ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("uncollected")
def test_sigint_stops_and_then_interrupts_as_ever(supervisor, arm, near) -> None:
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


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("delay_s", [0.001, 0.004, 0.01, 0.03])
def test_a_signal_in_the_middle_of_a_move_lets_nothing_follow_the_stop(
    real_arm, delay_s, near
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


@pytest.mark.usefixtures("uncollected")
def test_what_closes_after_a_signal_lets_its_stop_end_first(arm, clock, heard, monkeypatch) -> None:
    """However late the thread of the stop comes to it."""
    supervisor = Supervisor(arm, clock=clock, listeners=[heard.append])
    leaving = threading.Event()
    stop, leave = supervisor.stop, supervisor._leave

    def late(reason: str) -> object:
        leaving.wait()
        return stop(reason)

    def begin_to_leave(error: BaseException | None) -> None:
        leaving.set()
        leave(error)

    monkeypatch.setattr(supervisor, "stop", late)
    monkeypatch.setattr(supervisor, "_leave", begin_to_leave)

    def fly() -> None:
        with supervisor.on_signals(), supervisor:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(600.0)

    with pytest.raises(KeyboardInterrupt):
        fly()
    assert [event.rule for event in heard] == [Rule.stop]
    assert "stopped (SIGINT) and stands still" in heard[0].text
    assert not arm.is_connected


@pytest.mark.usefixtures("uncollected")
def test_sigterm_stops_and_then_ends_the_program(supervisor) -> None:
    def fly() -> None:
        with supervisor.on_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5.0)

    with pytest.raises(SystemExit) as caught:
        fly()
    assert caught.value.code == 128 + signal.SIGTERM
    assert supervisor.is_stopped


@pytest.mark.usefixtures("uncollected")
def test_a_ctrl_c_that_was_ignored_stops_and_ends_the_run_too(supervisor) -> None:
    """Shells start background jobs so; the run went on with a robot that refused every move."""

    def fly() -> None:
        with supervisor.on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5.0)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt):
            fly()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert supervisor.is_stopped


def test_a_handler_that_was_there_is_called_after_the_stop(supervisor, wait_until) -> None:
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


def test_signals_are_for_the_main_thread(supervisor) -> None:
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


@pytest.mark.usefixtures("uncollected")
def test_a_second_ctrl_c_does_not_cut_the_clean_up_short(arm, near) -> None:
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
