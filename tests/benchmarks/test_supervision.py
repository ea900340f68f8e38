"""What the benchmark of the supervisor measures is what must hold: the safety of every robot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROBOTS = ["gantry", "so101", "openmanipulator_x", "helm_arm", "community_arm"]

pytestmark = pytest.mark.serial


@pytest.fixture
def supervision(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("supervision")


@pytest.mark.slow
@pytest.mark.parametrize("robot", ROBOTS)
def test_motion_ends_soon_after_its_loop_was_killed(supervision: ModuleType, robot: str) -> None:
    assert supervision.killed(robot) <= supervision.LAST_MOTION_S


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_stop_in_mid_motion_ends_it(supervision: ModuleType, robot: str) -> None:
    """The function itself sees that the emulated joints stand when the stop is confirmed."""
    (figure,) = supervision.stops(robot, 3)
    assert figure.n == 3
    assert figure.p5 > 0.0


def test_every_driver_is_measured(supervision: ModuleType) -> None:
    assert sorted(supervision.ROBOTS) == sorted(ROBOTS)


@pytest.mark.slow
def test_figures_are_printed_and_written(
    supervision: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "supervision.json"
    assert supervision.main(["--scale", "0.01", "--json", str(path), "so101"]) == 0
    assert "Machine:" in capsys.readouterr().out
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    assert [figure["n"] for figure in figures] == [3, 3, 3, 3, 2, 2]
    assert not any(figure["skipped"] for figure in figures)
