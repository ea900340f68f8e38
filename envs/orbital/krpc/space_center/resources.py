"""Resources: what is in the tanks and batteries of a vessel or a part, in KSP's units."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden
from helmsight.envs.orbital.krpc.space_center import structure
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.types import Float
from helmsight.envs.orbital.vehicles import FUEL_UNIT_MASS

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.part import Part
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

CHARGE = 2200.0
"""Electric charge of every vessel, units: the panels keep the batteries full."""


@service.enum
class ResourceFlowMode(IntEnum):
    """Which tanks feed what uses a resource."""

    VESSEL = 0
    STAGE = 1
    ADJACENT = 2
    NONE = 3


class ResourceKind(NamedTuple):
    """A resource of KSP: kg a unit (kRPC's kg/l) and how it flows."""

    density: float
    flow: ResourceFlowMode


KINDS = {
    "MonoPropellant": ResourceKind(4.0, ResourceFlowMode.STAGE),
    "LiquidFuel": ResourceKind(FUEL_UNIT_MASS, ResourceFlowMode.ADJACENT),
    "Oxidizer": ResourceKind(FUEL_UNIT_MASS, ResourceFlowMode.ADJACENT),
    "ElectricCharge": ResourceKind(0.0, ResourceFlowMode.STAGE),
    "XenonGas": ResourceKind(0.1, ResourceFlowMode.STAGE),
    "SolidFuel": ResourceKind(7.5, ResourceFlowMode.NONE),
    "Ore": ResourceKind(10.0, ResourceFlowMode.VESSEL),
    "Ablator": ResourceKind(1.0, ResourceFlowMode.NONE),
}
"""The resources of the stock game that are stored in tanks."""


def _kind(name: str) -> ResourceKind:
    if name not in KINDS:
        raise ArgumentException(f"{name[:80]!r} is no resource; there are {', '.join(KINDS)}")
    return KINDS[name]


@service.remote
@dataclass(frozen=True)
class Resources:
    """What a vessel stores, or one of its parts; nothing if not `everything` is asked for."""

    vessel: Vessel
    everything: bool = True
    number: int | None = None

    @hidden
    def stored(self) -> dict[str, tuple[float, float]]:
        """Return (amount, most), units, of every resource that can be stored."""
        if not self.everything:
            return {}
        if self.number is not None:
            levels = structure.levels(self.vessel)
            stores = structure.tree(self.vessel)[self.number].stores
            return {name: (levels[name] * most, most) for name, most in stores.items()}
        fleet, i = self.vessel.game.fleet, self.vessel.index()
        vehicle = fleet.vehicles[i]
        stored = {"ElectricCharge": (CHARGE, CHARGE)}
        if vehicle.propellant_units:
            stored["MonoPropellant"] = (float(fleet.propellant[0, i]), vehicle.propellant_units)
        if vehicle.engine:
            share = float(fleet.fuel[0, i]) / vehicle.fuel_capacity
            for name, most in (
                ("LiquidFuel", vehicle.engine.fuel_units),
                ("Oxidizer", vehicle.engine.oxidizer_units),
            ):
                stored[name] = (share * most, most)
        return stored

    @property
    def all(self) -> list[Resource]:
        """The stores of every part."""
        return [
            Resource(self.vessel, number, name)
            for number, part in enumerate(structure.tree(self.vessel))
            if self.everything and self.number in (None, number)
            for name in part.stores
        ]

    @property
    def names(self) -> list[str]:
        """Names of the resources that can be stored."""
        return list(self.stored())

    @property
    def enabled(self) -> bool:
        """Whether all of it may be used: the twin's tanks have no valves."""
        self.vessel.index()
        return True

    @enabled.setter
    def enabled(self, value: bool) -> None:
        _keep_open(value)

    def with_resource(self, name: str) -> list[Resource]:
        """The stores of one resource in every part."""
        _kind(name)
        return [resource for resource in self.all if resource.called == name]

    def has_resource(self, name: str) -> bool:
        """Whether a resource can be stored."""
        _kind(name)
        return name in self.stored()

    def amount(self, name: str) -> Float:
        """What is stored of a resource, units; 0 for one that has no tank here."""
        _kind(name)
        return self.stored().get(name, (0.0, 0.0))[0]

    def max(self, name: str) -> Float:
        """What can be stored of a resource, units."""
        _kind(name)
        return self.stored().get(name, (0.0, 0.0))[1]

    @staticmethod
    def density(name: str) -> Float:
        """Density of a resource, kg a unit."""
        return _kind(name).density

    @staticmethod
    def flow_mode(name: str) -> ResourceFlowMode:
        """How a resource flows."""
        return _kind(name).flow


@service.remote
@dataclass(frozen=True)
class Resource:
    """The store of one resource in a part."""

    vessel: Vessel
    number: int
    called: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.called

    @property
    def part(self) -> Part:
        """The part that holds it."""
        return self.vessel.parts.all[self.number]

    @property
    def amount(self) -> Float:
        """What is stored, units."""
        return self._own().amount(self.called)

    @property
    def max(self) -> Float:
        """What can be stored, units."""
        return self._own().max(self.called)

    @property
    def density(self) -> Float:
        """Density, kg a unit."""
        return _kind(self.called).density

    @property
    def flow_mode(self) -> ResourceFlowMode:
        """How it flows."""
        return _kind(self.called).flow

    @property
    def enabled(self) -> bool:
        """Whether it may be used."""
        return True

    @enabled.setter
    def enabled(self, value: bool) -> None:
        _keep_open(value)

    def _own(self) -> Resources:
        return Resources(self.vessel, number=self.number)


def _keep_open(value: bool) -> None:
    if not value:
        raise InvalidOperationException("the twin's tanks have no valves; they cannot be shut")
