"""What pushes a craft, as plain numbers: the main engine under its throttle, and the thrusters."""

from __future__ import annotations

from math import hypot

import numpy as np

from helmsight.envs.orbital.krpc.errors import ArgumentException
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.vehicles import MainEngine

DENSER = ((1.0, 150.0), (3.0, 0.0))
"""Specific impulse of the LV-T91 in air, (atm, s): from general knowledge of the part."""


def throttle(vessel: VesselHandle) -> float:
    """Return the main throttle, 0 to 1."""
    axes = vessel.craft().axes
    return axes.get("throttle", float(vessel.game.fleet.main[0, vessel.index()]))


def limit(vessel: VesselHandle) -> float:
    """Return the limit of the engine's thrust, 0 to 1."""
    return vessel.craft().axes.get("thrust_limit", 1.0)


def set_throttle(vessel: VesselHandle, value: float) -> None:
    """Set the main throttle, 0 to 1."""
    vessel.craft().axes["throttle"] = value
    _apply(vessel)


def set_limit(vessel: VesselHandle, value: float) -> None:
    """Limit the engine's thrust, 0 to 1; the throttle stays where it is."""
    axes = vessel.craft().axes
    axes["throttle"] = throttle(vessel)
    axes["thrust_limit"] = value
    _apply(vessel)


def _apply(vessel: VesselHandle) -> None:
    """Let the fleet burn as throttle and limit say: it knows only their product."""
    vessel.game.fleet.main[0, vessel.index()] = throttle(vessel) * limit(vessel)


def has_fuel(vessel: VesselHandle) -> bool:
    """Return whether there is fuel for the main engine."""
    return bool(vessel.game.fleet.fuel[0, vessel.index()] > 0.0)


def active_engine(vessel: VesselHandle) -> MainEngine | None:
    """Return the main engine if there is one and it is on."""
    return vessel.vehicle().engine if vessel.game.fleet.ignited[0, vessel.index()] else None


def available(vessel: VesselHandle) -> float:
    """Return the thrust of the main engine at full throttle, N: none while it is off or dry."""
    engine = active_engine(vessel)
    return engine.thrust * limit(vessel) if engine and has_fuel(vessel) else 0.0


def current(vessel: VesselHandle) -> float:
    """Return the thrust of the main engine now, N."""
    return available(vessel) * throttle(vessel)


def air_factor(vessel: VesselHandle, pressure: float) -> float:
    """Return what is left of the engine's thrust and impulse in air of a pressure, atm; 1 in none.

    Raises:
        ArgumentException: the pressure is negative or no number.
    """
    engine = vessel.vehicle().engine
    if not pressure >= 0.0:
        raise ArgumentException(f"a pressure of {pressure} atm; give 0 or more")
    if engine is None:
        return 0.0
    curve = ((0.0, engine.specific_impulse), *DENSER)
    pressures, impulses = zip(*curve, strict=True)
    return float(np.interp(pressure, pressures, impulses)) / engine.specific_impulse


def felt(vessel: VesselHandle) -> float:
    """Return the acceleration by thrusters and main engine, m/s^2."""
    fleet, i, vehicle = vessel.game.fleet, vessel.index(), vessel.vehicle()
    forward, right, down = fleet.throttle[0, i].tolist()
    fed = fleet.rcs[0, i] and fleet.propellant[0, i] > 0.0
    lateral = vehicle.lateral_thrust if fed else 0.0
    ahead = forward * vehicle.forward_thrust if fed else 0.0
    push = hypot(ahead + current(vessel), right * lateral, down * lateral)
    return push / float(fleet.mass[0, i])
