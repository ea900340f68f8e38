"""Joints that move in time, for emulated devices."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Axis:
    """One joint on a trapezoidal profile. Units: rad or m, a second, a second squared."""

    position: float = 0.0
    velocity: float = 0.0
    target: float = 0.0
    speed: float = 1.0
    acceleration: float = 10.0

    def advance(self, seconds: float) -> None:
        """Move for `seconds` towards the target; never overshoots by more than a step of 1 ms."""
        while seconds > 0.0:
            step = min(seconds, 0.001)
            self._step(step)
            seconds -= step

    def brake(self) -> None:
        """Take as target the place where full braking ends."""
        way = self.velocity**2 / (2.0 * self.acceleration)
        self.target = self.position + math.copysign(way, self.velocity)

    def freeze(self) -> None:
        """Stand still at once (a servo whose goal is set to where it is)."""
        self.target, self.velocity = self.position, 0.0

    @property
    def moving(self) -> bool:
        """Whether the target is not reached yet."""
        return self.velocity != 0.0 or self.position != self.target

    def _step(self, step: float) -> None:
        left = self.target - self.position
        change = self.acceleration * step
        if abs(left) <= abs(self.velocity) * step + 0.5 * change * step and (
            abs(self.velocity) <= 2.0 * change
        ):
            self.position, self.velocity = self.target, 0.0
            return
        stopping = math.sqrt(2.0 * self.acceleration * abs(left))
        wanted = math.copysign(min(self.speed, stopping), left)
        self.velocity += max(-change, min(change, wanted - self.velocity))
        self.position += self.velocity * step
