"""Stops of many threads at once end every robot's motion, in few frames, and all are confirmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.spec import shipped

pytestmark = pytest.mark.serial


@pytest.fixture(scope="module")
def stops(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("stops")


@pytest.mark.parametrize("robot", list(shipped()))
def test_threads_that_stop_at_once_are_all_told_that_it_stands(
    stops: ModuleType, robot: str
) -> None:
    found = stops.measure(robot, 4, seed=1)
    assert found.failed == []
    assert len(found.ms) == 4
    assert 0 < max(found.frames) <= stops.FRAMES


def test_a_robot_at_a_port_moves_with_consent_only(
    stops: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with emulate("helm_arm") as board:
        arguments = ["--robot", "helm_arm", "--port", board.port, "--n", "2"]
        assert stops.main(arguments) == 2
        assert "--yes" in capsys.readouterr().err
        assert board.to_device.size == 0
        assert stops.main([*arguments, "--yes", "--json", str(tmp_path / "stops.json")]) == 0
    kept = json.loads((tmp_path / "stops.json").read_text(encoding="utf-8"))
    assert kept["stops"][0]["held"] in (True, False)
    assert len(kept["stops"][0]["ms"]) == 2
