"""Time warp: on rails, where vessels coast on their orbits exactly, or of the physics itself."""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum
from typing import TYPE_CHECKING

from helmsight.envs.orbital.dynamics import RADIUS
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import thrust
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.service import service, within
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

RAILS = (1.0, 5.0, 10.0, 50.0, 100.0, 1000.0, 10_000.0, 100_000.0)
"""Rates of the rails warp factors."""
RAILS_ALTITUDE = (0.0, 70e3, 70e3, 70e3, 120e3, 240e3, 480e3, 600e3)
"""Altitudes over Kerbin from which each may be used, m."""
PHYSICS = (1.0, 2.0, 3.0, 4.0)
"""Rates of the physics warp factors."""


@service.enum
class WarpMode(IntEnum):
    """How time warps."""

    RAILS = 0
    PHYSICS = 1
    NONE = 2


def _set(game: Simulation, *, rails: int = 0, physics: int = 0) -> None:
    if game.lockstep and (rails or physics):
        raise InvalidOperationException(
            "the world stands until it is stepped (lockstep); use Helmsight.Step to pass time"
        )
    game.rails, game.warp = RAILS[rails], PHYSICS[physics]


def _possible(game: Simulation, factor: int) -> bool:
    """Return whether the active vessel may warp on rails: high enough and not accelerating.

    An escape orbit is left alone too: rails are ellipses here.
    """
    fleet, i = game.fleet, game.active
    place = fleet.position[0, i]
    altitude = float(place @ place) ** 0.5 - RADIUS
    pushed = thrust.felt(VesselHandle(game.origin, i, game)) > 0.0
    return not pushed and altitude >= RAILS_ALTITUDE[factor] and bool((fleet.energy() < 0).all())


@service.getter
def warp_mode(game: Simulation) -> WarpMode:
    """How time warps now."""
    if game.rails > 1.0:
        return WarpMode.RAILS
    return WarpMode.PHYSICS if game.warp > 1.0 else WarpMode.NONE


@service.getter
def warp_rate(game: Simulation) -> Float:
    """How much faster than the server's own rate time passes."""
    return game.rails * game.warp


@service.getter
def warp_factor(game: Simulation) -> Float:
    """The factor of the warp that is on, 0 without one."""
    return float(rails_warp_factor(game) or physics_warp_factor(game))


@service.getter
def rails_warp_factor(game: Simulation) -> int:
    """The rails warp factor, 0 to 7; 0 while there is none."""
    return RAILS.index(game.rails)


@service.setter
def set_rails_warp_factor(game: Simulation, value: int) -> None:
    """Warp on rails; a factor that cannot be had is lowered to the highest that can."""
    _set(game, rails=min(max(value, 0), maximum_rails_warp_factor(game)))


@service.getter
def physics_warp_factor(game: Simulation) -> int:
    """The physics warp factor, 0 to 3; 0 while there is none."""
    return PHYSICS.index(game.warp)


@service.setter
def set_physics_warp_factor(game: Simulation, value: int) -> None:
    """Warp the physics; the factor is brought between 0 and 3."""
    _set(game, physics=min(max(value, 0), len(PHYSICS) - 1))


@service.getter
def maximum_rails_warp_factor(game: Simulation) -> int:
    """The highest rails warp factor that can be had now."""
    return max(factor for factor in range(len(RAILS)) if can_rails_warp_at(game, factor))


@service.procedure
def can_rails_warp_at(game: Simulation, factor: int = 1) -> bool:
    """Whether the active vessel is high enough, and not accelerating, for a rails warp factor."""
    return factor == 0 or (0 < factor < len(RAILS) and _possible(game, factor))


@service.procedure
def warp_to(
    game: Simulation, ut: float, max_rails_rate: Float = 100_000.0, max_physics_rate: Float = 2.0
) -> Generator[None, None, None]:
    """Warp until a time and return then; the rates limit how fast."""
    within(ut, -1e12, 1e12, "the time to warp to")
    load = game.load_count
    try:
        while game.ut < ut and game.load_count == load:
            left = max(ut - game.ut, 1.0)
            # Half of what is left within a wall second, so that no tick goes past the time.
            rails = _highest(RAILS, min(max_rails_rate, left / game.rate))
            rails = min(rails, maximum_rails_warp_factor(game))
            physics = _highest(PHYSICS, min(max_physics_rate, left / game.rate))
            _set(game, rails=rails) if rails else _set(game, physics=physics)
            if game.lockstep:
                _set(game, rails=1)  # says why that cannot be
            yield
    finally:
        if game.load_count == load:
            _set(game)


def _highest(rates: tuple[float, ...], most: float) -> int:
    """Return the factor with the highest rate up to `most`."""
    return max((i for i, rate in enumerate(rates) if rate <= most), default=0)
