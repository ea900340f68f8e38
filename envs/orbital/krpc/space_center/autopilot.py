"""AutoPilot: holds a direction, and if wished a roll, that is told in a frame.

It steers through the fleet's SAS: as fast as the vessel's wheels allow, whatever the tuning says;
tuning is kept and told, so that scripts written for KSP run. A client that engages it and leaves
disengages it. Engage and Disengage, which kRPC 0.7 has no more, and Engaged, which came with it,
are there in every version: scripts for either run.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from math import atan2, cos, degrees, hypot, isnan, nan, radians, sin
from typing import TYPE_CHECKING, Any

import numpy as np

from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden, since, until
from helmsight.envs.orbital.krpc.space_center import motion, sas
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    VesselFrame,
    VesselKind,
    axes_in,
    direction_of,
)
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.sas import SASMode
from helmsight.envs.orbital.krpc.space_center.service import finite, kept_property, service
from helmsight.envs.orbital.krpc.space_center.vectors import (
    Vector,
    add,
    angle,
    direction_at,
    length,
    pitch_heading_roll,
    scale,
    swap,
    wings_at,
)
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.caller import Caller

SETTLED = 0.5  # deg off that Wait is content with
STILL = 0.05  # rad/s
EACH_HALF, EACH_ONE, EACH_THREE = (0.5,) * 3, (1.0,) * 3, (3.0,) * 3


@dataclass
class AutoPilotState:
    """What an autopilot is set to, and who engaged it. Degrees; a roll of NaN is not held."""

    frame: ReferenceFrame
    pitch: float = 0.0
    heading: float = 0.0
    roll: float = nan
    engaged: bool = False
    owner: Caller | None = None
    tuning: dict[str, Any] = field(default_factory=dict)

    def aim(self) -> tuple[Array, Array]:
        """Return the nose and the right wing that are wanted, in the inertial frame."""
        nose = direction_at(self.pitch, self.heading)
        wing = (nan, nan, nan)
        if not isnan(self.roll):
            right, belly = wings_at(nose)
            bank = radians(self.roll)
            wing = add(scale(right, cos(bank)), scale(belly, sin(bank)))
        wanted = (direction_of(self.frame, nose), direction_of(self.frame, wing))
        return np.array(swap(wanted[0])), np.array(swap(wanted[1]))


def _tuned(name: str, kind: Any, at_first: Any, doc: str) -> Any:
    """Return a property that is kept and has no effect: the twin's wheels need no tuning."""

    def get(self: AutoPilot) -> Any:
        return self.pilot().tuning.get(name, at_first)

    def put(self: AutoPilot, value: Any) -> None:
        for number in value if isinstance(value, tuple) else (value,):
            finite(number, name)
        self.pilot().tuning[name] = value

    return kept_property(get, put, kind, doc)


def _old(tuned: Any) -> Any:
    """Declare a property before kRPC 0.7 only."""
    return property(until("0.7.0")(tuned.fget), until("0.7.0")(tuned.fset))


