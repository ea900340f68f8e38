"""KSPDG's load files: the eleven public saves, by the names that KSPDG asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import radians
from typing import Any

import numpy as np

from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.dynamics import MU, Array, state_from_elements
from helmsight.envs.orbital.vehicles import DRONE, VEHICLES, Vehicle


@dataclass(frozen=True)
class Save:
    """Vessels on their orbits, in the order in which kRPC lists them.

    `ut` is the universal time at load and, because every vessel was launched at time zero, the
    mission elapsed time, s. `position` and `velocity` are (k, 3), m and m/s.
    """

    name: str
    ut: float
    names: tuple[str, ...]
    vehicles: tuple[Vehicle, ...]
    position: Array
    velocity: Array


def save_names() -> tuple[str, ...]:
    """Return the names of the public saves, as KSPDG gives them to kRPC's Load."""
    return tuple(f"{key}_init" for key in _orbits())


@cache
def find_save(name: str) -> Save:
    """Return the save called `name`, for example pe1_i3_init; callers must not change its arrays.

    Raises:
        UnknownScenario: with the names there are.
    """
    if name not in save_names():
        raise UnknownScenario(
            f"there is no save {name[:80]!r}; there are {', '.join(save_names())}"
        )
    record = _orbits()[name.removesuffix("_init")]
    vessels = record["vessels"]
    states = [_vessel_state(vessel, record["ut"]) for vessel in vessels]
    position, velocity = (np.stack(parts) for parts in zip(*states, strict=True))
    return Save(
        name=name,
        ut=float(record["ut"]),
        names=tuple(vessel["name"] for vessel in vessels),
        vehicles=tuple(VEHICLES[vessel.get("vehicle", DRONE.name)] for vessel in vessels),
        position=position,
        velocity=velocity,
    )


@cache
def _orbits() -> dict[str, Any]:
    text = resources.files("helmsight.envs.orbital").joinpath("data/orbits.json").read_text("utf-8")
    scenarios: dict[str, Any] = json.loads(text)["scenarios"]
    return scenarios


def _vessel_state(vessel: dict[str, float], ut: float) -> tuple[Array, Array]:
    sma = vessel["sma"]
    anomaly = vessel["mna"] + np.sqrt(MU / sma**3) * (ut - vessel["epoch"])
    return state_from_elements(
        sma, vessel["ecc"], radians(vessel["inc"]), radians(vessel["lan"]), radians(vessel["lpe"]),
        anomaly,
    )  # fmt: skip
