"""The poses pilot: each pose once, then done."""

from __future__ import annotations

import pytest

from helmsight.agents.errors import UnknownPilot
from helmsight.agents.models.load import load_pilot, needs_of
from helmsight.agents.models.names import pilots
from helmsight.contract.errors import PilotUnfit
from helmsight.contract.fit import check_fit
from helmsight.contract.pilot import Sighting
from helmsight.contract.task import Task
from helmsight.envs.robot.command import RobotCommand
from helmsight.hardware.spec import load_spec

TASK = Task("arm", "go", RobotCommand.of(load_spec("so101"), ("home", "look")))


def test_it_names_each_pose_once_and_begins_anew_at_every_reset() -> None:
    pilot = load_pilot("poses:look, home")
    for _ in range(2):
        pilot.reset(TASK, 0)
        commands = [pilot.decide(Sighting({}, 0.0)).command for _ in range(3)]
        assert [getattr(command, "pose", None) for command in commands] == ["look", "home", None]
        assert getattr(commands[-1], "verdict", "") == "went through look, home"
    assert needs_of("poses:look") is None
    assert any(name.startswith("poses:") for name in pilots())


@pytest.mark.parametrize("spec", ["poses:", "poses:a,,b"])
def test_no_pose_is_no_pilot(spec: str) -> None:
    with pytest.raises(UnknownPilot, match="poses:"):
        load_pilot(spec)


def test_a_pose_that_the_robot_does_not_have_is_told_before_it_is_opened() -> None:
    """It was opened for that, and let go of again, which most arms answer by going limp."""
    pilot = load_pilot("poses:home,moon")
    for ask in (lambda: check_fit(pilot, TASK, "telemetry"), lambda: pilot.reset(TASK, 0)):
        with pytest.raises(PilotUnfit, match=r"to moon and.*home, look.*--poses"):
            ask()
    check_fit(load_pilot("poses:home,look"), TASK, "telemetry")
