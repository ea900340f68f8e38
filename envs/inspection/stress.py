"""Trials under stress: what is made worse about a cell, its camera or its arm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan

DIM, HARD, BLUR, SLOW, SLIP, MISSING = (
    "dim",
    "hard light",
    "blur",
    "slow frames",
    "slip",
    "missing:",
)
KINDS = (DIM, HARD, BLUR, SLOW, SLIP)
FORM = f"a comma list of {', '.join(KINDS)} and {MISSING}PART"
FPS, SLOW_FPS = 5.0, 2.0  # of the emulated camera; more would take the processor from who looks
BLUR_PX = 1.5
DARKER = 0.35  # of the light
HARDER, UNFILLED = 1.6, 0.25  # of the key light, and of what fills the shadows
SLIP_RAD = 0.05
SLIPPING = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll")


@dataclass(frozen=True)
class Stress:
    """What a trial is made harder by; nothing by default. missing: parts that are not there."""

    kinds: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Stress:
        """Read a comma list. Raises InvalidOption with what there is."""
        kinds, missing = set(), []
        for word in filter(None, (word.strip() for word in text.split(","))):
            part = word.removeprefix(MISSING)
            if word in KINDS:
                kinds.add(word)
            elif part != word and part in PARTS:
                missing.append(part)
            else:
                parts = f"; its parts are {', '.join(PARTS)}" if part != word else ""
                raise InvalidOption(f"stress={word!r} is not known; give {FORM}{parts}")
        return cls(frozenset(kinds), tuple(dict.fromkeys(missing)))

    def applied(self, plan: CellPlan) -> CellPlan:
        """Return the plan of the same cell under stress."""
        light = plan.light
        if DIM in self.kinds:
            light = replace(light, key=DARKER * light.key, fill=DARKER * light.fill)
        if HARD in self.kinds:
            light = replace(light, key=HARDER * light.key, fill=UNFILLED * light.fill)
        return replace(plan, light=light).without(*self.missing)

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return SLOW_FPS if SLOW in self.kinds else FPS

    @property
    def blur_px(self) -> float:
        """How far the lens is out of focus."""
        return BLUR_PX if BLUR in self.kinds else 0.0

    def slips(self, seed: int) -> tuple[str, float] | None:
        """Return the joint that slips half way, and by how much, rad; None for none."""
        if SLIP not in self.kinds:
            return None
        rng = np.random.default_rng([seed, 77])
        return str(rng.choice(SLIPPING)), SLIP_RAD * float(rng.choice((-1.0, 1.0)))
