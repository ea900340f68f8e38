"""Stops that count, clean-up that goes on, links that are lost."""

from __future__ import annotations

import logging
import math
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from helmsight.hardware.errors import (
    BadReply,
    DeviceAlarm,
    HardwareError,
    LinkLost,
    LinkRecovered,
    NoReply,
    NotConnected,
    RobotStopped,
    StopUnconfirmed,
)
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.supervision.interventions import Rule
from helmsight.hardware.supervisor import Supervisor

# -- stop -------------------------------------------------------------------------------------


def test_a_stop_is_confirmed_told_and_lasting(supervisor, arm, heard, near) -> None:
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    report = supervisor.stop("key")
    assert report.state.standing
    assert [event.rule for event in heard] == [Rule.stop]
    assert "stopped (key)" in supervisor.feedback()
    supervisor.stop("once more")
    with pytest.raises(RobotStopped, match=r"is stopped \(key\): call reset"):  # the first reason
        supervisor.move(JointTargets(near(supervisor)))
    supervisor.reset()
    supervisor.move(JointTargets(near(supervisor)))
    assert len(arm.sent) == 2
    supervisor.stop("again")
    with pytest.raises(RobotStopped, match=r"\(again\)"):
        supervisor.move(JointTargets(near(supervisor)))


@pytest.mark.slow
def test_a_stop_is_repeated_until_it_is_confirmed(supervisor, arm, heard) -> None:
    arm.trouble.errors["stop"] = [NoReply("deaf")] * 40
    report = supervisor.stop("key", within_s=0.02, insist_s=5.0)
    assert report.state.standing
    assert heard[-1].rule is Rule.stop
    assert not arm.trouble.errors["stop"]


def test_a_stop_that_is_not_confirmed_is_shouted(
    supervisor, arm, heard, capsys, caplog, rules
) -> None:
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


def test_a_driver_that_lets_a_strange_error_through_does_not_end_the_stop(
    supervisor, arm, rules
) -> None:
    arm.trouble.errors["stop"] = [RuntimeError("vendor")]
    assert supervisor.stop("key").state.standing
    assert rules(supervisor) == [Rule.unconfirmed, Rule.stop]


def test_a_stop_from_another_thread_goes_before_the_loop(supervisor, arm, near) -> None:
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
    assert began.wait(600.0)
    supervisor.stop("key")
    thread.join(600.0)
    assert len(ended) == 1
    assert "send" not in arm.calls[arm.calls.index("stop") :]


def test_before_connect_there_is_nothing_to_move_or_stop(arm) -> None:
    supervisor = Supervisor(arm)
    for work in (supervisor.state, supervisor.hold, supervisor.stop):
        with pytest.raises(NotConnected):
            work()
    with pytest.raises(NotConnected):
        supervisor.move(JointTargets((math.nan,) * 6))
    assert arm.calls == []


# -- clean-up ---------------------------------------------------------------------------------


def test_an_exception_in_the_block_stops_holds_and_releases(arm, arm_spec, near, rules) -> None:
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


def test_a_clean_end_holds_before_it_releases_and_stops_nothing(arm, near) -> None:
    with Supervisor(arm) as supervisor:
        supervisor.move(JointTargets(near(supervisor, 0.1)))
    assert [call for call in arm.calls if call in ("stop", "hold", "release")] == [
        "hold",
        "release",
    ]


def test_clean_up_goes_on_past_a_failing_motor(arm) -> None:
    arm.trouble.motors = {"shoulder"}
    with pytest.raises(HardwareError, match="not released: shoulder"), Supervisor(arm):
        pass
    assert arm.released == ["turn", "elbow", "roll", "wrist", "jaw"]
    assert not arm.is_connected


def test_clean_up_goes_on_past_a_hold_that_fails(arm) -> None:
    arm.trouble.errors["hold"] = [NoReply("deaf")] * 3
    with pytest.raises(NoReply), Supervisor(arm):
        pass
    assert "release" in arm.calls
    assert not arm.is_connected


@pytest.mark.slow
def test_an_unconfirmed_stop_is_added_to_the_error_of_the_block(arm) -> None:
    arm.trouble.runaway = True
    with pytest.raises(ValueError, match="lost") as caught, Supervisor(arm, insist_s=0.01):
        raise ValueError("lost")
    assert any("cut the power" in note for note in caught.value.__notes__)
    assert "release" in arm.calls


