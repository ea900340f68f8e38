"""Inspections on paper."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from inspection_story import Story

from helmsight.evals.inspection.report import Report, write_report


@pytest.fixture
def story(tmp_path: Path) -> Callable[..., Story]:
    """Return a function that begins an inspection in a folder of its own."""

    def begin(name: str = "run", **options: Any) -> Story:
        return Story(tmp_path / name, **options)

    return begin


def tell(folder: Path) -> Path:
    """Write an inspection down with everything in it: defects, gaps, notes."""
    told = Story(folder)
    told.look("dish: bowl")
    told.sees(mast=0.7, connector=0.3)
    told.look("panel A: cells", "the camera's picture is black; the robot holds")
    told.blind()
    told.look("foil: back", "no pose in reach shows foil: back", taken=False)
    told.interventions = 1
    told.look("mast: mast, closer", "the supervisor cut elbow_flex to 2 rad/s")
    told.report("dish", "dent", 0.93, 1, "The rim is pressed in at 4 o'clock, see [2].")
    told.report("panel A", "sound", 0.6, 2)
    told.report("mast", "bend", 0.55, 3)
    told.report("connector", "unsure", 0.4)
    told.report("mast", "sound", 0.95, 3, "Straight <b>along</b> its whole length.")
    told.report("foil", "not seen", 1.0)
    return told.done(score=0.9, coverage=0.5, states_right=0.8, f1=1.0, touches=0)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """Return the folder of an inspection with everything in it, to do anything with."""
    return tell(tmp_path / "run")


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return the report of the same, which nobody changes."""
    return write_report(tell(tmp_path_factory.mktemp("reported") / "run"))
