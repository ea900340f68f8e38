"""The robot under test: one connection for the whole suite, standing and ready before each test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from helmsight.contract.errors import Error
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.robot import Mode, Robot
from helmsight.hardware.spec import RobotSpec, load_spec
from helmsight.hardware.trial import rest


def give_up(config: pytest.Config, reason: str, status: int) -> NoReturn:
    """End the run before it began, with one line, also in the file that was asked for."""
    if path := config.getoption("--conformance-json"):
        Path(path).write_text(json.dumps({"refused": reason}), encoding="utf-8")
    pytest.exit(reason, returncode=status)


@pytest.fixture(scope="session")
def port(pytestconfig: pytest.Config) -> str:
    """Return the port of the robot."""
    port = pytestconfig.getoption("--port")
    if not port:
        give_up(pytestconfig, "give the port of the robot: --port PORT", 4)
    return str(port)


@pytest.fixture(scope="session")
def spec(pytestconfig: pytest.Config) -> RobotSpec:
    """Return the description of the robot."""
    name = pytestconfig.getoption("--robot")
    if not name:
        give_up(pytestconfig, "name the robot: --robot NAME, or the path of its .toml", 4)
    try:
        return load_spec(name)
    except Error as error:
        give_up(pytestconfig, str(error), 4)


@pytest.fixture(scope="session")
def device(pytestconfig: pytest.Config, spec: RobotSpec, port: str) -> Iterator[Robot]:
    """Return the robot, connected once: closing it lets some robots sink."""
    # Under pytest nobody can be asked, and naming a port says where, not that it may move.
    if not pytestconfig.getoption("--yes"):
        give_up(
            pytestconfig, f"{spec.name} at {port} will MOVE: nothing was begun without --yes", 4
        )
    try:
        robot = make_robot(spec, port)
        robot.connect()
        if robot.is_homed is False and pytestconfig.getoption("--home"):
            robot.home()
    except Error as error:
        give_up(pytestconfig, str(error), 1)
    if robot.held_at_machine or robot.is_homed is False:
        reason = robot.held_at_machine or f"the position of {spec.name} is unknown: give --home"
        robot.close()
        give_up(pytestconfig, reason, 1)
    yield robot
    robot.close()


@pytest.fixture
def robot(device: Robot) -> Iterator[Robot]:
    """Return the robot, connected, reset and standing; it is held afterwards."""
    device.connect()
    if device.is_stopped or device.state().mode in (Mode.stopped, Mode.alarm):
        device.reset()
    assert rest(device).standing, "the robot does not stand still before the test"
    yield device
    if device.link.is_open:
        device.hold()
        assert rest(device).standing, "the robot does not stand still after the test"
