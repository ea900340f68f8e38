"""Which part of which vessel a remote object is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.registry import hidden
from helmsight.envs.orbital.krpc.space_center import structure
from helmsight.envs.orbital.part_tree import PartDesign

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel


@dataclass(frozen=True)
class PartHandle:
    """Part `number` of the vessel `owner`."""

    owner: Vessel
    number: int

    @hidden
    def check(self) -> None:
        """Raise InvalidOperationException if the vessel is gone."""
        self.owner.index()

    @hidden
    def design(self) -> PartDesign:
        """Return the part as it was built in."""
        return structure.tree(self.owner)[self.number]
