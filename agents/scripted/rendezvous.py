"""The rendezvous pilot: the guidance law on full telemetry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from helmsight.agents.scripted.foresight import foreseen
from helmsight.agents.scripted.guidance import Law, Situation, throttle
from helmsight.agents.scripted.telemetry import FIELDS, Chase, burn
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import DURATION, BurnCommand
from helmsight.envs.orbital.dynamics import Array, gravity, norm, orbital_axes

QUIET = 0.05  # m/s^2: accelerations of the target below this are numerical noise
STANDOFF = 215.0  # m: just outside the range at which E3 starts to burn
ENTRY = Law(braking=0.35, arrival_speed=2.0, margin=60.0)
"""For the way to the standoff point: the nose is on the target, so braking is partly sideways."""
FINAL = Law(arrival_speed=8.0)
SLOWEST = 4.0  # m/s of closing that the last leg reckons with


class Rendezvous:
    """Plans to the score: intercept, brake, capture (see `helmsight.agents.scripted.guidance`).

    It decides for where both craft will be when its command takes effect.

    Against E3, which always flees along its orbit normal, it first flies to a point on that side
    of the target: the evader then burns towards the pursuer. Knowing the public bot by the task's
    name is part of the pilot, as it is for anyone who reads KSPDG's source.
    """

    name = "rendezvous"
    needs: ObservationMode = "telemetry"
    command = BurnCommand
    telemetry = FIELDS

    def __init__(self, law: Law | None = None) -> None:
        self.law = law or Law()

    def reset(self, task: Task, seed: int) -> None:
        """Forget the last flight."""
        self._last: tuple[float, Array, Array] | None = None
        self._full_mass: float | None = None
        self._entering = "-E3-" in task.name
        self._ambush = self._entering

    def decide(self, sighting: Sighting) -> Decision:
        """Answer the law's command for where the telemetry leads to until it takes effect."""
        chase = Chase.read(sighting.observation)
        self._full_mass = self._full_mass or chase.mass
        evading = self._target_acceleration(chase)
        chase = foreseen(chase, sighting.timing, evading)
        law, gap = self._leg(chase, evading)
        if sighting.timing.latency_s > 0.0:
            law = replace(law, interval=sighting.timing.applied_s(DURATION))
        axes = chase.axes()
        now = Situation(
            gap=gap[None],
            velocity=chase.velocity[None],
            axes=axes[None],
            target_position=chase.target_position[None],
            target_velocity=chase.target_velocity[None],
            target_acceleration=evading[None],
            mass=np.array([chase.mass]),
            fuel_used=np.array([max(self._full_mass - chase.mass, 0.0)]),
            met=np.array([chase.met]),
        )
        return Decision(burn(throttle(now, law)[0], axes))

    def _leg(self, chase: Chase, evading: Array) -> tuple[Law, Array]:
        """Return the law and the vector to aim at: the standoff point first, then the target."""
        if not self._ambush:
            return self.law, chase.gap
        normal = orbital_axes(chase.target_position, chase.target_velocity)[2]
        aim = chase.gap + STANDOFF * normal
        if float(norm(aim)) < 40.0 and float(norm(chase.velocity)) < SLOWEST:
            self._entering = False
        if self._entering:
            return ENTRY, aim
        # No waiting for a late, cheap arrival: the evader brings the meeting about by itself.
        latest = chase.met + _coasting_time(chase, evading)
        return replace(FINAL, margin=max(FINAL.timeout - latest, 0.0)), chase.gap

    def _target_acceleration(self, chase: Chase) -> Array:
        """Return what the target's thrusters did since the last sighting, (3,) m/s^2."""
        position, velocity = chase.target_position, chase.target_velocity
        last, self._last = self._last, (chase.met, position, velocity)
        if last is None or chase.met - last[0] < 1e-6:
            return np.zeros(3)
        pull = 0.5 * (gravity(position) + gravity(last[1]))
        pushed = (velocity - last[2]) / (chase.met - last[0]) - pull
        return pushed if float(norm(pushed)) > QUIET else np.zeros(3)


def _coasting_time(chase: Chase, evading: Array) -> float:
    """Return the time to meet, s, if the pursuer coasts and the target keeps its acceleration."""
    distance = float(norm(chase.gap))
    sight = chase.gap / max(distance, 1e-9)
    closing = max(float(chase.velocity @ sight), SLOWEST)
    coming = max(-float(evading @ sight), 0.0)
    if coming < QUIET:
        return distance / closing
    return float((np.sqrt(closing**2 + 2.0 * coming * distance) - closing) / coming)
