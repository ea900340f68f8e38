"""Situations to decide in, drawn by hypothesis or built by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from helmsight.envs.orbital.dynamics import MU, orbital_axes

Vector = tuple[float, float, float]
MakeTelemetry = Callable[..., "NDArray[np.float64]"]


def _telemetry(
    gap: Vector = (0.0, 1000.0, 0.0),
    velocity: Vector = (0.0, 5.0, 0.0),
    longitude: float = 0.3,
    met: float = 20.0,
    propellant: float = 1200.0,
) -> NDArray[np.float64]:
    """Return KSPDG's PE1 vector for a target on its circle and a pursuer near it.

    `gap` leads from the pursuer to the target, `velocity` is relative to the target, both in the
    target's (radial, along-track, normal) axes.
    """
    target = 750_000.0 * np.array([np.cos(longitude), np.sin(longitude), 0.0])
    speed = np.sqrt(MU / 750_000.0) * np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    axes = orbital_axes(target, speed)
    own = [met, 1885.0 + 4.0 * propellant, propellant]
    return np.concatenate(
        [own, target - np.array(gap) @ axes, speed + np.array(velocity) @ axes, target, speed]
    )


@pytest.fixture(scope="session")
def make_telemetry() -> MakeTelemetry:
    """Return the maker of telemetry: `make_telemetry(gap=(0, 80, 0), velocity=..., met=...)`."""
    return _telemetry
