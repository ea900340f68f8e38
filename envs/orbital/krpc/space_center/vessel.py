"""Vessel: where a craft is, how it moves and lies, and the objects that tell the rest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import absent, hidden, since, until
from helmsight.envs.orbital.krpc.space_center import motion
from helmsight.envs.orbital.krpc.space_center.absent import no
from helmsight.envs.orbital.krpc.space_center.accelerations import Accelerations
from helmsight.envs.orbital.krpc.space_center.autopilot import AutoPilot
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN
from helmsight.envs.orbital.krpc.space_center.celestial_body import CelestialBody
from helmsight.envs.orbital.krpc.space_center.comms import Comms
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.control import Control
from helmsight.envs.orbital.krpc.space_center.flight import Flight
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    VesselFrame,
    VesselKind,
    axes_in,
    direction_in,
    position_in,
    spin_in,
    velocity_in,
)
from helmsight.envs.orbital.krpc.space_center.orbit import Orbit
from helmsight.envs.orbital.krpc.space_center.parts import Parts
from helmsight.envs.orbital.krpc.space_center.resources import Resources
from helmsight.envs.orbital.krpc.space_center.sas import SpeedMode
from helmsight.envs.orbital.krpc.space_center.service import BoundingBox, service
from helmsight.envs.orbital.krpc.space_center.speed_frames import SpeedFrame
from helmsight.envs.orbital.krpc.space_center.stage import NEVER, Stage
from helmsight.envs.orbital.krpc.space_center.vectors import Quaternion, Vector, quaternion
from helmsight.envs.orbital.krpc.types import Float

MOST_LETTERS = 200  # of a vessel's name
HALF_SIZE: Vector = (0.95, 2.0, 0.95)
"""Half of a drone's width, length and depth, m; the Lady is taken to be as large."""


@service.enum
class VesselType(IntEnum):
    """KSP's kinds of vessels."""

    BASE = 0
    DEBRIS = 1
    LANDER = 2
    PLANE = 3
    PROBE = 4
    RELAY = 5
    ROVER = 6
    SHIP = 7
    STATION = 8
    SPACE_OBJECT = 9
    UNKNOWN = 10
    EVA = 11
    FLAG = 12
    DEPLOYED_SCIENCE_CONTROLLER = 13
    DEPLOYED_SCIENCE_PART = 14
    DROPPED_PART = 15
    DEPLOYED_GROUND_PART = 16


@service.enum
class VesselSituation(IntEnum):
    """Where a vessel is and what it does there."""

    PRE_LAUNCH = 0
    ORBITING = 1
    SUB_ORBITAL = 2
    ESCAPING = 3
    FLYING = 4
    LANDED = 5
    SPLASHED = 6
    DOCKED = 7


