"""States of the instruments drawn at random, for pictures whose truth is known."""

from __future__ import annotations

import numpy as np

from helmsight.envs.orbital.cockpit.state import CockpitState, Vector

RIM = 0.86  # markers lie within this of the ball's middle, radii
ON_NOSE = 0.35  # share of the states with the target straight ahead, as SAS holds it


def drawn_state(rng: np.random.Generator) -> CockpitState:
    """Return a random state in which both markers are on the near side of the ball."""
    up = anywhere(rng)
    north = np.cross(up, anywhere(rng))
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    axes[2] *= np.sign(np.linalg.det(axes))
    ahead = np.array([1.0, 0.0, 0.0])
    target = ahead if rng.random() < ON_NOSE else _near_side(rng)
    return CockpitState(
        velocity=_near_side(rng) * float(np.exp(rng.uniform(np.log(0.1), np.log(45.0)))),
        target=target * float(np.exp(rng.uniform(np.log(8.0), np.log(6000.0)))),
        up=up,
        north=north / np.linalg.norm(north),
        sun=anywhere(rng),
        target_axes=axes,
        altitude=float(rng.uniform(80e3, 300e3)),
        met=float(rng.uniform(0.0, 240.0)),
        mass=float(rng.uniform(1885.0, 6685.0)),
        propellant=float(rng.uniform(0.0, 1200.0)),
        propellant_capacity=1200.0,
        throttle=np.round(rng.uniform(-1.2, 1.2, 3)).clip(-1, 1),
    )


def anywhere(rng: np.random.Generator) -> Vector:
    """Return a random direction."""
    way = rng.standard_normal(3)
    return np.asarray(way / np.linalg.norm(way))


def _near_side(rng: np.random.Generator) -> Vector:
    """Return a direction whose marker is anywhere within the rim, alike often."""
    radius, angle = RIM * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    right, down = radius * np.cos(angle), radius * np.sin(angle)
    return np.array([np.sqrt(1 - radius**2), right, down])
