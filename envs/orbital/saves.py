"""KSPDG's load files: the eleven public saves, by the names that KSPDG asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import radians
from typing import Any

import numpy as np

from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text
from helmsight.envs.errors import SaveBroken, UnknownScenario
from helmsight.envs.orbital.dynamics import (
    DAY,
    MU,
    PRIME_MERIDIAN,
    Array,
    state_from_elements,
    unit,
)
from helmsight.envs.orbital.vehicles import DRONE, VEHICLES, Vehicle

QUATERNION_SLACK = 1e-4
"""How far from 1 the squares of a save's rotation may add up: saves hold single precision."""


@dataclass(frozen=True)
class Save:
    """Vessels on their orbits, in the order in which kRPC lists them.

    `ut` is the universal time at load and, because every vessel was launched at time zero, the
    mission elapsed time, s. `position` and `velocity` are (k, 3), m and m/s; `axes` (k, 3, 3) the
    body axes (forward, right, down) as rows in the inertial frame.
    """

    name: str
    ut: float
    names: tuple[str, ...]
    vehicles: tuple[Vehicle, ...]
    position: Array
    velocity: Array
    axes: Array


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
        axes=np.stack([axes_at_load(vessel["rotation"], record["ut"]) for vessel in vessels]),
    )


def axes_at_load(rotation: Sequence[float], ut: float) -> Array:
    """Return body axes (forward, right, down) as rows in the inertial frame, (3, 3).

    `rotation` is a save's `rot`: a quaternion (x, y, z, w) from Kerbin's turning axes (prime
    meridian, north, 90 degrees east) to the craft's (right, nose, belly). `ut` is the time at load,
    s. Kerbin's axes are left-handed; a quaternion's formula is the same in both.

    Raises:
        SaveBroken: the quaternion is not of length one.
    """
    q = np.asarray(rotation, dtype=np.float64)
    if q.shape != (4,) or not abs(float(q @ q) - 1.0) < QUATERNION_SLACK:
        raise SaveBroken(
            f"a save's rotation={list(rotation)} is no attitude: give four numbers x, y, z, w "
            f"whose squares add up to 1 (within {QUATERNION_SLACK:g})"
        )
    x, y, z, w = q
    right = (1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w))
    nose = (2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w))
    angle = PRIME_MERIDIAN + 2.0 * np.pi * ut / DAY
    meridian = np.array([np.cos(angle), np.sin(angle), 0.0])
    east = np.array([-np.sin(angle), np.cos(angle), 0.0])
    kerbin = np.stack([meridian, np.array([0.0, 0.0, 1.0]), east])
    forward = unit(nose @ kerbin)
    wing = right @ kerbin
    wing = unit(wing - forward * (wing @ forward))
    return np.stack([forward, wing, np.cross(forward, wing)])


@cache
def _orbits() -> dict[str, Any]:
    text = read_text(resources.files("helmsight.envs.orbital").joinpath("data/orbits.json"))
    scenarios: dict[str, Any] = parse_json(text)["scenarios"]
    return scenarios


def _vessel_state(vessel: dict[str, float], ut: float) -> tuple[Array, Array]:
    sma = vessel["sma"]
    anomaly = vessel["mna"] + np.sqrt(MU / sma**3) * (ut - vessel["epoch"])
    return state_from_elements(
        sma, vessel["ecc"], radians(vessel["inc"]), radians(vessel["lan"]), radians(vessel["lpe"]),
        anomaly,
    )  # fmt: skip
