"""Worlds of sun blocking: those of a pursuit in which nobody is captured."""

from __future__ import annotations

import math

from helmsight.envs.orbital.world import World


class SunlitWorld(World):
    """`n` SB1 worlds side by side: vessels (evader, pursuer); only the time limit ends them."""

    capture_range = -math.inf