@service.remote
@dataclass(frozen=True)
class Vessel(Accelerations):
    """A craft of the save that is loaded."""

    crew = no("CrewMember", "The kerbals aboard: none, these are probes.")

    @hidden
    def check(self) -> None:
        """Raise InvalidOperationException if the vessel is gone."""
        self.index()

    @hidden
    def conic(self) -> Conic:
        """Return its orbit as it is now."""
        return motion.orbit(self)

    @property
    def name(self) -> str:
        """Its name."""
        return self.craft().name

    @name.setter
    def name(self, value: str) -> None:
        if not 0 < len(value) <= MOST_LETTERS:
            raise ArgumentException(
                f"a name of {len(value)} letters; a vessel's has 1 to {MOST_LETTERS}"
            )
        self.craft().name = value

    @property
    def type(self) -> VesselType:
        """What kind of vessel it is for KSP."""
        return VesselType(self.craft().kind)

    @type.setter
    def type(self, value: VesselType) -> None:
        self.craft().kind = int(value)

    @property
    def situation(self) -> VesselSituation:
        """Whether it orbits, escapes or comes down."""
        conic = self.conic()
        if not conic.bound:
            return VesselSituation.ESCAPING
        low = conic.periapsis < KERBIN.radius
        return VesselSituation.SUB_ORBITAL if low else VesselSituation.ORBITING

    @property
    def met(self) -> float:
        """Mission elapsed time, s: these vessels were launched at UT 0."""
        self.index()
        return self.game.ut

    @property
    def recoverable(self) -> bool:
        """Whether it can be recovered: never, it is in space."""
        self.index()
        return False

    def recover(self) -> None:
        """Recover the vessel, which is impossible in space."""
        raise InvalidOperationException(f"{self.name} is in space and cannot be recovered")

    @property
    @absent
    def crew_capacity(self) -> int:
        """Seats for a crew: these are probes."""
        self.index()
        return 0

    @property
    @absent
    def crew_count(self) -> int:
        """Crew aboard."""
        self.index()
        return 0

    @property
    @since("0.7.0")
    def loaded(self) -> bool:
        """Whether its parts are there: every vessel of the twin is physical at any distance."""
        self.index()
        return True

    @property
    @since("0.7.0")
    def packed(self) -> bool:
        """Whether it moves on rails: only while time warps so."""
        self.index()
        return self.game.rails > 1.0

    @property
    def orbit(self) -> Orbit:
        """Its orbit about Kerbin, as it is at every moment."""
        return Orbit(self, CelestialBody(KERBIN, self.game))

    @property
    def control(self) -> Control:
        """Its controls."""
        return Control(self)

    @property
    def auto_pilot(self) -> AutoPilot:
        """Its autopilot."""
        return AutoPilot(self)

    @property
    def resources(self) -> Resources:
        """What is in its tanks and batteries."""
        return Resources(self)

    @property
    def parts(self) -> Parts:
        """Its parts."""
        return Parts(self)

    @property
    def comms(self) -> Comms:
        """How it is connected to Kerbin."""
        return Comms(self)

    def flight(self, reference_frame: ReferenceFrame | None = None) -> Flight:
        """Its flight as told in a frame; the vessel's surface frame if none is given."""
        return Flight(self, reference_frame or self.surface_reference_frame)

    @until("0.7.0")
    def resources_in_decouple_stage(self, stage: int, cumulative: bool = True) -> Resources:
        """What is in the tanks that come off with a stage: nothing does, so all of it at -1."""
        return Resources(self, everything=stage == -1 or (cumulative and stage < 0))

    @property
    @since("0.7.0")
    def stages(self) -> list[Stage]:
        """The stages that fire parts, by their numbers."""
        fired = {part.stage for part in self.parts.all} - {NEVER}
        return [Stage(self, number, decoupling=False) for number in sorted(fired)]

    @since("0.7.0")
    def stage_at(self, stage: int) -> Stage:
        """A stage that fires parts; -1 for those that none does."""
        if stage != NEVER and stage not in [known.number for known in self.stages]:
            raise ArgumentException(f"{self.name} has no stage {stage}")
        return Stage(self, stage, decoupling=False)

    @property
    @since("0.7.0")
    def decouple_stages(self) -> list[Stage]:
        """The stages that throw parts off: all parts stay, which counts as one, -1."""
        return [self.decouple_stage_at(NEVER)]

    @since("0.7.0")
    def decouple_stage_at(self, stage: int) -> Stage:
        """A stage that throws parts off; -1 for the parts that stay, which is all of them."""
        self.index()
        if stage != NEVER:
            raise ArgumentException(
                f"nothing comes off {self.name}; its only such stage is {NEVER}"
            )
        return Stage(self, stage, decoupling=True)

    @property
    @since("0.7.0")
    def delta_v(self) -> Float:
        """Change of velocity that the engines' fuel is good for, m/s; thrusters do not count."""
        return sum(stage.delta_v for stage in self.stages)

    @property
    @since("0.7.0")
    def vacuum_delta_v(self) -> Float:
        """The same in a vacuum, m/s."""
        return self.delta_v

    @property
    @since("0.7.0")
    def sea_level_delta_v(self) -> Float:
        """The same at Kerbin's sea level, m/s."""
        return sum(stage.sea_level_delta_v for stage in self.stages)

    @property
    @since("0.7.0")
    def burn_time(self) -> Float:
        """Time at full throttle until the engines' fuel is spent, s."""
        return sum(stage.burn_time for stage in self.stages)

    @property
    @since("0.7.0")
    def delta_v_ready(self) -> bool:
        """Whether these are known: always."""
        self.index()
        return True

    @since("0.7.0")
    def recalculate_delta_v(self) -> None:
        """Reckon these anew, which every call does."""
        self.index()

    @property
    def reference_frame(self) -> ReferenceFrame:
        """The frame that turns with the vessel: x right, y to the nose, z to the belly."""
        return VesselFrame(self, VesselKind.BODY)

    @property
    def orbital_reference_frame(self) -> ReferenceFrame:
        """The frame along its orbit: x anti-radial, y prograde, z normal."""
        return VesselFrame(self, VesselKind.ORBITAL)

    @property
    def surface_reference_frame(self) -> ReferenceFrame:
        """The frame of the horizon: x up, y north, z east."""
        return VesselFrame(self, VesselKind.SURFACE)

    @property
    def surface_velocity_reference_frame(self) -> ReferenceFrame:
        """The frame along its velocity over the ground, y; z is level."""
        return VesselFrame(self, VesselKind.SURFACE_VELOCITY)

    @property
    @since("0.7.0")
    def orbit_speed_reference_frame(self) -> ReferenceFrame:
        """The frame of the navball's speed in orbit mode: it moves with Kerbin."""
        return SpeedFrame(self, SpeedMode.ORBIT)

    @property
    @since("0.7.0")
    def surface_speed_reference_frame(self) -> ReferenceFrame:
        """The frame of the navball's speed in surface mode: it moves with the ground."""
        return SpeedFrame(self, SpeedMode.SURFACE)

    @property
    @since("0.7.0")
    def target_speed_reference_frame(self) -> ReferenceFrame:
        """The frame of the navball's speed in target mode: it moves with the target."""
        return SpeedFrame(self, SpeedMode.TARGET)

    def position(self, reference_frame: ReferenceFrame) -> Vector:
        """Its centre of mass, m."""
        return position_in(reference_frame, motion.place(self))

    def velocity(self, reference_frame: ReferenceFrame) -> Vector:
        """Its velocity, m/s."""
        return velocity_in(reference_frame, motion.place(self), motion.velocity(self))

    def rotation(self, reference_frame: ReferenceFrame) -> Quaternion:
        """How it lies, as a quaternion (x, y, z, w)."""
        return quaternion(axes_in(reference_frame, motion.attitude(self)))

    def direction(self, reference_frame: ReferenceFrame) -> Vector:
        """Where its nose points."""
        return direction_in(reference_frame, motion.attitude(self).y)

    def angular_velocity(self, reference_frame: ReferenceFrame) -> Vector:
        """Its angular velocity, rad/s."""
        return spin_in(reference_frame, motion.spin(self))

    def bounding_box(self, reference_frame: ReferenceFrame) -> BoundingBox:
        """The box about its hull along the axes of a frame, m."""
        centre = self.position(reference_frame)
        axes = axes_in(reference_frame, motion.attitude(self))
        reach = tuple(
            sum(abs(axis[i]) * half for axis, half in zip(axes, HALF_SIZE, strict=True))
            for i in range(3)
        )
        low, high = ([c + side * r for c, r in zip(centre, reach, strict=True)] for side in (-1, 1))
        return BoundingBox((low[0], low[1], low[2]), (high[0], high[1], high[2]))
