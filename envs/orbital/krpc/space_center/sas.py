"""SAS: its modes as kRPC numbers them, and what they point at in each mode of the navball.

Orbital directions follow the navball's speed mode, for the active vessel, as in KSP: prograde is
the velocity over the ground in surface mode, relative to the target in target mode; normal and
radial are then north and up. The other vessels, and orbit mode, are left to the fleet.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial

import numpy as np

from helmsight.envs.orbital.attitude import SAS, pointing
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import maneuver, motion
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.space_center.vectors import (
    Vector,
    cross,
    length,
    scale,
    subtract,
    swap,
    unit,
)

LITTLE = 0.2
"""What is left of a burn that SAS no longer follows, m/s."""
FREE_ROLL = np.full(3, np.nan)


@service.enum
class SASMode(IntEnum):
    """What SAS holds the nose at."""

    STABILITY_ASSIST = 0
    MANEUVER = 1
    PROGRADE = 2
    RETROGRADE = 3
    NORMAL = 4
    ANTI_NORMAL = 5
    RADIAL = 6
    ANTI_RADIAL = 7
    TARGET = 8
    ANTI_TARGET = 9


@service.enum
class SpeedMode(IntEnum):
    """What the navball's speed is relative to."""

    ORBIT = 0
    SURFACE = 1
    TARGET = 2


AT_TARGET = (SASMode.TARGET, SASMode.ANTI_TARGET)
ORBITAL = tuple(SASMode(code) for code in range(SASMode.PROGRADE, SASMode.ANTI_RADIAL + 1))


def steered(vessel: VesselHandle) -> bool:
    """Return whether an autopilot is engaged, which keeps SAS off."""
    pilot = vessel.craft().pilot
    return pilot is not None and bool(pilot.engaged)


def is_on(vessel: VesselHandle) -> bool:
    """Return whether SAS is on; an autopilot keeps it off, also that of the server's own evader."""
    game, i = vessel.game, vessel.index()
    code = game.fleet.sas[0, i]
    on = code != ADRIFT and (code != SAS.AIM or i in game.aims)
    return bool(on) and not steered(vessel)


def switch(vessel: VesselHandle, *, on: bool) -> None:
    """Switch SAS on, which begins with stability assist, or off.

    Raises:
        InvalidOperationException: it is to go on while an autopilot is engaged (kRPC 0.7; before,
            the autopilot switched it off again without a word).
    """
    if steered(vessel):
        if on and vessel.game.version >= (0, 7):
            raise InvalidOperationException("the autopilot is engaged, which keeps SAS off")
        return
    if on != is_on(vessel):
        vessel.craft().sas_mode = SASMode.STABILITY_ASSIST
        _apply(vessel, on=on)


def mode(vessel: VesselHandle) -> SASMode:
    """Return the mode, the one that was chosen last while SAS is off."""
    code = int(vessel.game.fleet.sas[0, vessel.index()])
    return SASMode(code if code in SASMode._value2member_map_ else vessel.craft().sas_mode)


def choose(vessel: VesselHandle, wanted: SASMode) -> None:
    """Choose a mode; it takes effect while SAS is on.

    Raises:
        InvalidOperationException: what the mode points at is not there.
    """
    i = vessel.index()
    if wanted is SASMode.MANEUVER and not maneuver.plans(vessel):
        raise InvalidOperationException(
            f"SAS cannot point {vessel.craft().name} along a burn: it has no node; add one with "
            "Control.AddNode"
        )
    if wanted in AT_TARGET and vessel.game.fleet.target[0, i] == ADRIFT:
        raise InvalidOperationException(
            f"SAS cannot point {vessel.craft().name} at a target: it has none; set "
            "SpaceCenter.TargetVessel while it is the active vessel"
        )
    vessel.craft().sas_mode = wanted
    if is_on(vessel):
        _apply(vessel, on=True)


def set_speed_mode(vessel: VesselHandle, wanted: SpeedMode) -> None:
    """Set the navball's mode; `vessel` is the active one.

    Raises:
        InvalidOperationException: target mode is wanted without a target.
    """
    game = vessel.game
    if wanted is SpeedMode.TARGET and game.fleet.target[0, vessel.index()] == ADRIFT:
        raise InvalidOperationException("the navball cannot show speeds to a target: none is set")
    game.speed_mode = int(wanted)
    refresh(vessel)


