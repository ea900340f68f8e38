"""Control: the inputs and switches of a vessel.

Inputs out of range are clamped, as the game does. When the last client that moved an input is gone,
all inputs but the throttle go back to zero, as with kRPC. Inputs and switches work on any vessel of
the save, not only on the active one; staging and nodes on the active one alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import absent
from helmsight.envs.orbital.krpc.space_center import fitted, maneuver, sas, thrust
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.node import Node
from helmsight.envs.orbital.krpc.space_center.sas import SASMode, SpeedMode
from helmsight.envs.orbital.krpc.space_center.service import clamped, kept_property, service
from helmsight.envs.orbital.krpc.types import Float, UInt32

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.caller import Caller
    from helmsight.envs.orbital.krpc.simulation import Simulation
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

FORWARD, RIGHT, DOWN = 0, 1, 2  # columns of Fleet.throttle
PITCH, YAW, ROLL = 0, 1, 2  # columns of Fleet.rotation
GROUPS = 10  # action groups 0 to 9


@service.enum
class ControlState(IntEnum):
    """How far a vessel can be controlled."""

    FULL = 0
    PARTIAL = 1
    NONE = 2


@service.enum
class ControlSource(IntEnum):
    """Who controls a vessel."""

    KERBAL = 0
    PROBE = 1
    NONE = 2


@service.enum
class ControlInputMode(IntEnum):
    """Whether inputs add to those of the game or replace them."""

    ADDITIVE = 0
    OVERRIDE = 1


def _take(vessel: VesselHandle) -> None:
    """Note that the calling client has its hands on a vessel's inputs."""
    game = vessel.game
    game.flown.add(vessel.index())
    caller = game.caller
    if caller is not None and caller not in game.hands:
        game.hands.add(caller)
        caller.on_disconnect(partial(_let_go, game, caller))


def _let_go(game: Simulation, caller: Caller) -> None:
    """Bring all inputs to rest when the last client that moved one is gone."""
    game.hands.discard(caller)
    if game.hands:
        return
    for i in game.flown:
        game.fleet.throttle[0, i] = game.fleet.rotation[0, i] = 0.0
        axes = game.crafts[i].axes
        for name in ("wheel_throttle", "wheel_steering"):
            axes.pop(name, None)
    game.flown.clear()


def _stick(array: str, column: int, doc: str, sign: float = 1.0) -> Any:
    """Return the property of an input, -1 to 1, that is a column of one of the fleet's arrays."""

    def get(self: Control) -> float:
        vessel = self.vessel
        value = float(getattr(vessel.game.fleet, array)[0, vessel.index(), column])
        return sign * value + 0.0  # no minus zero

    def put(self: Control, value: float) -> None:
        vessel = self.vessel
        value = clamped(value, -1.0, 1.0, "the input")
        getattr(vessel.game.fleet, array)[0, vessel.index(), column] = sign * value
        _take(vessel)

    return kept_property(get, put, Float, doc)


def _axis(name: str, doc: str) -> Any:
    """Return the property of an input, -1 to 1, that moves nothing on the scenarios' craft."""

    def get(self: Control) -> float:
        return self.vessel.craft().axes.get(name, 0.0)

    def put(self: Control, value: float) -> None:
        self.vessel.craft().axes[name] = clamped(value, -1.0, 1.0, "the input")
        _take(self.vessel)

    return kept_property(get, put, Float, doc)


def _switch(name: str, doc: str, *, at_first: bool = False) -> Any:
    """Return the property of a switch that is kept."""

    def get(self: Control) -> bool:
        return self.vessel.craft().switches.get(name, at_first)

    def put(self: Control, value: bool) -> None:
        self.vessel.craft().switches[name] = value

    return kept_property(get, put, bool, doc)


def _group_of(module: str, setting: str, doc: str) -> Any:
    """Return the property of what is switched on all parts that have a module."""

    def get(self: Control) -> bool:
        return fitted.every(self.vessel, module, setting)

    def put(self: Control, value: bool) -> None:
        fitted.put_every(self.vessel, module, setting, value)

    return kept_property(get, put, bool, doc)


