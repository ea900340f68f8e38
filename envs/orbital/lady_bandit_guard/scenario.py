"""The scenarios of lady, bandit and guard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from helmsight.envs.orbital.starts import AGENT, DRAWN, TARGET, SavedStart

LADY, BANDIT, GUARD = TARGET, AGENT, 2
"""Indices of the vessels in every LBG1 world: the order in which kRPC lists them."""
PASSIVE, HEURISTIC, EVASIVE, PROPORTIONAL = 0, 1, 2, 3
"""Bots of lady and guard together, by their numbers: LG0, LG1, LG2, and PN of our own."""


@dataclass(frozen=True)
class Guarding(SavedStart):
    """One LBG1 scenario: `escort` steers lady and guard, `initial` are the orbits (1, 2, drawn)."""

    escort: int
    initial: int
    family: ClassVar[str] = "LBG1"
    kind: ClassVar[str] = "lady-bandit-guard"
    bots: ClassVar[Mapping[int, str]] = {
        PASSIVE: "passive lady and guard",
        HEURISTIC: "guard that stops, then closes in on the bandit, again and again",
        EVASIVE: "lady that leaves her orbit's plane when the bandit is near, then that guard",
        PROPORTIONAL: "guard that closes in by proportional navigation",
    }
    codes: ClassVar[Mapping[int, str]] = {
        PASSIVE: "LG0", HEURISTIC: "LG1", EVASIVE: "LG2", PROPORTIONAL: "PN",
    }  # fmt: skip

    @property
    def bot(self) -> int:
        """Who steers lady and guard."""
        return self.escort


GUARDINGS = {
    scenario.name: scenario
    for scenario in (
        *(Guarding(bot, initial) for bot in (PASSIVE, HEURISTIC, EVASIVE) for initial in (1, 2)),
        *(Guarding(PROPORTIONAL, initial) for initial in (1, 2)),
        *(Guarding(bot, DRAWN) for bot in (PASSIVE, HEURISTIC, EVASIVE, PROPORTIONAL)),
    )
}
"""KSPDG's six whose code is open, and those beyond (`Guarding.public` tells)."""
