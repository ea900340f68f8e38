"""A picture is found in frames that are moved, enlarged, recoloured, grainy or partly covered."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.contract.sent import STRAIGHT
from helmsight.envs.disturbances.pictures import WAYS
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.stills import moment, painter
from helmsight.tools.errors import ToolsError
from helmsight.tools.landmarks import Landmarks, landmarks
from helmsight.tools.placing import Placement, set_right

LAYOUT = Layout()
REGIONS = LAYOUT.regions()


@pytest.fixture(scope="module")
def frame():
    """A moment that is none of those by which frames are told."""
    return render(moment(np.random.default_rng(99), "", 0.5), LAYOUT)


@pytest.fixture(scope="module")
def marks():
    return landmarks(painter(LAYOUT, ""))


def seen(frame, *ways):
    for seed, (name, strength) in enumerate(ways):
        frame = WAYS[name](strength, np.random.default_rng(seed))(frame)
    return frame


def inner(frame, by=30):
    return frame[by:-by, by:-by]


@pytest.mark.parametrize(
    "ways",
    [(), [("shrunk", 3.0)], [("noisy", 40.0)], [("occluded", 0.4)], [("recoloured", 4.0)]],
)
def test_a_picture_that_lies_as_it_should_is_left_to_the_last_bit(marks, frame, ways):
    shown = seen(frame, *ways)
    placed = marks.find(shown)
    assert placed == Placement()
    assert marks.fits(shown, placed)
    assert set_right(shown, placed.matrix, placed.turn) is shown


def test_a_picture_that_is_moved_comes_back_to_the_last_bit(marks, frame):
    shown = seen(frame, ("shifted", 0.01634))
    placed = marks.find(shown)
    assert not marks.fits(shown, Placement())
    assert placed.matrix[:2] == STRAIGHT[:2]
    assert np.hypot(placed.matrix[2], placed.matrix[5]) == pytest.approx(24, abs=0.8)
    upright = set_right(shown, placed.matrix, placed.turn)
    assert np.array_equal(inner(upright), inner(frame))


FURTHER = [("shrunk", 2.0), ("noisy", 25.0), ("occluded", 0.25)]


@pytest.mark.parametrize(
    ("factor", "further"),
    [(0.7, ()), (0.9, ()), (1.15, ()), *((1.15, worse) for worse in FURTHER), (0.9, FURTHER[0])],
)
def test_a_picture_that_is_enlarged_is_found_to_a_fifth_of_a_pixel(marks, frame, factor, further):
    shown = seen(frame, ("zoomed", factor), *([further] if further else ()))
    placed = marks.find(shown)
    assert placed.turn == 0
    assert placed.matrix[0] == pytest.approx(factor, abs=4e-4)
    corners = np.array([(0, 0), (1279, 719), (640, 592)], np.float32)
    middle = np.array([640, 360], np.float32)
    off = placed.of(corners) - ((corners - middle) * factor + middle)
    assert np.abs(off).max() < (0.6 if further else 0.2)


@pytest.mark.parametrize("degrees", [-120.0, 30.0, 90.0, 180.0])
def test_hues_are_turned_back(marks, frame, degrees):
    shown = seen(frame, ("recoloured", degrees))
    placed = marks.find(shown)
    assert placed == Placement(turn=round(degrees) % 360)
    assert marks.fits(shown, placed)
    assert not marks.fits(shown, Placement())
    upright = set_right(shown, placed.matrix, placed.turn)
    assert np.abs(upright.astype(int) - frame).max() <= 8  # hues are kept in steps of two degrees
    assert np.abs(upright.astype(int) - frame).mean() < 1.5


def test_all_of_it_at_once(marks, frame):
    shown = seen(
        frame, ("zoomed", 0.9), ("shifted", 0.01634), ("recoloured", 90.0), ("noisy", 20.0)
    )
    placed = marks.find(shown)
    assert placed.turn == pytest.approx(90, abs=4)
    upright = set_right(shown, placed.matrix, placed.turn).astype(int)
    box = np.s_[480:700, 800:1010]
    assert np.abs(upright - frame)[box].mean() < 0.5 * np.abs(shown.astype(int) - frame)[box].mean()


def test_what_is_no_such_picture_is_not_found(marks, frame):
    grain = np.random.default_rng(0).integers(0, 256, frame.shape, np.uint8)
    assert marks.find(grain) is None
    assert marks.find(np.zeros_like(frame)) is None
    assert marks.find(frame[:, ::-1].copy()) is None
    assert marks.find(frame[::2, ::2].copy()) is None  # of another size
    assert not marks.fits(frame[::2, ::2], Placement())


@pytest.mark.parametrize("way", [(), [("shifted", 0.01634)], [("zoomed", 0.9)]])
@pytest.mark.parametrize("grey", [0, 180])
def test_what_is_covered_is_told_and_does_not_hide_the_rest(marks, frame, way, grey):
    for name, (x0, y0, x1, y1) in REGIONS.items():
        shown = frame.copy()
        shown[y0:y1, x0:x1] = grey
        shown = seen(shown, *way)
        placed = marks.find(shown)
        assert marks.covered(shown, placed, REGIONS) == [name]
    assert marks.covered(seen(frame, ("shrunk", 4.0)), Placement(), REGIONS) == []
    assert marks.covered(frame, Placement(), {"outside": (0, 100, 300, 400)}) == []  # nothing still


@pytest.mark.parametrize("beside", ["", "radar", "sundial"])
@pytest.mark.parametrize("look", ["helmsight", "game", "random"])
def test_every_cockpit_has_landmarks(beside, look):
    layout = {
        "helmsight": LAYOUT,
        "game": LAYOUT.as_game(),
        "random": Layout.random(np.random.default_rng(4)),
    }[look]
    marks = landmarks(painter(layout, beside))
    own = render(moment(np.random.default_rng(98), beside, 0.7), layout, np.random.default_rng(1))
    assert marks.find(own) == Placement()
    assert marks.find(seen(own, ("shifted", 0.01634))).matrix[:2] == STRAIGHT[:2]


def test_pictures_that_share_nothing_are_refused():
    grains = np.random.default_rng(0).integers(0, 256, (2, 60, 80, 3), np.uint8)
    with pytest.raises(ToolsError, match="stands still"):
        Landmarks(list(grains))
    with pytest.raises(ToolsError, match="stands still"):
        Landmarks([np.zeros((60, 80, 3), np.uint8)] * 2)
