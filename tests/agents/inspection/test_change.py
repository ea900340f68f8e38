"""A crop and its drawing as one picture in false colours."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.inspection.change import GAIN, composite


def pattern(seed: int = 0) -> np.ndarray:
    """Return a picture (64, 64, 3) uint8 of blocks of greys."""
    blocks = np.random.default_rng(seed).integers(60, 190, (8, 8), dtype=np.uint8)
    return np.repeat(np.kron(blocks, np.ones((8, 8), np.uint8))[:, :, None], 3, axis=2)


def test_what_is_as_it_is_drawn_has_no_difference() -> None:
    picture = pattern()
    shown = composite(picture, picture)
    assert (shown[..., 1] == 128).all()


def test_red_and_blue_are_as_they_are_seen() -> None:
    seen = np.random.default_rng(3).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    shown = composite(seen, pattern()[:32, :32])
    assert np.array_equal(shown[..., [0, 2]], seen[..., [0, 2]])


@pytest.mark.parametrize(("gain", "shade"), [(0.6, 20), (1.25, -30)])
def test_another_light_is_no_difference(gain: float, shade: int) -> None:
    drawn = pattern()
    seen = np.clip(drawn * gain + shade, 0, 255).astype(np.uint8)
    assert np.abs(composite(seen, drawn)[..., 1].astype(int) - 128).max() <= 3


@pytest.mark.parametrize("lighter", [True, False])
def test_a_spot_that_is_not_drawn_stands_out_and_nothing_else(lighter: bool) -> None:
    drawn = pattern()
    seen = drawn.copy()
    seen[20:28, 30:38] = 255 if lighter else 0
    change = composite(seen, drawn)[..., 1].astype(int) - 128
    spot = change[22:26, 32:36]
    assert (spot > GAIN / 2).all() if lighter else (spot < -GAIN / 2).all()
    elsewhere = np.ones(change.shape, bool)
    elsewhere[16:32, 26:42] = False
    assert np.abs(change[elsewhere]).max() < GAIN / 2


def test_a_crop_of_one_shade_is_not_blown_up() -> None:
    drawn = np.full((32, 32, 3), 90, np.uint8)
    noisy = drawn + np.random.default_rng(1).integers(0, 3, drawn.shape, dtype=np.uint8)
    assert np.abs(composite(noisy, drawn)[..., 1].astype(int) - 128).max() < GAIN
