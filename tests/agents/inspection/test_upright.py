from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.inspection.upright import roll_of, upright
from helmsight.envs.inspection.arm import FIELD_OF_VIEW
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.sites import SITES, Sight
from helmsight.envs.inspection.views import Pose

SIZE, FOV_Y = (240, 180), float(np.radians(FIELD_OF_VIEW))


@pytest.mark.parametrize("roll", [-3.0, -1.2, 0.0, 0.8, 2.0])
def test_the_roll_of_a_camera_is_told_from_where_it_is(roll):
    pose = Pose.looking(np.array([0.1, -0.1, 0.2]), np.array([0.3, 0.0, 0.1]), roll)
    assert roll_of(pose) == pytest.approx(roll)


def test_a_camera_that_looks_straight_down_has_no_roll():
    assert roll_of(Pose.looking(np.array([0.0, 0.0, 0.3]), np.zeros(3), 0.7)) == 0.0


def test_the_crop_of_a_rolled_camera_is_that_of_an_upright_one():
    with Cell(3, shadows=False) as cell:
        sight, rng = Sight(cell), np.random.default_rng(0)
        points, _ = sight.place(SITES[1])
        at = sight.somewhere(SITES[1], rng).at
        crops, plain = [], []
        for roll in (0.0, 2.0):
            pose = Pose.looking(at, points.mean(axis=0), roll)
            frame = cell.view_from(pose, SIZE).pixels
            square = upright(pose, points, SIZE, FOV_Y)
            assert square.turn == pytest.approx(roll)
            crops.append(square.cut(frame, 64).astype(float))
            plain.append(frame)
    apart = np.abs(crops[0] - crops[1]).mean()
    assert apart < 0.5 * np.abs(plain[0].astype(float) - plain[1]).mean()
    assert apart < 12.0
