"""Stills of a cockpit: always the same, and with nothing in common but what stands still."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.stills import painter, stills
from helmsight.envs.orbital.families import FAMILIES


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_what_moves_differs_in_them_and_captions_do_not(family) -> None:
    layout = Layout()
    drawn = np.stack(stills(layout, family.beside))
    still = (drawn == drawn[0]).all(axis=(0, 3))
    x, y = layout.navball_centre
    ball = still[y - 60 : y - 10, x - 60 : x + 60]
    assert ball.mean() < 0.05
    assert still[488:504, 800:880].all()  # the caption DISTANCE
    assert not still[508:544, 830:976].all()  # its figure
    assert np.array_equal(drawn, stills(layout, family.beside))


def test_a_task_names_the_same_painter_for_the_same_look() -> None:
    family = FAMILIES["LBG1"]
    told = [family.told("LBG1-LG1-I1", layout) for layout in (Layout(), Layout(), Layout(noise=2))]
    assert told[0].stills is told[1].stills is painter(Layout(), "radar")
    assert told[2].stills is not told[0].stills