def _without(doc: str, *, answer: bool) -> Any:
    """Return the property of parts that none of the craft has: what kRPC answers, and nothing set.

    All of no parts are deployed, and not one of them is open.
    """

    def get(self: Control) -> bool:
        self.vessel.index()
        return answer

    def put(self: Control, value: bool) -> None:
        self.vessel.index()

    return kept_property(absent(get), absent(put), bool, doc)


@service.remote
@dataclass(frozen=True)
class Control:
    """The inputs and switches of a vessel."""

    vessel: VesselHandle

    forward = _stick("throttle", FORWARD, "Translation to the nose, -1 to 1.")
    right = _stick("throttle", RIGHT, "Translation to the right, -1 to 1.")
    up = _stick("throttle", DOWN, "Translation to the roof, -1 to 1.", sign=-1.0)
    pitch = _stick("rotation", PITCH, "Pitch, -1 to 1: nose up. SAS rests while it is not 0.")
    yaw = _stick("rotation", YAW, "Yaw, -1 to 1: nose right. SAS rests while it is not 0.")
    roll = _stick("rotation", ROLL, "Roll, -1 to 1: right wing down. SAS rests meanwhile.")
    wheel_throttle = _axis("wheel_throttle", "Throttle of wheels, of which there are none.")
    wheel_steering = _axis("wheel_steering", "Steering of wheels, of which there are none.")
    custom_axis01 = _axis("custom_axis01", "The first custom axis, -1 to 1.")
    custom_axis02 = _axis("custom_axis02", "The second custom axis, -1 to 1.")
    custom_axis03 = _axis("custom_axis03", "The third custom axis, -1 to 1.")
    custom_axis04 = _axis("custom_axis04", "The fourth custom axis, -1 to 1.")
    gear = _switch("gear", "The gear action group.")
    lights = _group_of(fitted.LIGHT, fitted.LIT, "Whether all lights are on.")
    brakes = _switch("brakes", "The brakes action group.")
    abort = _switch("abort", "The abort action group.")
    antennas = _group_of(fitted.FOLDING, fitted.DEPLOYED, "Whether all antennas are deployed.")
    solar_panels = _switch("solar_panels", "Whether all panels are deployed.", at_first=True)
    stage_lock = _switch("stage_lock", "Whether staging is locked.")
    legs = _without("Whether all landing legs are out: there are none.", answer=True)
    wheels = _without("Whether all wheels are out: there are none.", answer=True)
    cargo_bays = _without("Whether a cargo bay is open: there is none.", answer=False)
    intakes = _without("Whether all intakes are open: there are none.", answer=True)
    radiators = _without("Whether all radiators are out: there are none.", answer=True)
    resource_harvesters = _without("Whether all harvesters are out: none.", answer=True)
    resource_harvesters_active = _without("Whether a harvester works: none.", answer=False)

    @property
    def state(self) -> ControlState:
        """How far the vessel can be controlled: fully."""
        self.vessel.index()
        return ControlState.FULL

    @property
    def source(self) -> ControlSource:
        """Who controls the vessel: its probe core."""
        self.vessel.index()
        return ControlSource.PROBE

    @property
    def input_mode(self) -> ControlInputMode:
        """How inputs mix with SAS. The twin's SAS always gives way to an input that is not 0."""
        return ControlInputMode(int(self.vessel.craft().switches.get("override", False)))

    @input_mode.setter
    def input_mode(self, value: ControlInputMode) -> None:
        self.vessel.craft().switches["override"] = value is ControlInputMode.OVERRIDE

    @property
    def sas(self) -> bool:
        """Whether SAS is on. It begins with stability assist."""
        return sas.is_on(self.vessel)

    @sas.setter
    def sas(self, value: bool) -> None:
        sas.switch(self.vessel, on=value)

    @property
    def sas_mode(self) -> SASMode:
        """What SAS points at while it is on."""
        return sas.mode(self.vessel)

    @sas_mode.setter
    def sas_mode(self, value: SASMode) -> None:
        sas.choose(self.vessel, value)

    @property
    def speed_mode(self) -> SpeedMode:
        """What the navball's speed is relative to. It is one for the whole game."""
        return SpeedMode(self.vessel.game.speed_mode)

    @speed_mode.setter
    def speed_mode(self, value: SpeedMode) -> None:
        self.vessel.index()
        game = self.vessel.game
        sas.set_speed_mode(VesselHandle(game.origin, game.active, game), value)

    @property
    def rcs(self) -> bool:
        """Whether the thrusters are on."""
        return bool(self.vessel.game.fleet.rcs[0, self.vessel.index()])

    @rcs.setter
    def rcs(self, value: bool) -> None:
        self.vessel.game.fleet.rcs[0, self.vessel.index()] = value

    @property
    def throttle(self) -> Float:
        """Main throttle, 0 to 1. It stays when its client is gone."""
        return thrust.throttle(self.vessel)

    @throttle.setter
    def throttle(self, value: Float) -> None:
        thrust.set_throttle(self.vessel, clamped(value, 0.0, 1.0, "the throttle"))
        _take(self.vessel)

    @property
    def reaction_wheels(self) -> bool:
        """Whether the reaction wheels are on: the twin's always are."""
        self.vessel.index()
        return True

    @reaction_wheels.setter
    def reaction_wheels(self, value: bool) -> None:
        if not value:
            raise InvalidOperationException("the twin's reaction wheels cannot be shut off")

    @property
    def parachutes(self) -> bool:
        """Whether all parachutes are out: there are none."""
        self.vessel.index()
        return True

    @parachutes.setter
    def parachutes(self, value: bool) -> None:
        if not value:
            raise ArgumentException("parachutes cannot be taken back in")

    @property
    def current_stage(self) -> int:
        """The stage that was fired last: 1 on a craft whose engine is still to be lit."""
        craft = self.vessel.craft()
        return int(self.vessel.vehicle().engine is not None and not craft.staged)

    def activate_next_stage(self) -> list[Vessel]:
        """Fire the next stage: lights the main engine. Nothing comes off."""
        self._check_active()
        craft, i = self.vessel.craft(), self.vessel.index()
        if craft.switches.get("stage_lock"):
            raise InvalidOperationException("staging is locked; set StageLock to false first")
        if self.current_stage:
            craft.staged = True
            self.vessel.game.fleet.ignited[0, i] = True
        return []

    def get_action_group(self, group: UInt32) -> bool:
        """Whether an action group, 0 to 9, is on."""
        return self.vessel.craft().switches.get(_group(group), False)

    def set_action_group(self, group: UInt32, state: bool) -> None:
        """Switch an action group, 0 to 9."""
        self.vessel.craft().switches[_group(group)] = state

    def toggle_action_group(self, group: UInt32) -> None:
        """Switch an action group, 0 to 9, the other way."""
        self.set_action_group(group, not self.get_action_group(group))

    @property
    def nodes(self) -> list[Node]:
        """The manoeuvre nodes, from first to last."""
        self._check_active()
        return [Node(self.vessel, plan.number) for plan in maneuver.plans(self.vessel)]

    def add_node(
        self, ut: float, prograde: Float = 0.0, normal: Float = 0.0, radial: Float = 0.0
    ) -> Node:
        """Plan a manoeuvre at a time, s, with these changes of speed, m/s."""
        self._check_active()
        return Node(self.vessel, maneuver.add_plan(self.vessel, ut, prograde, normal, radial))

    def remove_nodes(self) -> None:
        """Remove all manoeuvre nodes."""
        self._check_active()
        maneuver.remove_plans(self.vessel)
        sas.refresh(self.vessel)

    def _check_active(self) -> None:
        if self.vessel.index() != self.vessel.game.active:
            raise InvalidOperationException(
                f"{self.vessel.craft().name} is not the active vessel; set "
                "SpaceCenter.ActiveVessel first"
            )


def _group(number: int) -> str:
    if number >= GROUPS:
        raise ArgumentException(
            f"there is no action group {number}; they go from 0 to {GROUPS - 1}"
        )
    return str(number)
