"""The inspector that comes with Helmsight, in cells that it never learnt from."""

from __future__ import annotations

import pytest

from helmsight.agents.models.sources import INSPECTOR
from helmsight.envs.inspection.cell import Cell
from helmsight.evals.inspection.trials import Conditions, plan_trials, run_trials
from helmsight.hardware.errors import CameraUnavailable

SEEDS = range(300, 304)


def test_its_folder_is_small_enough_to_be_shipped() -> None:
    assert sum(file.stat().st_size for file in INSPECTOR.iterdir()) < 20_000_000


@pytest.mark.slow
@pytest.mark.uncounted  # a model looks, and pictures are drawn
def test_it_tells_most_states_and_finds_most_defects_within_its_looks() -> None:
    try:
        with Cell(SEEDS[0]) as cell:
            cell.look(size=(64, 48))
    except CameraUnavailable as error:
        pytest.skip(str(error))
    trials = plan_trials(["inspector"], ["adaptive"], SEEDS)
    marks = [mark for _, mark in run_trials(trials, Conditions(direct=True))]
    assert {mark.reason for mark in marks} == {"inspected"}
    assert all(mark.looks <= 24 for mark in marks)
    parts, right = (sum(getattr(mark, name) for mark in marks) for name in ("parts", "right"))
    assert right >= 0.85 * parts
    twice, whole = (sum(mark.f1[index] for mark in marks) for index in (0, 1))
    assert twice >= 0.65 * whole
