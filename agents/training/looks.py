"""How the cockpits of training flights look, and what of a picture cannot be seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.agents.training.design import VIEW, VIEWS
from helmsight.contract.observation import Box
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.families import FAMILIES
from helmsight.tools.marks import chosen, views

Picture = NDArray[np.uint8]

NOMINAL, RANDOM, MOVED, GAME = "nominal", "random", "moved", "game"
SHARES = {NOMINAL: 0.75, RANDOM: 0.1, MOVED: 0.1, GAME: 0.05}
"""Shares of the flights whose cockpit is the nominal one, of other colours and places, moved and
zoomed as a whole, and that of the game."""
SHIFT, ZOOM = 26.0, 1.16
"""Up to how far a moved picture is off, px an axis, and by what factor it is larger or smaller."""
COVERED = 0.04
"""Share of the pictures in which readouts, navball or both are covered."""


@dataclass(frozen=True)
class Look:
    """A cockpit, and how its picture is moved (px) and enlarged before the boxes are cut out."""

    layout: Layout
    shift: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0

    @classmethod
    def draw(cls, rng: np.random.Generator, plain: bool = False) -> Look:
        """Return a look of one of the kinds; `plain`: the nominal one."""
        kind = NOMINAL if plain else rng.choice(list(SHARES), p=list(SHARES.values()))
        if kind == NOMINAL:
            return cls(Layout())
        if kind == RANDOM:
            return cls(Layout.random(rng))
        varied = Layout.random(rng) if rng.random() < 0.5 else Layout()
        if kind == GAME:
            return cls(varied.as_game())
        x, y = rng.uniform(-SHIFT, SHIFT, 2)
        zoom = ZOOM ** float(rng.uniform(-1.0, 1.0)) if rng.random() < 0.6 else 1.0
        return cls(varied, (float(x), float(y)), zoom)

    def frame(self, state: CockpitState, rng: np.random.Generator) -> Picture:
        """Return the picture of a state, (720, 1280, 3) uint8."""
        frame = render(state, self.layout, rng)
        if self.shift == (0.0, 0.0) and self.zoom == 1.0:
            return frame
        height, width = frame.shape[:2]
        z, (dx, dy) = self.zoom, self.shift
        to = np.array(
            [[z, 0, (1 - z) * width / 2 + dx], [0, z, (1 - z) * height / 2 + dy]], np.float32
        )
        moved: Picture = cv2.warpAffine(frame, to, (width, height), flags=cv2.INTER_LINEAR)
        return moved

    def views(
        self, state: CockpitState, family: str, rng: np.random.Generator, covered: bool = False
    ) -> Picture:
        """Return what the model is shown of a state, (3, S, S, 3) uint8."""
        regions = self.layout.regions(FAMILIES[family].beside)
        frame = self.frame(state, rng)
        if covered:
            frame = frame.copy()
            cover(frame, regions, rng)
        shown = views(frame, regions, VIEW, chosen(VIEWS, regions))
        return np.stack([picture for _, picture in shown])


def cover(frame: Picture, regions: dict[str, Box], rng: np.random.Generator) -> None:
    """Lay something flat over readouts, navball or both."""
    hidden = [("readouts",), ("navball",), ("readouts", "navball")][int(rng.integers(3))]
    grey = int(rng.choice([0, 0, int(rng.integers(1, 256))]))
    for name in hidden:
        x0, y0, x1, y1 = regions[name]
        frame[y0:y1, x0:x1] = grey


def without_throttle(state: CockpitState, rng: np.random.Generator) -> CockpitState:
    """Return a state whose throttle lamps show random values.

    A pilot that copied its last command from them would score well in training and fly badly.
    """
    return replace(state, throttle=np.round(rng.uniform(-1.2, 1.2, 3)).clip(-1, 1))