def refresh(vessel: VesselHandle) -> None:
    """Let SAS look again at what it points at: after a change of target, navball, vessel, plan."""
    if not is_on(vessel):
        return
    craft, i = vessel.craft(), vessel.index()
    aimless = mode(vessel) in AT_TARGET and vessel.game.fleet.target[0, i] == ADRIFT
    if aimless or (mode(vessel) is SASMode.MANEUVER and not craft.plans):
        craft.sas_mode = SASMode.STABILITY_ASSIST
    else:
        craft.sas_mode = mode(vessel)
    _apply(vessel, on=True)


def target_direction(vessel: VesselHandle) -> Vector:
    """Return where SAS points the nose, in game space.

    Raises:
        InvalidOperationException: SAS is off, or holds no direction of its own.
    """
    if not is_on(vessel) or mode(vessel) is SASMode.STABILITY_ASSIST:
        raise InvalidOperationException(
            "the autopilot is not engaged, and SAS is off or in stability assist; there is no "
            "direction to be away from"
        )
    fleet, i = vessel.game.fleet, vessel.index()
    if i in vessel.game.aims:
        nose = vessel.game.aims[i]()[0]
    else:
        towards = fleet.position[:, fleet.target[0, i]] - fleet.position[:, i]
        nose = pointing(
            fleet.sas[:, i], fleet.axes[:, i], fleet.position[:, i], fleet.velocity[:, i], towards
        )[0]
    x, y, z = nose.tolist()
    return swap((x, y, z))


def _apply(vessel: VesselHandle, *, on: bool) -> None:
    game, i, code = vessel.game, vessel.index(), vessel.craft().sas_mode
    game.aims.pop(i, None)
    game.fleet.sas[0, i] = code if on else ADRIFT
    if on and code == SASMode.MANEUVER:
        game.fleet.sas[0, i] = SAS.AIM
        game.aims[i] = partial(_burn_aim, vessel)
    elif on and i == game.active and game.speed_mode != SpeedMode.ORBIT and code in ORBITAL:
        game.fleet.sas[0, i] = SAS.AIM
        game.aims[i] = partial(_navball_aim, vessel)


def _burn_aim(vessel: VesselHandle) -> tuple[Array, Array]:
    """Return the nose that SAS wants for the next planned burn: along what is left of it.

    At its end the direction of what is left swings about; the nose is then held.
    """
    plans = maneuver.plans(vessel)
    left = maneuver.remaining(vessel, plans[0]) if plans else (0.0, 0.0, 0.0)
    if length(left) < LITTLE:
        return np.array(swap(motion.attitude(vessel).y)), FREE_ROLL
    return np.array(unit(left)), FREE_ROLL


def _navball_aim(vessel: VesselHandle) -> tuple[Array, Array]:
    """Return the nose that SAS wants while the navball is in surface or target mode."""
    code = vessel.craft().sas_mode
    place = motion.place(vessel)
    if code in (SASMode.PROGRADE, SASMode.RETROGRADE):
        wanted = _navball_velocity(vessel, place)
    else:
        wanted = (0.0, 1.0, 0.0) if code in (SASMode.NORMAL, SASMode.ANTI_NORMAL) else place
    if length(wanted) < 1e-3:  # nothing to point along: hold the nose
        return np.array(swap(motion.attitude(vessel).y)), FREE_ROLL
    sign = 1.0 if code % 2 == 0 else -1.0
    return np.array(swap(scale(unit(wanted), sign))), FREE_ROLL


def _navball_velocity(vessel: VesselHandle, place: Vector) -> Vector:
    game, own = vessel.game, motion.velocity(vessel)
    if game.speed_mode == SpeedMode.SURFACE:
        return subtract(own, cross(KERBIN.spin, place))
    x, y, z = game.fleet.velocity[0, game.fleet.target[0, vessel.index()]].tolist()
    return subtract(own, (x, z, y))
