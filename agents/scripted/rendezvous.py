"""The rendezvous pilot: the guidance law on full telemetry, and plans where the evader is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from helmsight.agents.scripted.course import THRUSTS, Path
from helmsight.agents.scripted.evaders import acceleration, cruising, fleeing
from helmsight.agents.scripted.foresight import foreseen
from helmsight.agents.scripted.guidance import Law, Situation, throttle
from helmsight.agents.scripted.telemetry import FIELDS, Chase, burn
from helmsight.agents.scripted.voyage import Meeting, Place, Voyage
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.bots import EVADE_RANGE
from helmsight.envs.orbital.command import DURATION, BurnCommand
from helmsight.envs.orbital.dynamics import Array, gravity, norm

QUIET = 0.05  # m/s^2: accelerations of the target below this are numerical noise
FIDGETING = Law(forward_band=0.6, lateral_band=0.15, noise_band=0.1, braking=0.65, margin=35.0)
"""Against E2: what it gains at random it loses again, so that small drifts are left alone."""
ARRIVALS = (100.0, 120.0, 145.0, 170.0, 195.0, 215.0, 235.0)
CHASES = (15.0, 18.0)
"""Mission times at which plans may arrive, and seconds that E3 may flee before it is met."""
PRICES, LIMITS = np.array([1.0, 1.13, 1.13]), np.array([1.0, 0.8, 0.8])
"""What propellant counts along the nose and across, and the throttles there.

The roll is unknown: two axes share a burn, and neither may be asked for more than it has."""
MISSED = 1.0  # s after the arrival from which on it has been missed


class Rendezvous:
    """Plans to the score: intercept, brake, capture.

    A target that coasts, or that burns nobody knows how, it follows by the guidance law
    (`helmsight.agents.scripted.guidance`). Of E3 and E4 it knows what they will do, and flies by
    plans (`helmsight.agents.scripted.voyage`): E3 is woken late and from behind, so that its own
    burn brakes the meeting. It decides for where both craft will be when its command takes effect.
    Knowing the public bots by the task's name is part of the pilot, as it is for anyone who reads
    KSPDG's source.
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
        self._flees, self._cruises = "-E3-" in task.name, "-E4-" in task.name
        self._fidgets = "-E2-" in task.name
        self._voyage: Voyage | None = None

    def decide(self, sighting: Sighting) -> Decision:
        """Answer the command for where the telemetry leads to until it takes effect."""
        chase = Chase.read(sighting.observation)
        self._full_mass = self._full_mass or chase.mass
        evading = self._evading(chase)
        chase = foreseen(chase, sighting.timing, evading)
        planned = self._by_plan(chase, sighting.timing)
        return Decision(planned or self._by_law(chase, evading, sighting.timing))

    def _by_law(self, chase: Chase, evading: Array, timing: Timing) -> BurnCommand:
        law = FIDGETING if self._fidgets else self.law
        if timing.latency_s > 0.0:
            law = replace(law, interval=timing.applied_s(DURATION))
        axes = chase.axes()
        now = Situation(
            gap=chase.gap[None],
            velocity=chase.velocity[None],
            axes=axes[None],
            target_position=chase.target_position[None],
            target_velocity=chase.target_velocity[None],
            target_acceleration=evading[None],
            mass=np.array([chase.mass]),
            fuel_used=np.array([self._used(chase)]),
            met=np.array([chase.met]),
            waking_range=np.array([np.inf]),
        )
        return burn(throttle(now, law)[0], axes)

    def _by_plan(self, chase: Chase, timing: Timing) -> BurnCommand | None:
        """Return the command of a plan; None where there is none, or nothing to plan with."""
        if not (self._flees or self._cruises):
            return None
        axes = chase.axes()
        place = Place(
            chase.met, -chase.gap, chase.velocity, chase.target_position, chase.target_velocity,
            axes, chase.mass, self._used(chase),
        )  # fmt: skip
        voyage = self._voyage
        if voyage is None or voyage.meeting is None or chase.met > voyage.meeting.arrive + MISSED:
            voyage = self._depart(place)
        if voyage.meeting is None:
            return None
        force = voyage.force(place, timing.applied_s(DURATION))
        return burn(axes @ force / THRUSTS, axes)

    def _depart(self, place: Place) -> Voyage:
        """Return a voyage to the meeting that promises the least score, if there is any."""
        voyage = Voyage(self._path, EVADE_RANGE, prices=PRICES, limits=LIMITS)
        again = self._voyage is not None
        arrivals = tuple(place.met + np.array([6.0, 10.0, 16.0])) if again else ARRIVALS
        chases = CHASES if self._flees else (None,)
        meetings = [Meeting(a, c) for a in arrivals if a < 239.0 for c in chases]
        meetings = [m for m in meetings if m.arrive - (m.chase or 0.0) > place.met + 4.0]
        if voyage.choose(place, meetings, 2):
            voyage.choose(place, voyage.around(), 3)
        self._voyage = voyage
        return voyage

    def _path(self, place: Place, motion: float, waking: float | None) -> Path:
        """Return where the target's own burns will put it."""
        if self._flees:
            return fleeing(motion, waking or 0.0)
        return cruising(motion, place.met)

    def _used(self, chase: Chase) -> float:
        """Return the propellant that has been used, kg."""
        return max((self._full_mass or 0.0) - chase.mass, 0.0)

    def _evading(self, chase: Chase) -> Array:
        """Return what the target accelerates with, and will for a while, (3,) m/s^2.

        Of E3 and E4 that is known. E2's is another a second later: to reckon with it would cost
        more than it gains. Else it is what the thrusters did since the last sighting.
        """
        if self._flees or self._cruises:
            path = cruising(1.0, chase.met) if self._cruises else fleeing(1.0, 0.0)
            awake = self._cruises or float(norm(chase.gap)) < EVADE_RANGE
            if not awake:
                return np.zeros(3)
            return acceleration(path, chase.target_position, chase.target_velocity)
        if self._fidgets:
            return np.zeros(3)
        return self._pushed(chase)

    def _pushed(self, chase: Chase) -> Array:
        """Return what the target's thrusters did since the last sighting, (3,) m/s^2."""
        position, velocity = chase.target_position, chase.target_velocity
        last, self._last = self._last, (chase.met, position, velocity)
        if last is None or chase.met - last[0] < 1e-6:
            return np.zeros(3)
        pull = 0.5 * (gravity(position) + gravity(last[1]))
        pushed = (velocity - last[2]) / (chase.met - last[0]) - pull
        return pushed if float(norm(pushed)) > QUIET else np.zeros(3)
