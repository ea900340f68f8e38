"""Pictures of the cockpit at moments that have nothing in common: what they share stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from helmsight.envs.orbital.cockpit.beside import RADAR, SUNDIAL
from helmsight.envs.orbital.cockpit.drawn import anywhere
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.lettering import Picture
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import CockpitState, Contact

COUNT = 4
"""How many are drawn: after these, what changes at all has changed."""


@lru_cache(maxsize=16)
def painter(layout: Layout, beside: str) -> Callable[[], list[Picture]]:
    """Return who draws a cockpit's stills; the same one for the same look.

    `beside` is what the panel beside its readouts is called, if it has one.
    """
    return partial(stills, layout, beside)


def stills(layout: Layout, beside: str = "") -> list[Picture]:
    """Return `COUNT` pictures (720, 1280, 3) uint8 of a cockpit, always the same, without grain."""
    rng = np.random.default_rng(7)
    plain = replace(layout, noise=0)
    return [render(moment(rng, beside, i / (COUNT - 1)), plain) for i in range(COUNT)]


def moment(rng: np.random.Generator, beside: str, left: float) -> CockpitState:
    """Return a random state of a vessel in orbit, a share of whose propellant is `left`.

    Its family names what is there; without propellant its lamps are out.
    """
    up = anywhere(rng)
    north = np.cross(up, anywhere(rng))
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    three = beside == RADAR
    other = Contact(
        "Guard", anywhere(rng) * 10 ** rng.uniform(1.5, 3.7), 30.0 * anywhere(rng), axes
    )
    return CockpitState(
        velocity=anywhere(rng) * rng.uniform(0.1, 40.0),
        target=anywhere(rng) * 10 ** rng.uniform(1.5, 3.7),
        up=up,
        north=north / np.linalg.norm(north),
        sun=anywhere(rng),
        target_axes=axes,
        altitude=float(rng.uniform(80_000.0, 300_000.0)),
        met=float(rng.uniform(0.0, 240.0)),
        mass=float(rng.uniform(1885.0, 6685.0)),
        propellant=60.0 + 1140.0 * left,
        propellant_capacity=1200.0,
        throttle=rng.uniform(-1.0, 1.0, 3),
        rcs=left > 0.0,
        sas="target" if left > 0.0 else "",
        target_name="Lady" if three else "Evader",
        contacts=(other,) if three else (),
        sunlit=beside == SUNDIAL,
    )
