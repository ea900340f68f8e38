"""Several robots are stopped at once, held and let go of together, whatever one of them says."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from helmsight.envs.robot.ending import ONCE_MORE_S, Ending
from helmsight.envs.robot.news import News
from helmsight.hardware.errors import (
    DeviceAlarm,
    NoReply,
    NotConnected,
    NotReached,
    RobotStopped,
    StopUnconfirmed,
)
from helmsight.hardware.supervisor import Supervisor


class Robot:
    """What an ending needs of a supervisor, and what was asked of it."""

    def __init__(self, name: str, stops: Exception | None = None) -> None:
        self.spec = SimpleNamespace(name=name)
        self.robot = SimpleNamespace(link=SimpleNamespace(is_there=True))
        self.is_stopped, self._stops = False, stops
        self.asked: list[str] = []
        self.insisted: list[float | None] = []
        self.meets: threading.Barrier | None = None
        self.holds: Exception | None = None
        self.closes: Exception | None = None

    def stop(self, reason: str, *, insist_s: float | None = None) -> Any:
        self.asked.append(f"stop: {reason}")
        self.insisted.append(insist_s)
        self.is_stopped = True
        if self.meets is not None:
            self.meets.wait(600.0)
        if self._stops is not None:
            raise self._stops
        return SimpleNamespace(seconds=0.01)

    def hold(self) -> None:
        self.asked.append("hold")
        if self.holds is not None:
            raise self.holds

    def close(self) -> None:
        self.asked.append("close")
        if self.closes is not None:
            raise self.closes


def ending(*robots: Robot) -> tuple[Ending, News]:
    news: News = News()
    return Ending(cast("list[Supervisor]", list(robots)), news), news


def test_no_robot_waits_for_the_stop_of_another() -> None:
    arm, table = Robot("arm"), Robot("table")
    arm.meets = table.meets = threading.Barrier(2)  # broken where one comes after the other
    ending(arm, table)[0].stop("a person")
    assert arm.asked == table.asked == ["stop: a person"]


def test_a_stop_that_is_not_confirmed_is_raised_when_all_were_asked() -> None:
    arm, table = Robot("arm", StopUnconfirmed("cut the power")), Robot("table")
    with pytest.raises(StopUnconfirmed, match="cut the power"):
        ending(arm, table)[0].stop("a person")
    assert table.is_stopped


def test_the_end_of_a_run_says_of_every_robot_how_it_stopped() -> None:
    arm, table = Robot("arm"), Robot("table", StopUnconfirmed("cut it"))
    end, _ = ending(arm, table)
    assert end.halt() == {
        "stop": "arm: confirmed by read-back after 10 ms; table: NOT CONFIRMED: cut it"
    }
    with pytest.raises(StopUnconfirmed, match="cut it"):
        end.close()
    assert "close" in arm.asked
    assert "close" in table.asked


def test_a_stop_that_was_not_confirmed_is_tried_for_a_moment_at_the_end_of_the_run() -> None:
    arm, table = Robot("arm", StopUnconfirmed("cut it")), Robot("table")
    end, _ = ending(arm, table)
    with pytest.raises(StopUnconfirmed):
        end.stop("a person")
    assert "arm: NOT CONFIRMED: cut it" in end.halt()["stop"]
    assert arm.insisted == table.insisted == [None, ONCE_MORE_S]


def test_a_stop_that_had_no_port_is_not_tried_again_and_that_is_said() -> None:
    arm, table = Robot("arm", StopUnconfirmed("cut it")), Robot("table")
    end, _ = ending(arm, table)
    with pytest.raises(StopUnconfirmed):
        end.stop("a person")
    arm.robot.link.is_there = False
    assert end.halt()["stop"].endswith("arm: NOT CONFIRMED: cut it")
    assert (arm.insisted, table.insisted) == ([None], [None, ONCE_MORE_S])
    with pytest.raises(StopUnconfirmed) as told:
        end.close()
    assert "arm: not tried again" in told.value.__notes__[0]


def test_a_robot_that_is_not_connected_is_left_out() -> None:
    arm, table = Robot("arm"), Robot("table", NotConnected("closed"))
    assert ending(arm, table)[0].halt() == {"stop": "confirmed by read-back after 10 ms"}
    assert ending()[0].halt() == {}


def test_an_alarm_of_one_stops_all_and_what_can_go_on_holds_all() -> None:
    arm, table = Robot("arm"), Robot("table")
    end, news = ending(arm, table)
    assert end.answered(NotReached("not there")) is None
    assert arm.asked == table.asked == ["hold"]
    alarm = DeviceAlarm("overloaded")
    assert end.answered(alarm) is alarm
    assert (arm.is_stopped, table.is_stopped) == (True, True)
    assert news.take() == ("not there", "overloaded")


def test_one_that_cannot_be_held_stops_all() -> None:
    arm, table = Robot("arm"), Robot("table")
    arm.holds = NoReply("nothing came back")
    end, _ = ending(arm, table)
    assert end.answered(NotReached("not there")) is arm.holds
    assert (arm.is_stopped, table.is_stopped) == (True, True)
    assert "hold" in table.asked


def test_an_error_at_closing_comes_when_all_are_closed() -> None:
    arm, table = Robot("arm"), Robot("table")
    arm.closes = NoReply("nothing came back")
    with pytest.raises(NoReply):
        ending(arm, table)[0].close()
    assert "close" in table.asked


def test_a_run_does_not_begin_while_one_is_stopped_by_somebody() -> None:
    arm, table = Robot("arm"), Robot("table")
    end, _ = ending(arm, table)
    end.begin()
    table.is_stopped = True
    with pytest.raises(RobotStopped, match="table was stopped"):
        end.begin()


def test_the_stop_of_a_run_that_was_over_keeps_nobody_and_a_persons_after_it_does() -> None:
    arm = Robot("arm")
    end, _ = ending(arm)
    end.halt()
    end.begin()
    end.stop("a person")
    with pytest.raises(RobotStopped, match="arm was stopped"):
        end.begin()
