from __future__ import annotations

import numpy as np
import pytest

from helmsight.tools.errors import ToolsError
from helmsight.tools.marks import chosen, views

REGIONS = {"navball": (10, 20, 42, 52), "readouts": (0, 0, 64, 32)}


def picture(width=80, height=60):
    y, x = np.mgrid[:height, :width]
    return np.dstack([x, y, x + y]).astype(np.uint8)


def test_the_whole_comes_first_then_every_region_in_its_own_size():
    frame = picture()
    seen = views(frame, REGIONS)
    assert [name for name, _ in seen] == ["frame", "navball", "readouts"]
    assert np.array_equal(seen[0][1], frame)
    assert np.array_equal(seen[1][1], frame[20:52, 10:42])


def test_every_view_is_shrunk_by_area_to_the_size_asked_for():
    seen = dict(views(picture(), REGIONS, size=16))
    assert {view.shape for view in seen.values()} == {(16, 16, 3)}
    means = picture()[20:52, 10:42].reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
    assert np.allclose(seen["navball"], means, atol=0.51)


def test_a_region_of_the_size_asked_for_is_not_touched():
    ((_, navball),) = views(picture(), REGIONS, size=32, names=["navball"])
    assert np.array_equal(navball, picture()[20:52, 10:42])


@pytest.mark.slow
def test_a_frame_wider_than_a_model_takes_is_shrunk_with_its_proportions():
    assert views(picture(2560, 1440), {})[0][1].shape == (720, 1280, 3)


def test_names_pick_and_order_the_views():
    assert [n for n, _ in views(picture(), REGIONS, names=["readouts", "frame"])] == [
        "readouts",
        "frame",
    ]


@pytest.mark.parametrize("box", [(0, 0, 81, 10), (-1, 0, 5, 5), (5, 5, 5, 9)])
def test_a_region_outside_the_frame_is_refused(box):
    with pytest.raises(ToolsError, match="80x60"):
        views(picture(), {"navball": box})


def test_an_unknown_region_is_named_with_those_there_are():
    with pytest.raises(ToolsError, match="frame, navball, readouts"):
        views(picture(), REGIONS, names=["radar"])


def test_of_several_names_the_first_that_a_frame_has_is_taken():
    names = ("radar|sundial|frame", "navball")
    assert chosen(names, REGIONS) == ("frame", "navball")
    assert chosen(names, {**REGIONS, "sundial": (0, 0, 8, 8)}) == ("sundial", "navball")
    assert chosen(names, {"sundial": (0, 0, 8, 8), "radar": (0, 0, 8, 8)})[0] == "radar"


def test_where_there_is_none_of_several_the_last_is_named():
    with pytest.raises(ToolsError, match='"sundial"'):
        views(picture(), REGIONS, names=chosen(("radar|sundial",), REGIONS))
