"""Crops of parts with the state that they show, drawn from cells of the training seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.inspection.drawing import drawing
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.crops import LEAST_M, SMALLEST, Pixels, Square
from helmsight.envs.inspection.parts import DEFECTS, PARTS
from helmsight.envs.inspection.plan import CellPlan, Defect
from helmsight.envs.inspection.sites import SITES, Sight, Site
from helmsight.envs.inspection.states import NOT_SEEN, SOUND
from helmsight.envs.inspection.views import FEWEST, Pose, View

FIRST_SEED = 1_000_000  # of the cells to learn from; evaluations take lower ones
FRAME = (480, 360)  # width, height, px
VIEWS = 10  # of one cell
DEFECTIVE = 0.55  # probability of a part to have a defect: more than in a cell to inspect
GONE = 0.08  # probability of a part other than the bus not to be there: its place is a lesson too
NEAR, FAR = 0.085, 0.26  # m, of the camera from what it looks at
SEEN, HIDDEN = 0.6, 0.12  # shares of a site's points from which, and up to which, it is (not) seen
CLEAR = 0.004  # share of a crop that a defect has to show of itself
ASTRAY = 0.06  # of a crop's side: what is known of where a part stands is not exact
CELLS = 8  # of a crop, along each side, of which it is known what they show
Shares = NDArray[np.float32]


@dataclass(frozen=True)
class PartCrop:
    """A crop (size, size, 3) uint8 of a site of a part, and the state that it shows.

    clean: the same square of the drawing. part, wrong: shares (CELLS, CELLS) of every cell that
    are the part's, and its defect's.
    """

    image: NDArray[np.uint8]
    clean: NDArray[np.uint8]
    kind: str
    state: str
    part: Shares
    wrong: Shares


def crops(seed: int, size: int, views: int = VIEWS) -> Iterator[PartCrop]:
    """Yield the crops of one cell; the same ones for the same seed.

    seed: counts from 0. size: px of a crop. What can as well be called hidden as seen, or a defect
    of which a few pixels show, is nothing to learn from and left out.

    Raises:
        CameraUnavailable: there is nothing to draw with on this machine.
    """
    rng = np.random.default_rng([FIRST_SEED + seed, 99])
    gone = [part for part in PARTS if part != "bus" and rng.random() < GONE]
    plan = CellPlan.draw(FIRST_SEED + seed, defects=_defects(rng)).without(*gone)
    shadows = bool(rng.random() < 0.7)
    with Cell(plan, shadows=shadows) as cell, drawing(FIRST_SEED + seed) as drawn:
        sight = Sight(cell)
        drawn.place(turntable=cell.turntable)
        for _ in range(views):
            site = SITES[rng.integers(len(SITES))]
            pose, arm = _pose(rng, sight, site), bool(rng.random() < 0.5)
            view = cell.view_from(pose, FRAME, arm=arm)
            clean = drawn.picture_from(pose, FRAME, arm=arm)
            for other in SITES:
                crop = _crop(rng, view, clean, sight, other, size)
                if crop is not None:
                    yield crop


def _defects(rng: np.random.Generator) -> list[Defect]:
    """Return defects of many parts, every kind as often as the others of its part."""
    drawn = []
    for part, kind in PARTS.items():
        if rng.random() < DEFECTIVE:
            what = str(rng.choice(DEFECTS[kind]))
            place = (float(rng.random()), float(rng.random()))
            details = int(rng.integers(2**31))
            drawn.append(Defect(part, what, float(rng.random()), place, details))
    return drawn


def _pose(rng: np.random.Generator, sight: Sight, site: Site) -> Pose:
    """Return a camera that looks at a site, more or less, from within its cone and beyond."""
    points, outward = sight.place(site)
    middle = points.mean(axis=0)
    aside = rng.normal(size=3)
    aside -= (aside @ outward) * outward
    aside /= np.linalg.norm(aside)
    tilt = abs(rng.normal(0.0, 0.55)) if site.cone < np.pi else rng.uniform(0.6, 1.5)
    way = np.cos(tilt) * outward + np.sin(tilt) * aside
    at = middle + rng.uniform(NEAR, FAR) * way
    at[2] = max(at[2], 0.02)
    roll = rng.normal(0.0, 0.5) if rng.random() < 0.85 else rng.uniform(-np.pi, np.pi)
    return Pose.looking(at, middle + rng.normal(0.0, 0.012, 3), float(roll))


def _crop(
    rng: np.random.Generator, view: View, clean: Pixels, sight: Sight, site: Site, size: int
) -> PartCrop | None:
    """Return the crop of a site; None where it is not in the picture or nothing can be learnt."""
    points, outward = sight.place(site)
    spots = view.project(points)
    if spots[:, 2].min() < 0.03:
        return None
    height, width = view.parts.shape
    scale = height / (2.0 * np.tan(view.fov_y / 2.0)) / float(spots[:, 2].mean())
    square = Square.around(spots[:, :2], LEAST_M * scale)
    whole = 0 <= square.x < width and 0 <= square.y < height
    if not whole or not SMALLEST <= square.side <= 1.5 * height:
        return None
    side = square.side * rng.uniform(0.9, 1.2)
    off = rng.normal(0.0, ASTRAY * side, 2)
    square = Square(square.x + float(off[0]), square.y + float(off[1]), float(side))
    mine = view.parts == list(PARTS).index(site.part)
    own, wrong = (square.share_of(mask, CELLS) for mask in (mine, mine & view.defects))
    state = _state(view, site, spots, mine, float(wrong.mean()) * side**2, CLEAR * side**2)
    toward = view.pose.at - points.mean(axis=0)
    beside = toward @ outward < np.cos(site.cone) * np.linalg.norm(toward)
    if state is None or (beside and state == SOUND):
        return None
    seen, drawn = (square.cut(pixels, size) for pixels in (view.pixels, clean))
    return PartCrop(seen, drawn, PARTS[site.part], state, own, wrong)


def _state(
    view: View, site: Site, spots: NDArray[np.float64], mine: NDArray[np.bool_],
    wrong: float, clear: float,
) -> str | None:  # fmt: skip
    """Return the state that a crop shows, None where that is not clear.

    wrong: px that its defect shows of itself. clear: of these it needs so many, and FEWEST.
    """
    height, width = mine.shape
    x, y = np.floor(spots[:, :2]).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    shown = mine[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] & inside
    truth = next(truth for truth in view.truth if truth.name == site.part)
    if wrong >= max(clear, FEWEST):
        return truth.defect
    if wrong > 0:
        return None
    if shown.mean() >= SEEN:
        return SOUND
    return NOT_SEEN if shown.mean() <= HIDDEN else None
