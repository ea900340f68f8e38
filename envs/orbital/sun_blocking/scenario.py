"""The scenarios of sun blocking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from helmsight.envs.orbital.starts import DRAWN, SavedStart


@dataclass(frozen=True)
class Blocking(SavedStart):
    """One SB1 scenario: the evader (`evader` 1) is passive, `initial` the orbits (1..5, drawn)."""

    initial: int
    evader: int = 1
    family: ClassVar[str] = "SB1"
    kind: ClassVar[str] = "sun blocking"
    bots: ClassVar[Mapping[int, str]] = {1: "passive evader"}
    codes: ClassVar[Mapping[int, str]] = {1: "E1"}

    @property
    def bot(self) -> int:
        """The evader."""
        return self.evader


BLOCKINGS = {
    scenario.name: scenario for scenario in (*(Blocking(i) for i in range(1, 6)), Blocking(DRAWN))
}
"""KSPDG's five, and one whose orbits the seed draws."""
