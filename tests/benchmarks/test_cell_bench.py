"""What the benchmark of the cell counts as reached and seen."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.routes import route
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.viewpoints import Viewpoints


@pytest.mark.slow
@pytest.mark.uncounted
def test_every_surface_is_reached_and_every_defect_seen(load: Callable[[str], ModuleType]) -> None:
    figures = {figure.name: figure for figure in load("cell").reach(2)}
    turned = figures[f"surfaces reached, turned (of {len(SITES)})"]
    assert turned.p5 == len(SITES)
    assert figures["defects seen from there"].p50 == 1.0
    assert figures["parts reached, the turntable as posed (of 12)"].p50 < 12


@pytest.mark.slow
def test_a_way_that_is_counted_is_one(load: Callable[[str], ModuleType]) -> None:
    with Cell(1) as cell:
        views = Viewpoints(cell)
        found = load("cell").ways(cell, views, SITES[0], 0.0)
        assert found
        for view in found:
            assert route(views.clearance, START, view.joints) is not None
