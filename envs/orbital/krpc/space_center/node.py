"""Node: a manoeuvre that is planned for a vessel, and the frames that lie along it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden, named, since
from helmsight.envs.orbital.krpc.space_center import maneuver, sas
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN
from helmsight.envs.orbital.krpc.space_center.celestial_body import CelestialBody
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.frames import (
    NORTH,
    ReferenceFrame,
    VesselFrame,
    VesselKind,
    axes_in,
    direction_in,
    position_in,
    sweep,
)
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.maneuver import Plan
from helmsight.envs.orbital.krpc.space_center.orbit import Orbit
from helmsight.envs.orbital.krpc.space_center.service import MODERN, service
from helmsight.envs.orbital.krpc.space_center.vectors import (
    ZERO,
    FrameAxes,
    Quaternion,
    Vector,
    axes_of,
    cross,
    dot,
    length,
    quaternion,
    scale,
    swap,
    unit,
)

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

ALONG_Z: Vector = (0.0, 0.0, 1.0)


@service.remote
@dataclass(frozen=True)
class Node:
    """A manoeuvre node. What was removed stays an object, and using it is an error."""

    vessel: VesselHandle
    number: int

    @property
    @hidden
    def game(self) -> Simulation:
        """The game that it is planned in."""
        return self.vessel.game

    @hidden
    def plan(self) -> Plan:
        """Return what is planned."""
        return maneuver.find_plan(self.vessel, self.number)

    @hidden
    def conic(self) -> Conic:
        """Return the orbit that the burn leads to."""
        return self.plan().orbit

    @property
    def prograde(self) -> float:
        """Change of speed along the velocity, m/s."""
        return self.plan().prograde

    @prograde.setter
    def prograde(self, value: float) -> None:
        self._change(prograde=value)

    @property
    def normal(self) -> float:
        """Change of speed along the normal of the orbit, m/s."""
        return self.plan().normal

    @normal.setter
    def normal(self, value: float) -> None:
        self._change(normal=value)

    @property
    def radial(self) -> float:
        """Change of speed outward, across the velocity, m/s."""
        return self.plan().radial

    @radial.setter
    def radial(self, value: float) -> None:
        self._change(radial=value)

    @property
    def delta_v(self) -> float:
        """The whole change of speed, m/s. Setting it keeps the direction."""
        plan = self.plan()
        return length((plan.prograde, plan.normal, plan.radial))

    @delta_v.setter
    def delta_v(self, value: float) -> None:
        plan = self.plan()
        ahead, normal, outward = scale(unit((plan.prograde, plan.normal, plan.radial)), value)
        self._change(prograde=ahead, normal=normal, radial=outward)

    @property
    def remaining_delta_v(self) -> float:
        """The change of speed that is left, m/s: it falls as the vessel burns."""
        return length(self._remaining())

    def burn_vector(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """The change of velocity that was planned, m/s; by default in the orbital frame."""
        return direction_in(self._frame(reference_frame), swap(self.plan().burn))

    def remaining_burn_vector(self, reference_frame: ReferenceFrame | None = None) -> Vector:
        """The change of velocity that is left, m/s; by default in the orbital frame."""
        return direction_in(self._frame(reference_frame), self._remaining())

    @property
    @named("UT")
    def ut(self) -> float:
        """The time that it is planned for, s."""
        return self.plan().ut

    @ut.setter
    @named("UT")
    def ut(self, value: float) -> None:
        self._change(ut=value)

    @property
    def time_to(self) -> float:
        """Time until it is reached, s; negative when it has passed."""
        return self.plan().ut - self.game.ut

    @property
    def orbit(self) -> Orbit:
        """The orbit that the burn leads to."""
        self.plan()
        return Orbit(self, CelestialBody(KERBIN, self.game))

    def remove(self) -> None:
        """Take it out of the flight plan."""
        maneuver.remove_plan(self.vessel, self.number)
        sas.refresh(self.vessel)

    @property
    def reference_frame(self) -> ReferenceFrame:
        """The frame at the node with its y along the planned burn."""
        return NodeFrame(self, NodeKind.BURN)

    @property
    def orbital_reference_frame(self) -> ReferenceFrame:
        """The frame at the node along the orbit before it: x anti-radial, y prograde, z normal."""
        return NodeFrame(self, NodeKind.ORBITAL)

    def position(self, reference_frame: ReferenceFrame) -> Vector:
        """The place that it is planned at, m."""
        return position_in(reference_frame, swap(self.plan().state[0]))

    @since("0.7.0")
    def rotation(self, reference_frame: ReferenceFrame) -> Quaternion:
        """How its frame lies, as a quaternion (x, y, z, w)."""
        return quaternion(axes_in(reference_frame, self.reference_frame.axes()))

    def direction(self, reference_frame: ReferenceFrame) -> Vector:
        """The direction of the planned burn."""
        return direction_in(reference_frame, swap(unit(self.plan().burn)))

    def _change(self, **values: float) -> None:
        maneuver.change_plan(self.vessel, self.number, **values)

    def _remaining(self) -> Vector:
        return swap(maneuver.remaining(self.vessel, self.plan()))

    def _frame(self, asked_for: ReferenceFrame | None) -> ReferenceFrame:
        return asked_for or VesselFrame(self.vessel, VesselKind.ORBITAL)


class NodeKind(IntEnum):
    """How the axes of a node's frame lie."""

    BURN = 0  # y along the burn
    ORBITAL = 1  # x anti-radial, y prograde, z normal


@dataclass(frozen=True)
class NodeFrame(ReferenceFrame):
    """A frame at a node that moves as the vessel is to move there before the burn.

    Its axes stay as they were planned while the vessel burns.
    """

    node: Node
    kind: NodeKind

    def origin(self) -> Vector:
        return swap(self.node.plan().state[0])

    def velocity(self) -> Vector:
        return swap(self.node.plan().state[1])

    def axes(self) -> FrameAxes:
        if self.kind is NodeKind.ORBITAL:
            moving = self.velocity()
            return axes_of(moving, cross(moving, self.origin()))
        burn = unit(swap(self.node.plan().burn))
        if burn == ZERO:
            raise InvalidOperationException(
                "the frame of a node with a delta-v of 0 has no direction; set Node.Prograde, "
                "Normal or Radial, or use Node.OrbitalReferenceFrame"
            )
        return axes_of(burn, NORTH if abs(dot(burn, ALONG_Z)) > 0.9 else ALONG_Z)

    def spin(self) -> Vector:
        if self.node.game.version < MODERN:
            return ZERO
        return sweep(self.origin(), self.velocity())
