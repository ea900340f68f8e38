"""The bandit: flies around the guard to the lady, and plans anew as the guard moves."""

from __future__ import annotations

import numpy as np

from helmsight.agents.scripted.detour import Aims, Scene, Way, command, search, steer
from helmsight.agents.scripted.foresight import foreseen
from helmsight.agents.scripted.hill import Coast, Hill
from helmsight.agents.scripted.telemetry import Chase
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import DURATION, BurnCommand
from helmsight.envs.orbital.lady_bandit_guard.bots import ALARM_RANGE
from helmsight.envs.orbital.lady_bandit_guard.panel import TELEMETRY

PLAN_EVERY = 8.0  # s between two searches
FINAL = 15.0  # s before the arrival from which on the way stays as it is
PASSED = 1.0  # s after it from which on it has been missed


class Bandit:
    """Plans by receding horizon (see `helmsight.agents.scripted.detour`) and flies the plan.

    It takes the guard of LG1 to do what its script does and that of LG0 and LG2 to coast; a new
    search every eight seconds makes up for what that leaves out. The lady of LG2 leaves ten seconds
    after the bandit has come near, so that it has to arrive before. Knowing the public bots by the
    task's name is part of the pilot, as it is for anyone who reads KSPDG's source; of a scenario
    that it does not know it expects that she leaves.
    """

    name = "bandit"
    needs: ObservationMode = "telemetry"
    command = BurnCommand
    telemetry = tuple(entry.name for entry in TELEMETRY)

    def reset(self, task: Task, seed: int) -> None:
        """Forget the last flight; the search draws from a generator of this seed."""
        chased = "-LG1-" in task.name or "-PN-" in task.name
        flees = not chased and "-LG0-" not in task.name
        self._aims = Aims(chased, ALARM_RANGE if flees else None)
        self._rng = np.random.default_rng([seed, 11])
        self._way: Way | None = None
        self._planned = -np.inf

    def decide(self, sighting: Sighting) -> Decision:
        """Answer a burn along the way, for where all three will be when it takes effect."""
        telemetry = np.asarray(sighting.observation["telemetry"], dtype=np.float64)
        scene = self._scene(telemetry, sighting)
        way = self._plan(scene)
        goal, left = way.leg(scene.met)
        interval = np.array(sighting.timing.applied_s(DURATION))
        push = steer(scene.position, scene.velocity, goal, np.array(left), scene.motion, interval)
        return Decision(command(push, scene.position, scene.mass, scene.axes))

    def _plan(self, scene: Scene) -> Way:
        """Return the way that is flown now, searched anew if that is due."""
        way = self._way
        if way is None or scene.met > way.arrive + PASSED:
            self._way, self._planned = search(scene, self._aims, self._rng), scene.met
        elif scene.met - self._planned >= PLAN_EVERY and way.arrive - scene.met > FINAL:
            self._way, self._planned = search(scene, self._aims, self._rng, way), scene.met
        assert self._way is not None
        return self._way

    def _scene(self, telemetry: np.ndarray, sighting: Sighting) -> Scene:
        """Return what is there when the answer takes effect."""
        seen = Chase.read(sighting.observation)
        there = Hill.of(seen.target_position, seen.target_velocity)
        guard = there.enter(
            telemetry[15:18] - seen.target_position, telemetry[18:21] - seen.target_velocity
        )
        if sighting.timing.latency_s > 0.0:
            guard = Coast(there.motion, np.array(sighting.timing.latency_s))(*guard)
        chase = foreseen(seen, sighting.timing)
        hill = Hill.of(chase.target_position, chase.target_velocity)
        position, velocity = hill.enter(-chase.gap, chase.velocity)
        return Scene(chase.met, hill.motion, chase.mass, position, velocity, *guard, hill.axes)