# -- links ------------------------------------------------------------------------------------


def test_a_link_that_is_lost_stops_the_robot_when_it_is_back(supervisor, arm, rules) -> None:
    arm.trouble.errors["read"] = [LinkLost("unplugged")]
    arm.trouble.errors["handshake"] = [LinkLost("still gone")] * 100_000
    with pytest.raises(LinkLost):
        supervisor.state()
    assert rules(supervisor)[0] is Rule.link
    assert rules(supervisor)[-1] is Rule.stop
    assert supervisor.is_stopped


@pytest.mark.slow
def test_a_link_that_stays_away_is_shouted(supervisor, arm, capsys) -> None:
    arm.trouble.errors = {
        kind: [LinkLost("gone")] * 100_000 for kind in ("read", "handshake", "stop")
    }
    with pytest.raises(StopUnconfirmed) as caught:
        supervisor.state()
    assert isinstance(caught.value.__context__, Exception)
    assert "cut the power" in capsys.readouterr().err
    arm.trouble.errors.clear()


def test_a_link_that_came_back_at_once_goes_on(supervisor, arm, near, rules) -> None:
    arm.trouble.errors["send"] = [LinkLost("a wobble")]
    with pytest.raises(LinkRecovered):
        supervisor.move(JointTargets(near(supervisor)))
    assert "hold" in arm.calls
    assert rules(supervisor) == [Rule.link]
    assert not supervisor.is_stopped
    supervisor.move(JointTargets(near(supervisor)))


def test_a_link_that_was_away_while_reading_lets_no_old_decision_through(
    supervisor, arm, near, rules
) -> None:
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
def test_a_failed_command_is_told(supervisor, arm, error, rule, near, rules) -> None:
    arm.trouble.errors["send"] = [error] * 3
    with pytest.raises(type(error)):
        supervisor.move(JointTargets(near(supervisor)))
    assert rules(supervisor) == [rule]
    assert str(error) in supervisor.feedback()


# -- several at once ----------------------------------------------------------------------------


def test_stops_of_two_supervised_threads_are_one_and_both_reasons_are_told(
    supervisor, arm, heard, sharing
) -> None:
    real, begun = arm._send_stop, threading.Event()

    def slow() -> None:
        begun.set()
        assert sharing.acquire(timeout=600.0)  # the other one waits for this by now
        real()

    arm._send_stop = slow
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(supervisor.stop, "space bar")
        assert begun.wait(600.0)
        second = threads.submit(supervisor.stop, "SIGINT")
        assert second.result(600.0) is first.result(600.0)
    assert arm.calls.count("stop") == 1
    reasons = sorted(event.text.split("(")[1].split(")")[0] for event in heard)
    assert reasons == ["SIGINT", "space bar"]


@pytest.mark.usefixtures("uncollected")
def test_ctrl_c_in_the_middle_of_a_stop_does_not_end_it(supervisor, arm, heard) -> None:
    real = arm._send_stop
    pressed: list[bool] = []

    def interrupted() -> None:
        if not pressed:
            pressed.append(True)
            signal.raise_signal(signal.SIGINT)
        real()

    arm._send_stop = interrupted
    with pytest.raises(KeyboardInterrupt), supervisor.on_signals():
        supervisor.stop("space bar")
    assert supervisor.is_stopped
    assert [event.rule for event in heard] == [Rule.stop]
    assert "(SIGINT)" in heard[0].text
    assert arm.calls[-1] == "read"


def test_a_watchdog_that_barks_while_the_robot_is_stopped_leaves_it_stopped(
    supervisor, arm, near, rules
) -> None:
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    real = arm._send_stop

    def late() -> None:
        supervisor._hold_silent_robot()  # in the same moment, as its thread would
        real()

    arm._send_stop = late
    arm.clock.now += 10.0
    assert supervisor.stop("key").state.standing
    assert supervisor.is_stopped
    assert "send" not in arm.calls[arm.calls.index("stop") :]
    assert Rule.watchdog not in rules(supervisor)
