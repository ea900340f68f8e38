"""Joints that move in time, for emulated devices."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class EmulatedAxis:
    """One joint on a trapezoidal profile. Units: rad or m, a second, a second squared."""

    position: float = 0.0
    velocity: float = 0.0
    target: float = 0.0
    speed: float = 1.0
    acceleration: float = 10.0

    def advance(self, seconds: float) -> None:
        """Move for `seconds` towards the target; from rest it never overshoots."""
        while seconds > 0.0 and self.moving:
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
        # sqrt(2 a d), less what a step of finite length would carry it beyond: it creeps in, never
        # past the target and back, which a reading between would take for an arrival
        stopping = math.sqrt(change**2 + 2.0 * self.acceleration * abs(left)) - change
        wanted = math.copysign(min(self.speed, stopping), left)
        self.velocity += max(-change, min(change, wanted - self.velocity))
        self.position += self.velocity * step
