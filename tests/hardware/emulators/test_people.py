"""People who say no to a pilot that insists, and that a robot which disobeys is found out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.people import Obeyed, act, acts_of, unhomed
from helmsight.hardware.errors import RobotStopped
from helmsight.hardware.spec import shipped
from helmsight.hardware.supervisor import Supervisor, supervised

pytestmark = pytest.mark.serial


@contextmanager
def served(name: str, *, homed: bool = True) -> Iterator[tuple[Device, Supervisor]]:
    with emulate(name, homed=homed) as emulation, supervised(name, emulation.port) as robot:
        yield emulation.device, robot


@pytest.mark.parametrize("name", list(shipped()))
def test_nothing_moves_against_a_person(name: str) -> None:
    found = Obeyed()
    with served(name) as (device, robot):
        for kind in acts_of(device, robot):
            act(kind, device, robot, Random(1), found)
    assert found.failed == []
    assert found.against == 0
    assert "stops" in found.acts


def test_a_robot_that_moves_on_after_a_stop_is_counted() -> None:
    found = Obeyed()
    with served("so101") as (device, robot):
        stop = robot.robot.stop

        def forgetful(within_s: float = 1.0) -> object:
            report = stop(within_s)
            robot.robot._stopped.clear()
            return report

        robot.robot.stop = forgetful  # type: ignore[method-assign,assignment]
        act("stops", device, robot, Random(1), found)
    assert found.against > 0
    assert not found.whole


def test_a_stop_that_is_not_confirmed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    found = Obeyed()
    with served("so101") as (device, robot):
        stop, failing = robot.robot.stop, [True]

        def never(within_s: float = 1.0) -> object:
            if failing:
                raise RuntimeError("the driver breaks")
            return stop(within_s)

        robot._insist_s = 0.01
        robot.robot.stop = never  # type: ignore[method-assign,assignment]
        act("stops", device, robot, Random(1), found)
        failing.clear()
    assert any("the driver breaks" in words for words in found.failed)
    assert "cut the power" in capsys.readouterr().err


def test_an_unhomed_robot_that_a_pilot_moves_is_counted() -> None:
    found = Obeyed()
    with served("so101") as (device, robot):
        robot.robot.home = robot.robot.state  # type: ignore[method-assign]
        unhomed(device, robot, found)  # it needs no homing: every move counts
    assert found.against > 0


def test_what_refuses_for_ever_is_no_robot_that_comes_back() -> None:
    found = Obeyed()
    with served("so101") as (device, robot):
        reset = robot.robot.reset

        def refuse() -> object:
            raise RobotStopped("for ever")

        robot.robot.reset = refuse  # type: ignore[method-assign,assignment]
        act("stops", device, robot, Random(1), found)
        robot.robot.reset = reset  # type: ignore[method-assign]
    assert found.against == 0
    assert found.failed == ["stops: RobotStopped: for ever"]
