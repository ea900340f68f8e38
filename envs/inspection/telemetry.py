"""The telemetry of an inspection: where the arm is, and where in the picture sites should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.observation import TelemetryField
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.robot.task import unit
from helmsight.hardware.spec import RobotSpec

SPOT = (("x", "px"), ("y", "px"), ("side", "px"), ("share", ""))
BEHIND = 2 + len(SPOT) * len(SITES)  # fields after those of the arm's joints


@dataclass(frozen=True)
class Spot:
    """Where a site should be in the picture, by the drawing and the arm's readings.

    x, y: middle of the square around it, px of the frame; side: of that square, 0 where it is not
    in the picture. share: of the site that should be seen from here, 0 to 1.
    """

    x: float = 0.0
    y: float = 0.0
    side: float = 0.0
    share: float = 0.0


def fields(spec: RobotSpec) -> tuple[TelemetryField, ...]:
    """Return the telemetry's fields: the arm's joints, `turntable`, `looks` so far, every spot."""
    return (
        *(TelemetryField(joint.name, unit(joint)) for joint in spec.joint),
        TelemetryField("turntable", "rad"),
        TelemetryField("looks", ""),
        *(TelemetryField(f"{site.label} {name}", of) for site in SITES for name, of in SPOT),
    )


def vector(
    joints: Sequence[float], turntable: float, looks: int, spots: Mapping[str, Spot]
) -> NDArray[np.float64]:
    """Return a reading as the telemetry vector, float64 (n,)."""
    each = [value for site in SITES for value in astuple(spots[site.label])]
    return np.array([*joints, turntable, looks, *each], np.float64)


def joints_of(telemetry: Sequence[float] | NDArray[np.float64]) -> tuple[float, ...]:
    """Return the arm's joints, rad, in the order of its description."""
    return tuple(float(value) for value in telemetry[:-BEHIND])


def turntable_of(telemetry: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the turntable's angle, rad."""
    return float(telemetry[-BEHIND])


def looks_of(telemetry: Sequence[float] | NDArray[np.float64]) -> int:
    """Return how many looks there were so far."""
    return round(float(telemetry[-BEHIND + 1]))


def spots_of(telemetry: Sequence[float] | NDArray[np.float64]) -> dict[str, Spot]:
    """Return where every site should be in the picture, by its label, `PART: SITE`."""
    each = np.asarray(telemetry, np.float64)[2 - BEHIND :].reshape(len(SITES), len(SPOT))
    return {site.label: Spot(*map(float, row)) for site, row in zip(SITES, each, strict=True)}
