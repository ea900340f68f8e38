"""Who answers for the student's pictures: the pilots that know the numbers, one for each world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from helmsight.agents.scripted.bandit import Bandit
from helmsight.agents.scripted.guidance import Law
from helmsight.agents.scripted.rendezvous import FIDGETING
from helmsight.agents.training.calm import CalmShade
from helmsight.agents.training.starts import RandomStart
from helmsight.contract.observation import Observation
from helmsight.contract.pilot import Sighting
from helmsight.contract.task import Task
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.families import FAMILIES

LAW = Law(forward_band=0.6, lateral_band=0.15, noise_band=0.02, braking=0.75, margin=20.0)
"""`rendezvous` with the wider dead bands that an eye with 2 % error in a flight needs."""
CHASE = replace(LAW, arrival_speed=6.0, reserve=2.0, burning=np.inf)
"""The same for what flees: it brakes less for the capture, and no meeting is too late to brake for,
as the other one's own burn does that."""
LAWS: Mapping[int, Law] = {1: LAW, 2: FIDGETING, 3: CHASE, 4: LAW}
"""Who answers in a pursuit, by the number of the evader."""
Expert = Bandit | CalmShade


def expert(start: RandomStart) -> Expert | None:
    """Return the pilot that answers in a world that begins so; None in pursuits, where LAWS do.

    The law remembers no plan, which no picture shows: what it answers hangs on what is seen alone.
    """
    if start.family == "PE1":
        return None
    pilot: Expert = Bandit() if start.family == "LBG1" else CalmShade()
    pilot.reset(task(start), 0)  # one seed, so that the same picture gets the same plan
    return pilot


def task(start: RandomStart) -> Task:
    """Return what a pilot is told of a flight that begins so."""
    return _told(start.family, start.name)


@cache
def _told(family: str, name: str) -> Task:
    return FAMILIES[family].told(name, Layout())


def answer(pilot: Expert, telemetry: Array, timing: Timing, axes: Array) -> Array:
    """Return a pilot's throttles (3,) in [-1, 1] for what it reads, along the body axes (3, 3).

    `axes` are those of the moment at which the answer takes effect.
    """
    observation: Observation = {"telemetry": telemetry}
    command = pilot.decide(Sighting(observation, float(telemetry[0]), timing=timing)).command
    assert isinstance(command, BurnCommand)
    wanted = np.array([command.forward, command.right, command.down])
    turned = axes @ wanted if command.frame == "inertial" else wanted
    return np.asarray(turned.clip(-1.0, 1.0))
