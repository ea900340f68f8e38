"""Pictures shrink in C to the bytes that OpenCV makes of them."""

from __future__ import annotations

from importlib import import_module

import cv2
import numpy as np
import pytest

from helmsight.tools import shrinking
from helmsight.tools.shrinking import shrunk


@pytest.fixture
def in_c(monkeypatch):
    """The sizes that were asked for in C; a test needs that it was compiled."""
    try:
        import_module("helmsight.tools._area")
    except ImportError:
        pytest.skip("it was not compiled here")
    assert shrinking._built() is not None, "compiled from other sources: make install"
    asked, done = [], shrinking._in_c

    def counted(image, size):
        asked.append(size)
        return done(image, size)

    monkeypatch.setattr(shrinking, "_in_c", counted)
    return asked


def noise(seed, high, wide):
    return np.random.default_rng(seed).integers(0, 256, (high, wide, 3), dtype=np.uint8)


def by_opencv(image, size):
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def test_every_size_comes_out_as_from_opencv_to_the_byte(in_c):
    if not shrinking._as_opencv():
        pytest.skip("OpenCV rounds otherwise here")
    in_c.clear()
    rng = np.random.default_rng(7)
    for seed in range(150):
        high, wide = rng.integers(1, 400, 2)
        size = int(rng.integers(1, wide + 1)), int(rng.integers(1, high + 1))
        image = noise(seed, high, wide)
        assert np.array_equal(shrunk(image, size), by_opencv(image, size)), (image.shape, size)
    assert len(in_c) > 100


@pytest.mark.parametrize("size", [(128, 128), (512, 512), (1279, 719), (1280, 7), (1000, 720)])
def test_a_screen_comes_out_as_from_opencv_whatever_is_on_it(size):
    dark, bright = np.zeros((720, 1280, 3), np.uint8), np.full((720, 1280, 3), 255, np.uint8)
    for image in (noise(1, 720, 1280), noise(2, 720, 1280) // 128 * 255, dark, bright):
        assert np.array_equal(shrunk(image, size), by_opencv(image, size))


def test_a_part_of_a_picture_whose_rows_lie_apart_is_read_where_it_lies():
    screen = noise(3, 300, 500)
    for part in (screen[20:220, 33:333], screen[::2, 1:], screen[::-1, :400]):
        assert np.array_equal(shrunk(part, (64, 48)), by_opencv(part, (64, 48)))


def test_pictures_whose_pixels_lie_apart_and_other_sizes_come_out_as_from_opencv(in_c):
    shrinking._as_opencv()
    in_c.clear()
    image = noise(4, 256, 256)
    for given, size in (
        (image, (128, 128)),
        (image, (300, 300)),
        (image, (100, 300)),
        (image[:, ::-1], (100, 99)),
        (image[..., ::-1], (100, 99)),
    ):
        assert np.array_equal(shrunk(given, size), by_opencv(np.ascontiguousarray(given), size))
    assert in_c == []


@pytest.mark.parametrize("lacking", ["compiler", "same bytes"])
def test_without_c_that_makes_the_same_bytes_opencv_does_it(monkeypatch, lacking):
    image = noise(5, 720, 1280)
    if lacking == "compiler":
        monkeypatch.setattr(shrinking, "_built", lambda: None)
    else:
        monkeypatch.setattr(shrinking, "_built", lambda: object())
        monkeypatch.setattr(shrinking, "_in_c", lambda image, size: by_opencv(image, size) ^ 1)
    shrinking._as_opencv.cache_clear()
    try:
        assert np.array_equal(shrunk(image, (128, 128)), by_opencv(image, (128, 128)))
    finally:
        shrinking._as_opencv.cache_clear()
