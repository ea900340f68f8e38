"""Vessel: where a craft is, how it moves and lies, and the objects that tell the rest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from helmsight.envs.orbital.dynamics import MU
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden, since, until
from helmsight.envs.orbital.krpc.space_center import motion
from helmsight.envs.orbital.krpc.space_center.autopilot import AutoPilot
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN
from helmsight.envs.orbital.krpc.space_center.celestial_body import CelestialBody
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.control import Control
from helmsight.envs.orbital.krpc.space_center.figures import Figures
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
from helmsight.envs.orbital.krpc.space_center.service import BoundingBox, service
from helmsight.envs.orbital.krpc.space_center.vectors import Quaternion, Vector, quaternion, swap

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
class Vessel(Figures):
    """A craft of the save that is loaded."""

    @hidden
    def conic(self) -> Conic:
        """Return its orbit as it is now."""
        place, velocity = motion.place(self), motion.velocity(self)
        return Conic.through(swap(place), swap(velocity), MU, self.game.ut)

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
    def crew_capacity(self) -> int:
        """Seats for a crew: these are probes."""
        self.index()
        return 0

    @property
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
        """Its parts, as far as they do anything."""
        return Parts(self)

    def flight(self, reference_frame: ReferenceFrame | None = None) -> Flight:
        """Its flight as told in a frame; the vessel's surface frame if none is given."""
        return Flight(self, reference_frame or self.surface_reference_frame)

    @until("0.7.0")
    def resources_in_decouple_stage(self, stage: int, cumulative: bool = True) -> Resources:
        """What is in the tanks that come off with a stage: nothing does, so all of it at -1."""
        return Resources(self, everything=stage == -1 or (cumulative and stage < 0))

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