@service.remote
@dataclass(frozen=True)
class AutoPilot:
    """The autopilot of a vessel."""

    vessel: VesselHandle

    time_to_peak = _tuned("time_to_peak", Vector, EACH_THREE, "Time to peak, s, for each axis.")
    overshoot = _tuned("overshoot", Vector, (0.01,) * 3, "Overshoot for each axis.")
    auto_tune = _tuned("auto_tune", bool, True, "Whether the controllers tune themselves.")
    pitch_pid_gains = _tuned("pitch_gains", Vector, (0.0,) * 3, "Gains of the pitch controller.")
    roll_pid_gains = _tuned("roll_gains", Vector, (0.0,) * 3, "Gains of the roll controller.")
    yaw_pid_gains = _tuned("yaw_gains", Vector, (0.0,) * 3, "Gains of the yaw controller.")
    stopping_time = _old(_tuned("stopping", Vector, EACH_HALF, "Time to stop, s, for each axis."))
    deceleration_time = _old(
        _tuned("deceleration", Vector, (5.0,) * 3, "Time to slow down, s, for each axis.")
    )
    attenuation_angle = _old(
        _tuned("attenuation", Vector, EACH_ONE, "Angle at which it slows, degrees, for each axis.")
    )
    roll_threshold = _old(
        _tuned("roll_threshold", float, 5.0, "Degrees off at which it begins to roll.")
    )

    @hidden
    def pilot(self) -> AutoPilotState:
        """Return what it is set to; the game keeps it with the craft."""
        craft = self.vessel.craft()
        if craft.pilot is None:
            craft.pilot = AutoPilotState(self._surface_frame())
        pilot: AutoPilotState = craft.pilot
        return pilot

    def engage(self) -> None:
        """Engage: it steers until it is disengaged, or its client is gone. SAS goes off."""
        self._engage()

    def disengage(self) -> None:
        """Disengage: nothing steers."""
        self._disengage()

    @property
    def engaged(self) -> bool:
        """Whether it steers."""
        return self.pilot().engaged

    @engaged.setter
    def engaged(self, value: bool) -> None:
        self._engage() if value else self._disengage()

    @since("0.7.0")
    def reset(self) -> None:
        """Disengage and forget all that it was told."""
        self._disengage()
        self.vessel.craft().pilot = None

    def wait(self, timeout: float = -1.0) -> Generator[None, None, None]:
        """Return when the vessel points where it shall and is still, or after `timeout` s."""
        pilot, vessel = self._steering(), self.vessel
        started = vessel.game.ut
        while pilot.engaged and vessel.craft().pilot is pilot:
            roll_off = 0.0 if isnan(pilot.roll) else self.roll_error
            if max(self.error, roll_off) <= SETTLED and length(motion.spin(vessel)) <= STILL:
                return
            if 0.0 <= timeout <= vessel.game.ut - started:
                return
            if vessel.game.lockstep:
                raise InvalidOperationException(
                    "the world stands until it is stepped (lockstep); step it and look at "
                    "AutoPilot.Error instead of waiting"
                )
            yield

    @property
    def error(self) -> Float:
        """Degrees between the nose and where it shall point, by the autopilot or else by SAS."""
        pilot, nose = self.pilot(), motion.attitude(self.vessel).y
        if pilot.engaged:
            wanted = direction_of(pilot.frame, direction_at(pilot.pitch, pilot.heading))
        else:
            wanted = sas.target_direction(self.vessel)
        return degrees(angle(nose, wanted))

    @property
    def pitch_error(self) -> Float:
        """Degrees between the pitch and the one that is wanted."""
        return self._off(0, self._steering().pitch)

    @property
    def heading_error(self) -> Float:
        """Degrees between the heading and the one that is wanted."""
        return self._off(1, self._steering().heading)

    @property
    def roll_error(self) -> Float:
        """Degrees between the roll and the one that is wanted."""
        roll = self._steering().roll
        if isnan(roll):
            raise InvalidOperationException("no roll is wanted; set AutoPilot.TargetRoll first")
        return self._off(2, roll)

    @property
    def reference_frame(self) -> ReferenceFrame:
        """The frame that directions are told in; the surface frame at first."""
        return self.pilot().frame

    @reference_frame.setter
    def reference_frame(self, value: ReferenceFrame) -> None:
        if value.turns_with(self.vessel):
            raise InvalidOperationException(
                f"this frame turns with {self.vessel.craft().name} itself; choose one that does "
                "not, for example OrbitalReferenceFrame"
            )
        self.pilot().frame = value

    @property
    def target_pitch(self) -> Float:
        """Pitch that is wanted, -90 to 90 degrees."""
        return self.pilot().pitch

    @target_pitch.setter
    def target_pitch(self, value: Float) -> None:
        self.pilot().pitch = _degrees(value)

    @property
    def target_heading(self) -> Float:
        """Heading that is wanted, degrees."""
        return self.pilot().heading

    @target_heading.setter
    def target_heading(self, value: Float) -> None:
        self.pilot().heading = _degrees(value)

    @property
    def target_roll(self) -> Float:
        """Roll that is wanted, degrees; NaN for none."""
        return self.pilot().roll

    @target_roll.setter
    def target_roll(self, value: Float) -> None:
        self.pilot().roll = value if isnan(value) else _degrees(value)

    def target_pitch_and_heading(self, pitch: Float, heading: Float) -> None:
        """Set pitch and heading that are wanted, degrees."""
        pilot = self.pilot()
        pilot.pitch, pilot.heading = _degrees(pitch), _degrees(heading)

    @property
    def target_direction(self) -> Vector:
        """Direction that is wanted, in the autopilot's frame. Any length will do to set it."""
        pilot = self.pilot()
        return direction_at(pilot.pitch, pilot.heading)

    @target_direction.setter
    def target_direction(self, value: Vector) -> None:
        up, north, east = value
        if not 0.0 < length(value) < float("inf"):
            raise ArgumentException(f"{value} is no direction; give a vector of some length")
        pilot = self.pilot()
        pilot.pitch = degrees(atan2(up, hypot(north, east)))
        pilot.heading = degrees(atan2(east, north)) % 360.0

    @property
    def sas(self) -> bool:
        """Whether SAS is on, as Control tells."""
        return sas.is_on(self.vessel)

    @sas.setter
    def sas(self, value: bool) -> None:
        if value and sas.steered(self.vessel):
            raise InvalidOperationException(
                "SAS cannot be switched on while the autopilot is engaged; disengage it first"
            )
        sas.switch(self.vessel, on=value)

    @property
    def sas_mode(self) -> SASMode:
        """What SAS points at, as Control tells."""
        return sas.mode(self.vessel)

    @sas_mode.setter
    def sas_mode(self, value: SASMode) -> None:
        sas.choose(self.vessel, value)

    def _engage(self) -> None:
        vessel, pilot = self.vessel, self.pilot()
        caller = vessel.game.caller
        vessel.game.aims[vessel.index()] = pilot.aim
        pilot.engaged = True
        if caller is not None and pilot.owner is not caller:
            caller.on_disconnect(partial(self._left, pilot, caller))
        pilot.owner = caller

    def _disengage(self) -> None:
        pilot, vessel = self.pilot(), self.vessel
        if pilot.engaged:
            pilot.engaged, pilot.owner = False, None
            vessel.game.aims.pop(vessel.index(), None)
            vessel.game.fleet.sas[0, vessel.index()] = ADRIFT

    def _left(self, pilot: AutoPilotState, caller: Caller) -> None:
        """Let go when the client that engaged it is gone; before 0.7 it also forgets its target."""
        game = self.vessel.game
        if game.origin != self.vessel.origin or self.vessel.craft().pilot is not pilot:
            return  # what it steered is gone
        if pilot.owner is caller:
            self._disengage()
            if game.version < (0, 7):
                pilot.frame = self._surface_frame()
                pilot.pitch, pilot.heading, pilot.roll = 0.0, 0.0, nan

    def _surface_frame(self) -> ReferenceFrame:
        return VesselFrame(self.vessel, VesselKind.SURFACE)

    def _steering(self) -> AutoPilotState:
        pilot = self.pilot()
        if not pilot.engaged:
            raise InvalidOperationException("the autopilot is not engaged")
        return pilot

    def _off(self, which: int, wanted: float) -> float:
        frame = self.pilot().frame
        now = pitch_heading_roll(axes_in(frame, motion.attitude(self.vessel)))[which]
        return abs((wanted - now + 180.0) % 360.0 - 180.0)


def _degrees(value: float) -> float:
    if not abs(value) < 1e6:
        raise ArgumentException(f"{value} is no angle; give degrees")
    return value
