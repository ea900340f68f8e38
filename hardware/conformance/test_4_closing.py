"""Closing leaves the robot as its description says and the port to the next one."""

from __future__ import annotations

import pytest

from helmsight.hardware.conformance.ways import way
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.errors import NotConnected
from helmsight.hardware.link import SerialLink
from helmsight.hardware.robot import JointTargets, Robot
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.trial import far, go, rest


def test_a_closed_robot_says_so_and_its_port_is_free(robot: Robot, port: str) -> None:
    robot.close()
    robot.close()  # once more is fine
    for use in (robot.state, robot.hold, robot.reset):
        with pytest.raises(NotConnected, match="connect"):
            use()
    with pytest.raises(NotConnected, match="connect"):
        robot.move(JointTargets(robot.spec.home))
    link = SerialLink(port, robot.spec.port.baud)
    link.open()
    link.close()


def test_a_robot_is_left_as_its_description_says(robot: Robot) -> None:
    planned = way(robot)
    go(robot, robot.spec, planned.there)
    go(robot, robot.spec, planned.back)
    robot.close()
    state = robot.connect()
    if state.energised is None:
        pytest.skip("the protocol cannot tell whether the motors hold")
    assert state.energised is (robot.spec.ending.on_close == "hold")


def test_a_motion_does_not_outlive_its_connection(robot: Robot) -> None:
    planned = way(robot, slow=True)
    robot.move(planned.there)
    robot.close()
    state = robot.connect()
    # a loaded arm still settles where it is held; what goes on to its target comes far from here
    assert far(robot.spec, rest(robot).positions, state.positions) == ()
    go(robot, robot.spec, planned.back)


def test_another_connection_finds_the_robot_where_it_was(
    robot: Robot, spec: RobotSpec, port: str
) -> None:
    before = rest(robot)
    robot.close()
    with make_robot(spec, port) as other:
        assert far(spec, before.positions, other.state().positions) == ()
        planned = way(other)
        _, states = go(other, spec, planned.there)
        assert far(spec, states[-1].positions, planned.goal) == ()
        go(other, spec, planned.back)
