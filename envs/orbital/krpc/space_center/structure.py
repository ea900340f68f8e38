"""How a craft is built, in game space: where its parts are and how full its tanks.

The parts hang rigidly on each other, and tanks of a resource drain evenly, each by its share of the
room for it. So the centre of mass wanders along the craft as propellant is spent.
"""

from __future__ import annotations

from dataclasses import dataclass

from helmsight.envs.orbital.krpc.space_center import motion
from helmsight.envs.orbital.krpc.space_center.frames import ReferenceFrame
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.vectors import (
    FrameAxes,
    Vector,
    add,
    axes_turned_by,
    subtract,
    turned,
)
from helmsight.envs.orbital.part_tree import PartDesign, centre_of_mass, part_tree


def tree(vessel: VesselHandle) -> tuple[PartDesign, ...]:
    """Return the parts of a vessel as they were built in."""
    return part_tree(vessel.vehicle().name)


def levels(vessel: VesselHandle) -> dict[str, float]:
    """Return how full the tanks are, 0 to 1, by resource. The panels keep the batteries full."""
    fleet, i = vessel.game.fleet, vessel.index()
    vehicle = fleet.vehicles[i]
    filled = {"ElectricCharge": 1.0}
    if vehicle.propellant_units:
        filled["MonoPropellant"] = float(fleet.propellant[0, i]) / vehicle.propellant_units
    if vehicle.engine:
        share = float(fleet.fuel[0, i]) / vehicle.fuel_capacity
        filled |= {"LiquidFuel": share, "Oxidizer": share}
    return filled


def place_of(vessel: VesselHandle, spot: Vector) -> Vector:
    """Return in game space a place that is `spot` from the root part, along the craft's axes."""
    offset = subtract(spot, centre_of_mass(vessel.vehicle().name, levels(vessel)))
    return add(motion.place(vessel), turned(motion.attitude(vessel), offset))


def lie_of(design: PartDesign) -> FrameAxes:
    """Return how a part lies, in the craft's axes."""
    return axes_turned_by(design.rotation)


@dataclass(frozen=True)
class FixedFrame(ReferenceFrame):
    """A frame fixed to a craft: at `spot` from the root part, with axes told in the craft's own.

    As kRPC's frames of parts it moves as the centre of mass does and turns with the craft.
    """

    vessel: VesselHandle
    spot: Vector
    lie: FrameAxes

    def origin(self) -> Vector:
        return place_of(self.vessel, self.spot)

    def axes(self) -> FrameAxes:
        attitude = motion.attitude(self.vessel)
        return FrameAxes(*(turned(attitude, axis) for axis in self.lie))

    def velocity(self) -> Vector:
        return motion.velocity(self.vessel)

    def spin(self) -> Vector:
        return motion.spin(self.vessel)

    def turns_with(self, vessel: VesselHandle) -> bool:
        return self.vessel == vessel
