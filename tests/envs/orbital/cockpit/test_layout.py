"""Layouts stay inside the frame and give models boxes of one size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Layout


def assert_square_and_inside(layout):
    """Assert that every region is 256 px square and inside the frame."""
    regions = layout.regions()
    assert set(regions) == {"navball", "readouts"}
    for x0, y0, x1, y1 in regions.values():
        assert (x1 - x0, y1 - y0) == (256, 256)
        assert x0 >= 0
        assert y0 >= 0
        assert x1 <= WIDTH
        assert y1 <= HEIGHT


def test_the_nominal_regions_are_where_the_documentation_says():
    assert Layout().regions() == {
        "navball": (512, 464, 768, 720),
        "readouts": (776, 464, 1032, 720),
    }


@given(seed=st.integers(0, 2**32 - 1))
def test_a_random_layout_keeps_the_ball_inside_its_region(seed):
    layout = Layout.random(np.random.default_rng(seed))
    assert_square_and_inside(layout)
    x0, y0, x1, y1 = layout.regions()["navball"]
    x, y = layout.navball_centre
    assert x0 <= x - layout.radius
    assert x + layout.radius <= x1
    assert y0 <= y - layout.radius
    assert y + layout.radius <= y1


def test_random_layouts_differ_by_seed_and_repeat_by_seed():
    first, again, other = (Layout.random(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_regions_beyond_the_frame_are_moved_inside():
    layout = replace(
        Layout(),
        navball_region=(-40, 500, 216, 756),
        readouts_region=(1100, -20, 1356, 236),
    )
    assert_square_and_inside(layout)
    assert layout.regions()["navball"] == (0, 464, 256, 720)
