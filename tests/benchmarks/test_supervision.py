"""What the benchmark of the supervisor measures is what must hold: the safety of every robot."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROBOTS = ["gantry", "so101", "openmanipulator_x", "helm_arm", "community_arm"]

pytestmark = pytest.mark.serial


@pytest.fixture(scope="module")
def supervision(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("supervision")


def killed(folder: Path, robot: str, supervision: ModuleType) -> float:
    return float(supervision.killed(robot))


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.beside(work=killed, using=["supervision"])
@pytest.mark.parametrize("robot", ROBOTS)
def test_motion_ends_soon_after_its_loop_was_killed(
    supervision: ModuleType, robot: str, done: float
) -> None:
    assert done <= supervision.LAST_MOTION_S


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_stop_in_mid_motion_ends_it(supervision: ModuleType, robot: str) -> None:
    """The function itself sees that the emulated joints stand when the stop is confirmed."""
    (figure,) = supervision.stops(robot, 3)
    assert figure.n == 3
    assert figure.p5 > 0.0


def test_every_driver_is_measured(supervision: ModuleType) -> None:
    assert sorted(supervision.ROBOTS) == sorted(ROBOTS)


def told(folder: Path, supervision: ModuleType) -> tuple[str, Path]:
    path = folder / "supervision.json"
    command = [sys.executable, str(supervision.__file__), "--scale", "0.01", "--json", str(path)]
    out = subprocess.run([*command, "so101"], capture_output=True, text=True, check=True).stdout
    return out, path


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.beside(work=told, using=["supervision"])
def test_figures_are_printed_and_written(done: tuple[str, Path]) -> None:
    out, path = done
    assert "Machine:" in out
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    assert [figure["n"] for figure in figures] == [3, 3, 3, 3, 2, 2]
    assert not any(figure["skipped"] for figure in figures)
