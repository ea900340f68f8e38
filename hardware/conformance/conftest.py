"""The robot under test: one connection for the whole suite, standing and ready before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardware.drivers import make_robot
from hardware.errors import HardwareError
from hardware.robot import Mode, Robot
from hardware.spec import RobotSpec, load_spec
from hardware.trial import rest


@pytest.fixture(scope="session")
def port(pytestconfig: pytest.Config) -> str:
    """Return the port of the robot."""
    port = pytestconfig.getoption("--port")
    if not port:
        pytest.exit("give the port of the robot: --port PORT", returncode=4)
    return str(port)


@pytest.fixture(scope="session")
def spec(pytestconfig: pytest.Config) -> RobotSpec:
    """Return the description of the robot."""
    name = pytestconfig.getoption("--robot")
    if not name:
        pytest.exit("name the robot: --robot NAME, or the path of its .toml", returncode=4)
    try:
        return load_spec(name)
    except HardwareError as error:
        pytest.exit(str(error), returncode=4)


@pytest.fixture(scope="session")
def device(spec: RobotSpec, port: str) -> Iterator[Robot]:
    """Return the robot, connected once: closing it lets some robots sink."""
    try:
        robot = make_robot(spec, port)
        robot.connect()
    except HardwareError as error:
        pytest.exit(f"{type(error).__name__}: {error}", returncode=1)
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
