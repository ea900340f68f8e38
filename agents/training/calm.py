"""A shade for those who see the numbers badly: it asks for nothing that a picture cannot show."""

from __future__ import annotations

import numpy as np

from helmsight.agents.scripted.shade import Shade, authority
from helmsight.agents.scripted.telemetry import Chase
from helmsight.envs.orbital.dynamics import Array, norm
from helmsight.envs.orbital.vehicles import DRONE

BRAKING = 0.65  # share of the thrust that the braking curve counts on
SOFT = 0.18  # 1/s: how fast the last metres are taken back
NEAR_ENOUGH = 10.0
"""Distance from the point within which no speed is wanted, m: it costs less than 1e-2 a second."""
SWINGING = 60.0
"""Distance from the point, m, within which only sideways thrust is counted on: the nose swings."""
FORE_BAND, SIDE_BAND = 0.5, 0.4
"""Changes of speed along and across the nose that are left alone, m/s."""
FORE_NOISE, SIDE_NOISE = 0.03, 0.015
"""What is left alone besides, as a share of the speed: an eye is wrong in proportion to it."""
FORE_S = 1.0  # over which a change along the nose is spread
SIDE_SHARE, SIDE_S = 0.1, 4.0
"""A change across the nose is spread over this share of the time to go, at most over SIDE_S."""


class CalmShade(Shade):
    """`shade` with dead bands and small gains, as a teacher.

    What the sharp one answers hangs on centimetres a second: seen in a picture, its burns across
    the nose are as good as drawn by lot, and whoever learns them learns to guess. This one gets
    there a few seconds later and loses nothing else, also with a speed that is off by 7 %.
    """

    name = "calm shade"

    def wanted(self, away: Array, chase: Chase) -> Array:
        """Return the velocity wanted, (3,) m/s, at `away` (3,) m from the point."""
        distance = max(float(norm(away)), 1e-9)
        way = -away / distance
        room = max(distance - NEAR_ENOUGH, 0.0)
        near = min(room, SWINGING)
        brake = near * DRONE.lateral_thrust / chase.mass + (room - near) * authority(way, chase)
        return np.asarray(way * min(np.sqrt(2.0 * BRAKING * brake), SOFT * room))

    def push(self, change: Array, away: Array, chase: Chase, interval: float) -> Array:
        """Return the acceleration, (3,) m/s^2, for a `change` (3,) m/s wanted at `away` (3,) m."""
        speed = float(norm(chase.velocity))
        nose = chase.gap / max(float(norm(chase.gap)), 1e-9)
        along = float(change @ nose)
        across = change - along * nose
        if abs(along) < FORE_BAND + FORE_NOISE * speed:
            along = 0.0
        if float(norm(across)) < SIDE_BAND + SIDE_NOISE * speed:
            across = np.zeros(3)
        to_go = float(norm(away)) / max(speed, 1.0)
        side_s = max(min(SIDE_SHARE * to_go, SIDE_S), interval)
        return along / max(FORE_S, interval) * nose + across / side_s
