"""The expert rule of the published language-model pilots, which reads the navball."""

from __future__ import annotations

import numpy as np

from helmsight.agents.scripted.foresight import foreseen
from helmsight.agents.scripted.telemetry import FIELDS, Chase, burn
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import norm

TOO_FAST = 40.0  # m/s: brake above this when time is short
DECELERATION = 0.1  # m/s^2 that the rule counts on
ALIGNED = 0.03  # components of the unit vectors closer than this are left alone


class Navball:
    """Forward thrust, with the sideways drift pushed out by full sideways throttles.

    Forward is 1; when closing and time to intercept times 0.1 m/s^2 is less than the speed, it is
    -1 above 40 m/s and else 0. Sideways: the sign of the retrograde components, unless they are
    within 0.03 of the target's direction. Source: rule of the ARCLab-MIT agents for KSPDG
    (arXiv 2404.00413), re-implemented from its description. Told of a
    latency, it reads the navball of the moment at which its command takes effect.
    """

    name = "navball"
    needs: ObservationMode = "telemetry"
    command = BurnCommand
    telemetry = FIELDS
    remembers = False

    def reset(self, task: Task, seed: int) -> None:
        """Nothing to prepare."""

    def decide(self, sighting: Sighting) -> Decision:
        """Answer the rule's command."""
        chase = foreseen(Chase.read(sighting.observation), sighting.timing)
        axes = chase.axes()
        speed, distance = float(norm(chase.velocity)), float(norm(chase.gap))
        closing = float(chase.velocity @ axes[0])
        forward = 1.0
        if closing > 0 and distance / closing * DECELERATION < speed:
            forward = -1.0 if speed > TOO_FAST else 0.0
        retrograde = -(axes @ chase.velocity) / max(speed, 1e-9)
        sideways = np.where(np.abs(retrograde[1:]) > ALIGNED, np.sign(retrograde[1:]), 0.0)
        return Decision(burn(np.array([forward, *sideways]), axes))
