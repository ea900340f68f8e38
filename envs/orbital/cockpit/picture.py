"""One finished cockpit picture: the view outside, the navball and the instruments over it."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from helmsight.contract.signals import held_back
from helmsight.envs.orbital.cockpit import beside, game, instruments, navball, outside
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Layout
from helmsight.envs.orbital.cockpit.lettering import Picture
from helmsight.envs.orbital.cockpit.state import CockpitState

_NOMINAL = Layout()
_MARGIN = 64  # how far the grain can be shifted from picture to picture, px


# OpenCV 5 crashes when a handler raises while it looks for the function that takes a FontFace
@held_back()
def render(
    state: CockpitState, layout: Layout = _NOMINAL, rng: np.random.Generator | None = None
) -> Picture:
    """Return the cockpit as uint8 (720, 1280, 3) RGB.

    The same state and layout give the same bytes. `rng` only places the grain of
    `layout.noise` (without one the grain always lies the same way).
    """
    picture = outside.draw(state, layout)
    navball.draw_ball(picture, state, layout)
    (game if layout.game else instruments).draw(picture, state, layout)
    beside.draw(picture, state, layout)
    navball.draw_markers(picture, state, layout)
    return _captured(picture, layout, rng)


def _captured(picture: Picture, layout: Layout, rng: np.random.Generator | None) -> Picture:
    """Return `picture` as a camera or a screen grabber would have it: soft, dimmed, grainy."""
    if layout.blur > 0.0:
        picture = cv2.GaussianBlur(picture, (3, 3), layout.blur)
    if layout.brightness != 1.0:
        picture = cv2.convertScaleAbs(picture, alpha=layout.brightness)
    if layout.noise > 0.0:
        dx, dy = (0, 0) if rng is None else rng.integers(0, _MARGIN, size=2)
        lighter, darker = _grain(round(layout.noise))
        window = np.s_[dy : dy + HEIGHT, dx : dx + WIDTH]
        cv2.add(picture, lighter[window], dst=picture)
        cv2.subtract(picture, darker[window], dst=picture)
    return picture


@lru_cache(maxsize=16)
def _grain(deviation: int) -> tuple[Picture, Picture]:
    """Return what grain of that standard deviation adds to a picture and what it takes away."""
    shape = (HEIGHT + _MARGIN, WIDTH + _MARGIN, 3)
    grain = np.rint(np.random.default_rng(20).standard_normal(shape, np.float32) * deviation)
    return np.clip(grain, 0, 255).astype(np.uint8), np.clip(-grain, 0, 255).astype(np.uint8)
