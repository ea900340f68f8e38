"""Scenes of coloured things, drawn at random: layouts, cameras, splits, and the truth of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from helmsight.agents.grounding.labelled import LabelledPicture, Truth
from helmsight.evals.spatial.bodies import (
    HELD_OUT,
    NAMES,
    REACH,
    SHAPES,
    Array,
    ConvexBody,
    body,
    rod,
)
from helmsight.evals.spatial.drawing import Light, PinholeCamera, draw

BANDS = (0.04, 0.04, 0.06)
"""Dead bands: sides of the picture, twice, and of the logarithm of the distance."""
LAYOUTS = ("scatter", "ring", "rows")
TRAINING_LAYOUTS = (*LAYOUTS, "huddle", "huddle")  # close together is hard: twice
HELD_OUT_LAYOUTS = ("line", "spiral")
SMALLEST, LARGEST = 0.42, 0.7  # sizes of things, m
EDGE = 0.44  # centres lie within this of the middle of the picture, sides
SEEN = 0.45  # share of a thing that nothing covers, at least
PEBBLES = 3  # unnamed things besides, at most
ATTEMPTS = 100  # to place so many things before others are drawn
Room = tuple[np.random.Generator, int]


@dataclass(frozen=True)
class Thing:
    """One named thing; what floats is held up by a rod."""

    name: str
    centre: Array
    size: float
    yaw: float
    floats: bool


@dataclass(frozen=True)
class Scene:
    """Named things and unnamed pebbles in front of a camera."""

    things: tuple[Thing, ...]
    pebbles: tuple[ConvexBody, ...]
    camera: PinholeCamera
    layout: str
    tilt: tuple[float, float, float]  # roll, pitch, yaw of the camera, degrees

    @cached_property
    def truth(self) -> Truth:
        """Where the centres of the things are seen, and how far they are."""
        seen = self.camera.seen(np.stack([thing.centre for thing in self.things]))
        seen[:, 2] = np.log(seen[:, 2])
        return Truth(tuple(thing.name for thing in self.things), seen / BANDS)

    @property
    def feet(self) -> Array:
        """Where in the picture the floor is below each thing, (n, 2): right, down, 0 to 1."""
        below = np.stack([thing.centre * [1, 1, 0] for thing in self.things])
        return np.asarray(0.5 + self.camera.seen(below)[:, :2])

    @property
    def framed(self) -> bool:
        """Whether every centre lies well within the picture."""
        places = self.truth.places[:, :2] * BANDS[:2]
        return bool(np.isfinite(places).all() and np.abs(places).max() <= EDGE)

    def drawn(self, size: int, rng: np.random.Generator) -> LabelledPicture | None:
        """Return the picture, `size` px wide; None when too little of a thing can be seen."""
        groups = [
            [body(thing.name, thing.centre, thing.size, thing.yaw)]
            + ([rod(thing.centre)] if thing.floats else [])
            for thing in self.things
        ]
        groups += [[pebble] for pebble in self.pebbles]
        image, seen, depths = draw(self.camera, groups, _light(rng), size, rng)
        shares = seen[: len(self.things)]
        if shares.min() < SEEN:
            return None
        roll, pitch, yaw = self.tilt
        details = {
            "layout": self.layout,
            "roll_deg": round(roll, 1),
            "pitch_deg": round(pitch, 1),
            "yaw_deg": round(yaw, 1),
            "seen": {
                thing.name: round(float(share), 2)
                for thing, share in zip(self.things, shares, strict=True)
            },
        }
        return LabelledPicture(
            "objects", image, self.truth, details=details, depths=depths, feet=self.feet
        )


def scene(rng: np.random.Generator, *, held_out: bool, layouts: Sequence[str] = LAYOUTS) -> Scene:
    """Return a random scene of two to six things.

    With `held_out` at least two of them have names that are in `HELD_OUT`, and the layout is one
    of `HELD_OUT_LAYOUTS`; without, none has such a name, and it is one of `layouts`.
    """
    while True:
        count = int(rng.integers(2, 7))
        names = _names(rng, count, held_out)
        layout = str(rng.choice(HELD_OUT_LAYOUTS if held_out else layouts))
        for _ in range(ATTEMPTS):  # with the same count: many things fit less often
            spots = _LAYOUTS[layout](rng, count)
            things = tuple(_thing(rng, name, spot) for name, spot in zip(names, spots, strict=True))
            pebbles = tuple(
                _pebble(rng, spot) for spot in _scatter(rng, int(rng.integers(PEBBLES + 1)))
            )
            if _apart(things, pebbles):
                camera, tilt = _camera(rng, things)
                scene = Scene(things, pebbles, camera, layout, tilt)
                if scene.framed:
                    return scene


def _names(rng: np.random.Generator, count: int, held_out: bool) -> list[str]:
    """Return different names; one of them often shares colour or shape with the first."""
    common = [name for name in NAMES if name not in HELD_OUT]
    if not held_out:
        chosen = [str(rng.choice(common))]
        alike = [n for n in common if set(n.split()) & set(chosen[0].split()) and n != chosen[0]]
    else:
        chosen = [str(name) for name in rng.choice(HELD_OUT, 2, replace=False)]
        alike = [n for n in common if set(n.split()) & set(chosen[0].split())]
    if len(chosen) < count and rng.random() < 0.6:
        chosen.append(str(rng.choice(alike)))
    rest = [name for name in common if name not in chosen]
    chosen += [str(name) for name in rng.choice(rest, count - len(chosen), replace=False)]
    return chosen


def _thing(rng: np.random.Generator, name: str, spot: Array) -> Thing:
    size = float(rng.uniform(SMALLEST, LARGEST))
    floats = bool(rng.random() < 0.4)
    rest = SHAPES[name.split()[1]].half * size
    height = rest + (rng.uniform(0.5, 2.2) if floats else 0.0)
    centre = np.array([spot[0], spot[1], height])
    return Thing(name, centre, size, float(rng.uniform(0, np.pi)), floats)


def _pebble(rng: np.random.Generator, spot: Array) -> ConvexBody:
    radius, grey = float(rng.uniform(0.12, 0.22)), int(rng.integers(95, 150))
    return ConvexBody(np.array([*spot, 0.8 * radius]), (grey, grey, grey), radius, radius=radius)


def _apart(things: tuple[Thing, ...], pebbles: tuple[ConvexBody, ...]) -> bool:
    """Whether nothing stands in or above anything else."""
    spots = np.array([*(t.centre[:2] for t in things), *(p.centre[:2] for p in pebbles)])
    reach = np.array([*(REACH * t.size for t in things), *(p.reach for p in pebbles)])
    gaps = np.linalg.norm(spots[:, None] - spots[None], axis=2) - 0.8 * (reach[:, None] + reach)
    return bool(gaps[np.triu_indices(len(spots), 1)].min(initial=np.inf) > 0)


def _camera(
    rng: np.random.Generator, things: tuple[Thing, ...]
) -> tuple[PinholeCamera, tuple[float, float, float]]:
    """Return a camera that looks at the things from anywhere, rolled in half of all scenes."""
    yaw, pitch = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(8, 48))
    roll = np.radians(rng.uniform(-35, 35)) if rng.random() < 0.5 else 0.0
    middle = np.mean([thing.centre for thing in things], axis=0) + rng.normal(0, 0.35, 3)
    away = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    down = np.cross(away, right)
    turned = np.array(
        [np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right]
    )
    place = middle - rng.uniform(5.6, 8.4) * away
    place[2] = max(place[2], 0.6)
    camera = PinholeCamera(place, np.vstack([turned, away]), float(rng.uniform(0.95, 1.35)))
    return camera, (float(np.degrees(roll)), float(np.degrees(pitch)), float(np.degrees(yaw)))


def _light(rng: np.random.Generator) -> Light:
    """Return a room, or a deck in front of the night."""
    way = np.array([*rng.normal(0, 0.5, 2), 1.0])
    hue = rng.uniform(-18, 18, 3)
    if rng.random() < 0.3:
        floor, sky = (58, 84), ((6, 8, 16), (18, 20, 34))
    else:
        floor, sky = (150, 186), ((150, 180, 215), (215, 222, 228))
    dark, bright = (tuple(np.clip(shade + hue, 0, 255).astype(int).tolist()) for shade in floor)
    return Light(way / np.linalg.norm(way), (dark, bright), sky, float(rng.uniform(0, 4)))


def _scatter(rng: np.random.Generator, count: int) -> Array:
    return rng.uniform(-2.9, 2.9, (count, 2))


def _ring(rng: np.random.Generator, count: int) -> Array:
    angle = 2 * np.pi * (rng.permutation(count) + rng.uniform(0, 1)) / count
    radius = rng.uniform(1.5, 2.6) + rng.normal(0, 0.25, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _rows(rng: np.random.Generator, count: int) -> Array:
    cells = rng.permutation([(x, y) for x in range(3) for y in range(3)])[:count]
    return (cells - 1) * rng.uniform(1.5, 2.1) + rng.normal(0, 0.2, (count, 2))


def _huddle(rng: np.random.Generator, count: int) -> Array:
    spots = np.zeros((1, 2))
    while len(spots) < count:
        turn = rng.uniform(0, 2 * np.pi)
        step = rng.uniform(1.0, 1.3) * np.array([np.cos(turn), np.sin(turn)])
        spots = np.vstack([spots, spots[rng.integers(len(spots))] + step])
    return rng.permutation(spots - spots.mean(axis=0))


def _line(rng: np.random.Generator, count: int) -> Array:
    way, order = rng.uniform(0, np.pi), rng.permutation(count)[:, None]
    along = rng.uniform(1.0, 1.3) * (order - (count - 1) / 2)
    aside = 0.3 * (-1.0) ** order + rng.normal(0, 0.1, (count, 1))
    ahead = np.array([np.cos(way), np.sin(way)])
    return np.asarray(along * ahead + aside * [-ahead[1], ahead[0]])


def _spiral(rng: np.random.Generator, count: int) -> Array:
    turn = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, count)
    radius = np.linspace(0.9, 2.9, count) + rng.normal(0, 0.08, count)
    return rng.permutation(np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1))


_LAYOUTS: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "scatter": _scatter,
    "ring": _ring,
    "rows": _rows,
    "huddle": _huddle,
    "line": _line,
    "spiral": _spiral,
}
