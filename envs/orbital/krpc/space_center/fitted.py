"""What is set on the parts of a craft, one by one or, by action groups, all of a kind at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helmsight.envs.orbital.krpc.space_center import structure
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.service import clamped

LIGHT, ANTENNA, FOLDING = "ModuleLight", "ModuleDataTransmitter", "ModuleDeployableAntenna"
LIT, DEPLOYED = "lit", "deployed"


def setting(vessel: VesselHandle, number: int, name: str, at_first: Any) -> Any:
    """Return what is set on part `number`."""
    return vessel.craft().parts.get((number, name), at_first)


def put(vessel: VesselHandle, number: int, name: str, value: Any) -> None:
    """Set something on part `number`."""
    vessel.craft().parts[number, name] = value


def colour(value: Sequence[float]) -> tuple[float, float, float]:
    """Return a colour with its parts brought between 0 and 1.

    Raises:
        ArgumentException: one is not a number.
    """
    red, green, blue = (clamped(part, 0.0, 1.0, "a part of a colour") for part in value)
    return (red, green, blue)


def with_module(vessel: VesselHandle, module: str) -> list[int]:
    """Return the numbers of the parts that have a module."""
    parts = structure.tree(vessel)
    return [number for number, part in enumerate(parts) if module in part.kind.modules]


def every(vessel: VesselHandle, module: str, name: str) -> bool:
    """Return whether something is set on all parts that have a module; the saves have it off."""
    return all(setting(vessel, number, name, False) for number in with_module(vessel, module))


def put_every(vessel: VesselHandle, module: str, name: str, value: Any) -> None:
    """Set something on all parts that have a module."""
    for number in with_module(vessel, module):
        put(vessel, number, name, value)
