"""States to draw, and an eye that finds the navball's markers again in a picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit.layout import Colour, Layout
from helmsight.envs.orbital.cockpit.state import CockpitState

MakeState = Callable[..., CockpitState]
FindRing = Callable[..., "NDArray[np.float64] | None"]


def _unit(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a random direction."""
    way = rng.standard_normal(3)
    return way / np.linalg.norm(way)


def _make_state(seed: int = 0, **changes: object) -> CockpitState:
    """Return a random state of a vessel in orbit, with the fields in `changes` set."""
    rng = np.random.default_rng(seed)
    up = _unit(rng)
    north = np.cross(up, _unit(rng))
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    axes[2] *= np.sign(np.linalg.det(axes))
    fields: dict[str, object] = {
        "velocity": _unit(rng) * rng.uniform(0.1, 40.0),
        "target": _unit(rng) * 10 ** rng.uniform(0.7, 3.7),
        "up": up,
        "north": north / np.linalg.norm(north),
        "sun": _unit(rng),
        "target_axes": axes,
        "altitude": float(rng.uniform(80_000.0, 300_000.0)),
        "met": float(rng.uniform(0.0, 240.0)),
        "mass": float(rng.uniform(1885.0, 6685.0)),
        "propellant": float(rng.uniform(0.0, 1200.0)),
        "propellant_capacity": 1200.0,
        "throttle": rng.uniform(-1.0, 1.0, 3),
    }
    return CockpitState(**(fields | changes))  # type: ignore[arg-type]


def _find_ring(
    picture: NDArray[np.uint8], layout: Layout, colour: Colour, radius: float
) -> NDArray[np.float64] | None:
    """Return the direction (forward, right, down) of the ring of that colour and radius, or None.

    A circle is fitted to the pixels of the colour by least squares, again and again, each time
    keeping the pixels that lie on it.
    """
    x0, y0, x1, y1 = layout.regions()["navball"]
    distance = np.abs(picture[y0:y1, x0:x1].astype(int) - colour).max(axis=2)
    y, x = np.nonzero(distance < 50)
    x, y = x + x0 - layout.navball_centre[0], y + y0 - layout.navball_centre[1]
    if x.size < 12:
        return None
    centre = np.array([np.median(x), np.median(y)])
    for slack in (6.0, 4.0, 2.5, 2.0, 2.0):
        on = np.abs(np.hypot(x - centre[0], y - centre[1]) - radius) < slack
        if on.sum() < 12:
            return None
        ring = np.stack([x[on], y[on], np.ones(on.sum())], axis=1)
        fit = np.linalg.lstsq(ring, x[on] ** 2 + y[on] ** 2, rcond=None)[0]
        centre = fit[:2] / 2
    right, down = centre / layout.radius
    return np.array([np.sqrt(max(0.0, 1.0 - right**2 - down**2)), right, down])


@pytest.fixture
def make_state() -> MakeState:
    """Return the maker of random states: `make_state(seed, field=value, ...)`."""
    return _make_state


@pytest.fixture
def find_ring() -> FindRing:
    """Return the finder of ring-shaped markers: `find_ring(picture, layout, colour, radius)`."""
    return _find_ring
