"""The camera of the view outside: a pinhole looking along the nose, 60 degrees from top to bottom.

Right and down in the picture are the body's right and down axes.
"""

from __future__ import annotations

import math

from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH
from helmsight.envs.orbital.cockpit.state import Vector

FOCAL = HEIGHT / 2 / math.tan(math.radians(30.0))  # px


def project(direction: Vector) -> tuple[float, float] | None:
    """Return the pixel (x, y) of a direction in body axes, or None when it is not ahead."""
    ahead, right, down = (float(part) for part in direction)
    if ahead <= 1e-6 * math.hypot(right, down) or ahead <= 0.0:
        return None
    return WIDTH / 2 + FOCAL * right / ahead, HEIGHT / 2 + FOCAL * down / ahead
