"""Frames of a captured game: their size, and where the instruments are in them."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.ksp.picture import check_capture, check_regions, letterboxed


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (1080, 1920), (360, 640)])
def test_a_picture_of_the_same_shape_fills_the_frame(height: int, width: int) -> None:
    frame = letterboxed(np.full((height, width, 3), 200, np.uint8))
    assert frame.shape == (720, 1280, 3)
    assert frame.min() == 200


def test_another_shape_keeps_its_proportions_between_black_bars() -> None:
    frame = letterboxed(np.full((1200, 1600, 3), 200, np.uint8))  # 4:3 is 960 wide here
    assert frame[:, 160:1120].min() == 200
    assert frame[:, :160].max() == frame[:, 1120:].max() == 0


@pytest.mark.parametrize("capture", ["", "webcam", "windows:KSP"])
def test_an_unknown_way_to_a_picture_names_the_ways(capture: str) -> None:
    with pytest.raises(InvalidOption, match=r"screenshot, window:TITLE.*--capture"):
        check_capture(capture)


def test_regions_are_boxes_in_the_frame() -> None:
    assert check_regions({"navball": [512, 464, 768, 720]}) == {"navball": (512, 464, 768, 720)}


@pytest.mark.parametrize(
    "box", [[0, 0, 0, 10], [0, 0, 1281, 10], [-1, 0, 5, 5], [0, 0, 5], "0,0,5,5", [0, 0, 5.5, 9], 3]
)
def test_what_is_no_box_in_the_frame_is_refused_by_name(box: object) -> None:
    with pytest.raises(InvalidOption, match=r"navball.*x0, y0, x1, y1"):
        check_regions({"navball": box})
