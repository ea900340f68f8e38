"""The parts that the scenarios' craft are built of: a tree from the root part, as in the saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text
from helmsight.envs.orbital.vehicles import FUEL_UNIT_MASS, VEHICLES

Vector = tuple[float, float, float]
UNTURNED = (0.0, 0.0, 0.0, 1.0)

UNIT_MASSES = {
    "MonoPropellant": VEHICLES["GrapplerDrone"].unit_mass,
    "LiquidFuel": FUEL_UNIT_MASS,
    "Oxidizer": FUEL_UNIT_MASS,
    "ElectricCharge": 0.0,
}
"""What a unit of a stored resource weighs, kg."""


@dataclass(frozen=True)
class PartKind:
    """What parts of one kind have in common: KSP's names for the kind and for what it can do."""

    name: str
    title: str
    modules: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PartDesign:
    """A part where it was built in.

    `parent` and `children` are numbers of parts of the same craft. `position` is in m from the root
    part, `rotation` a quaternion (x, y, z, w), both along the craft's axes right, nose and belly.
    `dry_mass` is in kg, `stores` is what each resource has room for, units. `stage` is the stage
    that fires the part, -1 for none.
    """

    kind: PartKind
    parent: int | None
    children: tuple[int, ...]
    position: Vector
    rotation: tuple[float, float, float, float]
    dry_mass: float
    radial: bool
    stage: int
    stores: Mapping[str, float]

    def mass(self, levels: Mapping[str, float]) -> float:
        """Return the mass, kg, with its stores full to `levels`, fractions by resource."""
        return self.dry_mass + sum(
            most * levels[name] * UNIT_MASSES[name] for name, most in self.stores.items()
        )


@cache
def part_tree(vehicle: str) -> tuple[PartDesign, ...]:
    """Return the parts of the craft called `vehicle`, the root first, each after its parent."""
    data = _data()
    records = data["craft"][vehicle]
    kinds = {
        name: PartKind(name, kind["title"], tuple(kind["modules"]))
        for name, kind in data["kinds"].items()
    }
    return tuple(
        PartDesign(
            kind=kinds[record["kind"]],
            parent=record.get("parent"),
            children=tuple(n for n, other in enumerate(records) if other.get("parent") == number),
            position=tuple(record["position"]),
            rotation=tuple(record.get("rotation", UNTURNED)),
            dry_mass=float(record["mass"]),
            radial=record.get("radial", False),
            stage=record.get("stage", -1),
            stores={name: float(most) for name, most in record.get("stores", {}).items()},
        )
        for number, record in enumerate(records)
    )


def centre_of_mass(vehicle: str, levels: Mapping[str, float]) -> Vector:
    """Return the centre of mass, m from the root part, with the stores full to `levels`."""
    mass, moment = _moments(vehicle)[""]
    for name, level in levels.items():
        full, at_full = _moments(vehicle).get(name, (0.0, (0.0, 0.0, 0.0)))
        mass += level * full
        moment = _sum(moment, at_full, level)
    return (moment[0] / mass, moment[1] / mass, moment[2] / mass)


@cache
def _moments(vehicle: str) -> dict[str, tuple[float, Vector]]:
    """Return mass and first moment, kg and kg m, of the dry craft ("") and of each full store."""
    moments: dict[str, tuple[float, Vector]] = {}
    for part in part_tree(vehicle):
        weights = {"": part.dry_mass} | {
            name: most * UNIT_MASSES[name] for name, most in part.stores.items()
        }
        for name, weight in weights.items():
            mass, moment = moments.get(name, (0.0, (0.0, 0.0, 0.0)))
            moments[name] = mass + weight, _sum(moment, part.position, weight)
    return moments


def _sum(a: Vector, b: Vector, factor: float) -> Vector:
    return (a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2])


@cache
def _data() -> dict[str, Any]:
    text = read_text(resources.files("helmsight.envs.orbital").joinpath("data/parts.json"))
    data: dict[str, Any] = parse_json(text)
    return data
