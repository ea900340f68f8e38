"""What a seed decides about a cell: poses, defects, light, colours, and what else lies around."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from helmsight.envs.inspection.parts import DEFECTS, PARTS

Colour = tuple[float, float, float]
FEWEST, MOST = 1, 4  # defects of a satellite that has any
ROUND = 3.05  # rad, how far the turntable turns each way
SOUND = 0.15  # share of satellites with nothing wrong
PRINTED: tuple[Colour, ...] = (
    (0.93, 0.62, 0.10), (0.88, 0.88, 0.86), (0.85, 0.30, 0.10), (0.16, 0.35, 0.62), (0.20, 0.20, 0.22),
)  # fmt: skip
CAPS: tuple[Colour, ...] = ((0.80, 0.08, 0.06), (0.85, 0.24, 0.04), (0.78, 0.10, 0.22))
THINGS = ("mug", "box", "spool", "target", "driver", "weight")


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong.

    severity: 0 (just to be seen) to 1. place: where on the part, two shares of its extent.
    seed: of its details.
    """

    part: str
    kind: str
    severity: float
    place: tuple[float, float]
    seed: int


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


@dataclass(frozen=True)
class Shift:
    """How far a part stands from its nominal place: m along its seat, and turned, rad."""

    across: float
    along: float
    turn: float


@dataclass(frozen=True)
class CellPlan:
    """One cell, wholly told. turntable: its angle at the start, rad. tilt: of the panels, rad."""

    seed: int
    turntable: float
    place: tuple[float, float]
    lean: tuple[float, float]
    tilt: tuple[float, float]
    shifts: dict[str, Shift]
    defects: tuple[Defect, ...]
    light: Light
    looks: Looks
    things: tuple[Thing, ...]

    @classmethod
    def draw(cls, seed: int, *, defects: Sequence[Defect] | None = None) -> CellPlan:
        """Return the plan of a seed; every topic has a generator of its own.

        defects: these instead of drawn ones.
        """
        pose, light, looks, things, wrong = (
            np.random.default_rng([seed, topic]) for topic in range(5)
        )
        return cls(
            seed=seed,
            turntable=float(pose.uniform(-ROUND, ROUND)),
            place=_pair(pose, 0.008),
            lean=_pair(pose, 0.04),
            tilt=(float(pose.uniform(0.1, 1.0)), float(pose.uniform(0.1, 1.0))),
            shifts={part: _shift(pose) for part in PARTS if part != "bus"},
            defects=_defects(wrong) if defects is None else tuple(defects),
            light=_light(light),
            looks=_looks(looks),
            things=_things(things),
        )

    def sound(self) -> CellPlan:
        """Return the same cell with nothing wrong in it: the picture to compare with."""
        return replace(self, defects=())

    def defect_of(self, part: str) -> Defect | None:
        """Return what is wrong with a part."""
        return next((defect for defect in self.defects if defect.part == part), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def _pair(rng: np.random.Generator, most: float) -> tuple[float, float]:
    a, b = rng.uniform(-most, most, 2)
    return float(a), float(b)


def _shift(rng: np.random.Generator) -> Shift:
    across, along = _pair(rng, 0.003)
    return Shift(across, along, float(rng.uniform(-0.12, 0.12)))


def _defects(rng: np.random.Generator) -> tuple[Defect, ...]:
    if rng.random() < SOUND:
        return ()
    # By kind first: what a panel can have three of would else be rare next to four thrusters' one.
    kinds = [(kind, defect) for kind, defects in DEFECTS.items() for defect in defects]
    found: dict[str, Defect] = {}
    for _ in range(int(rng.integers(FEWEST, MOST + 1))):
        kind, defect = kinds[int(rng.integers(len(kinds)))]
        part = str(rng.choice([name for name, of in PARTS.items() if of == kind]))
        place = (float(rng.random()), float(rng.random()))
        drawn = Defect(part, defect, float(rng.random()), place, int(rng.integers(2**31)))
        found.setdefault(part, drawn)
    return tuple(found.values())


def _light(rng: np.random.Generator) -> Light:
    warm = float(rng.uniform(-1.0, 1.0))
    return Light(
        azimuth=math.pi + float(rng.uniform(-1.4, 1.4)),  # from the arm's side, more or less
        elevation=float(rng.uniform(0.6, 1.25)),
        key=float(rng.uniform(0.65, 1.15)),
        fill=float(rng.uniform(0.6, 1.2)),
        colour=(1.0, 1.0 - 0.06 * abs(warm), 1.0 - 0.16 * max(0.0, warm)),
    )


def _looks(rng: np.random.Generator) -> Looks:
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


def _things(rng: np.random.Generator) -> tuple[Thing, ...]:
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
