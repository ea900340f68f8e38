"""A flight by plans: the cheapest course, planned anew on the way.

The arrival is chosen once from a grid, by the score that the courses promise
(`agents.scripted.course`); then courses to it follow one another, the last ones seconds apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from helmsight.agents.scripted.course import Course, Path, Planner, Quest
from helmsight.agents.scripted.hill import Hill
from helmsight.envs.orbital.dynamics import Array, norm

LATEST = 238.5
"""Mission time by which a plan arrives, s: the episode ends at 240."""
SLOTS = 36
"""Most slots of a plan."""
SIDES = (-0.5, 0.0, 1.0)
"""Ways that a plan begins with where the evader is woken: from behind, straight, from ahead."""
LEAST = 1.0
"""Seconds before the arrival from which on there is nothing left to plan."""


@dataclass(frozen=True)
class Place:
    """Where both are: inertial, SI. `axes` (3, 3) are the pursuer's body axes as rows.

    `position` and `velocity` (3,) are the pursuer's relative to the target.
    """

    met: float
    position: Array
    velocity: Array
    target_position: Array
    target_velocity: Array
    axes: Array
    mass: float
    fuel: float


@dataclass(frozen=True)
class Meeting:
    """When to meet, mission time in s, and how long before that the evader is woken, if it is."""

    arrive: float
    chase: float | None = None


class Voyage:
    """Flies to a meeting. `path` tells of a place and a waking time what the target will do."""

    def __init__(
        self,
        path: Callable[[Place, float, float | None], Path],
        reach: float = 200.0,
        prices: Array | None = None,
        limits: Array | None = None,
    ) -> None:
        self._path, self._reach = path, reach
        self._prices = np.ones(3) if prices is None else prices
        self._limits = np.ones(3) if limits is None else limits
        self.meeting: Meeting | None = None
        self.promised = np.inf
        self._course: Course | None = None
        self._along: Array | None = None
        self._planned = -np.inf
        self._woken = False
        self._axes = np.eye(3)
        self._motion = 0.0

    def choose(self, place: Place, meetings: Sequence[Meeting], rounds: int = 4) -> bool:
        """Take the meeting whose course promises the least score; False where there is none."""
        found = False
        self.promised = np.inf
        for meeting in meetings:
            planner = self._planner(place, meeting)
            for side in (0.0,) if planner.quest.entry is None else SIDES:
                course = planner.plan(planner.straight(side), rounds)
                if course is not None and course.cost + 0.01 * meeting.arrive < self.promised:
                    found = True
                    self.promised = course.cost + 0.01 * meeting.arrive
                    self.meeting = meeting
                    self._take(place, planner, course)
        return found

    def around(self) -> list[Meeting]:
        """Return the meeting that was chosen, and some a little earlier and later."""
        meeting = self.meeting
        if meeting is None:
            return []
        near = (meeting.arrive + d for d in (-8.0, 0.0, 8.0))
        return [Meeting(t, meeting.chase) for t in near if t < LATEST]

    def _outside(self, place: Place) -> bool:
        """Whether the evader is still to be woken."""
        return not self._woken and float(norm(place.position)) >= self._reach

    def force(self, place: Place, interval: float) -> Array:
        """Return the force, (3,) N inertial, for the coming `interval` s; plans if that is due."""
        if self.meeting is not None and self.meeting.chase is not None and not self._woken:
            self._meet_soon(place, self.meeting)
        meeting = self.meeting
        if meeting is None or self._course is None:
            return np.zeros(3)
        left = meeting.arrive - place.met
        if left > LEAST and place.met - self._planned >= min(8.0, max(0.5, 0.12 * left)) - 1e-6:
            planner = self._planner(place, meeting)
            course = planner.plan(self._guess(planner, left), 2)
            if course is not None:
                self._take(place, planner, course)
        return self._now(place.met, interval)

    def _meet_soon(self, place: Place, meeting: Meeting) -> None:
        """Choose the arrival anew when the evader has been woken, which may be early or late."""
        if self._outside(place):
            return
        self._woken = True
        soon = (meeting.arrive + d for d in (-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 9.0))
        self.choose(place, [Meeting(t, meeting.chase) for t in soon if t > place.met + 3.0], 2)

    def _take(self, place: Place, planner: Planner, course: Course) -> None:
        self._course, self._planned = course, place.met
        self._axes = Hill.of(place.target_position, place.target_velocity).axes
        self._motion = planner.quest.motion
        self._along = course.states - planner.target

    def _planner(self, place: Place, meeting: Meeting) -> Planner:
        hill = Hill.of(place.target_position, place.target_velocity)
        state = np.concatenate(hill.enter(place.position, place.velocity))
        left = max(meeting.arrive - place.met, LEAST)
        waking = entry = None
        if meeting.chase is not None:
            waking = max(left - meeting.chase, 0.0) if self._outside(place) else 0.0
            entry = waking if waking >= LEAST else None
        quest = Quest(
            state, place.axes @ hill.axes.T, place.mass, place.fuel, hill.motion,
            self._path(place, hill.motion, waking), entry, self._reach, self._prices, self._limits,
        )  # fmt: skip
        return Planner(quest, left, int(np.clip(round(left), 4, SLOTS)))

    def _guess(self, planner: Planner, left: float) -> Array:
        """Return the states of the last course from now on, for the next one to begin with."""
        assert self._course is not None
        assert self._along is not None
        known = np.linspace(self._course.arrive, 0.0, len(self._along))
        ahead = left - planner.times
        along = [np.interp(ahead, known[::-1], column[::-1]) for column in self._along.T]
        return np.stack(along, axis=1) + planner.target

    def _now(self, met: float, interval: float) -> Array:
        """Return the course's mean force over the coming `interval` s, inertial N."""
        assert self._course is not None
        course, since = self._course, met - self._planned
        marks = np.arange(len(course.forces) + 1) * course.slot
        shares = np.diff(np.clip(marks, since, since + interval)) / interval
        x, y, z = shares @ course.forces
        angle = self._motion * (since + 0.5 * interval)
        cosine, sine = np.cos(angle), np.sin(angle)
        turned = np.array([cosine * x - sine * y, sine * x + cosine * y, z])
        return np.asarray(turned @ self._axes)
