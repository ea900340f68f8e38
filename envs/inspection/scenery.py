"""Light, colours, and the things that lie around: what a seed makes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]
PRINTED: tuple[Colour, ...] = (
    (0.93, 0.62, 0.10), (0.88, 0.88, 0.86), (0.85, 0.30, 0.10), (0.16, 0.35, 0.62),
    (0.20, 0.20, 0.22),
)  # fmt: skip
CAPS: tuple[Colour, ...] = ((0.80, 0.08, 0.06), (0.85, 0.24, 0.04), (0.78, 0.10, 0.22))
THINGS = ("mug", "box", "spool", "target", "driver", "weight")


@dataclass(frozen=True)
class Light:
    """The key light and what fills the shadows.

    azimuth, elevation: from where the key light comes, seen from the satellite, rad.
    key, fill: strengths, 1 is ordinary. colour: of the key light.
    """

    azimuth: float
    elevation: float
    key: float
    fill: float
    colour: Colour


@dataclass(frozen=True)
class Looks:
    """Colours, and the seed of the textures. gold: hue of the foil, 0 (silver) to 1 (amber)."""

    printed: Colour
    caps: Colour
    cells: Colour
    gold: float
    body: float
    table: Colour
    wall: Colour
    textures: int


@dataclass(frozen=True)
class Thing:
    """An object that has nothing to do with the task. place: m on the table; turn: rad."""

    kind: str
    place: tuple[float, float]
    turn: float
    scale: float
    colour: Colour


def light_of(rng: np.random.Generator) -> Light:
    warm = float(rng.uniform(-1.0, 1.0))
    return Light(
        azimuth=math.pi + float(rng.uniform(-1.4, 1.4)),  # from the arm's side, more or less
        elevation=float(rng.uniform(0.6, 1.25)),
        key=float(rng.uniform(0.65, 1.15)),
        fill=float(rng.uniform(0.6, 1.2)),
        colour=(1.0, 1.0 - 0.06 * abs(warm), 1.0 - 0.16 * max(0.0, warm)),
    )


def looks_of(rng: np.random.Generator) -> Looks:
    grey, wall = float(rng.uniform(0.20, 0.42)), float(rng.uniform(0.45, 0.72))
    tint = rng.uniform(-0.02, 0.02, 3)
    return Looks(
        printed=PRINTED[int(rng.integers(len(PRINTED)))],
        caps=CAPS[int(rng.integers(len(CAPS)))],
        cells=_cells(rng),
        gold=float(rng.uniform(0.35, 1.0)),
        body=float(rng.uniform(0.62, 0.85)),
        table=(grey + float(tint[0]), grey, grey + float(tint[1])),
        wall=(wall, wall + float(tint[2]), wall + 0.03),
        textures=int(rng.integers(2**31)),
    )


def _cells(rng: np.random.Generator) -> Colour:
    """Return a blue between that of polycrystalline cells and the near black of good ones."""
    r, g, b = rng.uniform((0.02, 0.03, 0.08), (0.06, 0.09, 0.26))
    return float(r), float(g), float(b)


def things_of(rng: np.random.Generator) -> tuple[Thing, ...]:
    """Objects on the table, clear of the arm and of the circle that the satellite sweeps."""
    things: list[Thing] = []
    wanted = int(rng.integers(2, 6))
    while len(things) < wanted:
        far, around = float(rng.uniform(0.24, 0.42)), float(rng.uniform(-1.9, 1.9))
        place = (0.32 + far * math.cos(around), far * math.sin(around))
        if any(math.dist(place, other.place) < 0.13 for other in things):
            wanted -= 1
            continue
        colour = rng.uniform(0.1, 0.8, 3)
        things.append(
            Thing(
                THINGS[int(rng.integers(len(THINGS)))],
                place,
                float(rng.uniform(-math.pi, math.pi)),
                float(rng.uniform(0.8, 1.2)),
                (float(colour[0]), float(colour[1]), float(colour[2])),
            )
        )
    return tuple(things)
