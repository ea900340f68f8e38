"""Which craft of which save a remote object is about, and what the game keeps of it.

A client holds a vessel for as long as it likes, while games are loaded and reverted under it. So
no remote object holds a craft: each holds a handle, which finds its craft anew in every call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.craft import Craft
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden
from helmsight.envs.orbital.vehicles import Vehicle

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation


@dataclass(frozen=True)
class VesselHandle:
    """The vessel `number` of the save `origin`.

    The same vessel of the same save stays the same object through loads, also for clients: equal
    handles have one id. One of another save is gone, and using it is an error.
    """

    origin: str
    number: int
    game: Simulation = field(compare=False, repr=False)

    @hidden
    def index(self) -> int:
        """Return its place among the vessels of the game.

        Raises:
            InvalidOperationException: another save has been loaded since.
        """
        if self.game.origin != self.origin:
            raise InvalidOperationException(
                f"this vessel is of {self.origin}, and {self.game.origin} is loaded now; get it "
                "anew from SpaceCenter.Vessels or ActiveVessel"
            )
        return self.number

    @hidden
    def craft(self) -> Craft:
        """Return what is kept of it beside its motion."""
        return self.game.crafts[self.index()]

    @hidden
    def vehicle(self) -> Vehicle:
        """Return the kind of craft it is."""
        return self.game.fleet.vehicles[self.index()]
