"""What no craft of the scenarios has: classes without an object, and properties that say so.

The game answers null for a part that is no parachute, and an empty list of parachutes for a craft
without one. So scripts that look whether there is one find out, and go on.
"""

from __future__ import annotations

from types import GenericAlias
from typing import Any, Protocol

from helmsight.envs.orbital.krpc.registry import absent, hidden, since
from helmsight.envs.orbital.krpc.space_center.service import service

KINDS = {
    "CargoBay": "A cargo bay.",
    "Contract": "A contract.",
    "ContractParameter": "A condition of a contract.",
    "ControlSurface": "A control surface.",
    "CrewMember": "A kerbal aboard.",
    "Decoupler": "A decoupler.",
    "Experiment": "A scientific experiment.",
    "Fairing": "A fairing.",
    "Intake": "An air intake.",
    "LaunchClamp": "A launch clamp.",
    "Leg": "A landing leg.",
    "Parachute": "A parachute.",
    "Radiator": "A radiator.",
    "ResourceConverter": "A converter of resources.",
    "ResourceDrain": "A valve that lets resources out.",
    "ResourceHarvester": "A drill.",
    "RoboticController": "A controller of robotic parts.",
    "RoboticHinge": "A robotic hinge.",
    "RoboticPiston": "A robotic piston.",
    "RoboticRotation": "A robotic servo.",
    "RoboticRotor": "A robotic rotor.",
    "Sensor": "A sensor.",
    "Wheel": "A wheel.",
}


@service.remote
class DockingPort:
    """A docking port. None of the craft has one: the drones' claw is none."""


CLASSES: dict[str, Any] = {"DockingPort": DockingPort} | {
    name: service.remote(type(name, (), {"__doc__": f"{doc} There is none."}))
    for name, doc in KINDS.items()
}
"""Classes of which there is no object, by name."""


class Alive(Protocol):
    """What belongs to a vessel."""

    @hidden
    def check(self) -> None:
        """Raise InvalidOperationException if the vessel is gone."""


def never(kind: str, doc: str) -> Any:
    """Return the property of what is one of `kind` or null: always null."""
    return _answering(CLASSES[kind] | None, lambda: None, doc)


def no(kind: str, doc: str, *, first: str | None = None) -> Any:
    """Return the property of a list of `kind`, always empty; `first` had it of all versions."""
    return _answering(GenericAlias(list, CLASSES[kind]), list, doc, first)


def _answering(result: Any, nothing: Any, doc: str, first: str | None = None) -> Any:
    def get(self: Alive) -> Any:
        self.check()
        return nothing()

    get.__doc__, get.__annotations__ = doc, {"return": result}
    return property(absent(since(first)(get) if first else get))
