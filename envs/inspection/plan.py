"""What a seed decides about a cell: poses, defects, light, colours, and what else lies around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection import scenery
from helmsight.envs.inspection.parts import DEFECTS, PARTS

FEWEST, MOST = 1, 4  # defects of a satellite that has any
ROUND = 3.05  # rad, how far the turntable turns each way
SOUND = 0.15  # share of satellites with nothing wrong


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
class Shift:
    """How far a part stands from its nominal place: m along its seat, and turned, rad."""

    across: float
    along: float
    turn: float


@dataclass(frozen=True)
class CellPlan:
    """One cell, wholly told.

    turntable: its angle at the start, rad. place, lean: of the satellite on it, m, rad. tilt: of
    the panels, rad. absent: parts that are not there; no seed takes any away, `without` does.
    """

    seed: int
    turntable: float
    place: tuple[float, float]
    lean: tuple[float, float]
    tilt: tuple[float, float]
    shifts: dict[str, Shift]
    defects: tuple[Defect, ...]
    absent: tuple[str, ...]
    light: scenery.Light
    looks: scenery.Looks
    things: tuple[scenery.Thing, ...]

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
            absent=(),
            light=scenery.light_of(light),
            looks=scenery.looks_of(looks),
            things=scenery.things_of(things),
        )

    def sound(self) -> CellPlan:
        """Return the same cell with nothing wrong in it: the picture to compare with."""
        return replace(self, defects=())

    def without(self, *parts: str) -> CellPlan:
        """Return the same cell without some parts, for what is asked about a part not there.

        Raises:
            InvalidOption: no such part.
        """
        for part in parts:
            if part not in PARTS:
                raise InvalidOption(f"part {part!r}: expected one of {', '.join(PARTS)}")
        kept = tuple(defect for defect in self.defects if defect.part not in parts)
        return replace(self, defects=kept, absent=(*self.absent, *parts))

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
