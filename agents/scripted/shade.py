"""The shade: flies to the point between evader and sun, and stays there."""

from __future__ import annotations

import numpy as np

from helmsight.agents.scripted.detour import command
from helmsight.agents.scripted.foresight import foreseen
from helmsight.agents.scripted.telemetry import Chase
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import DURATION, BurnCommand
from helmsight.envs.orbital.dynamics import Array, gravity, norm
from helmsight.envs.orbital.sun_blocking.panel import TELEMETRY
from helmsight.envs.orbital.sun_blocking.scoring import VIEWING_DISTANCE
from helmsight.envs.orbital.vehicles import DRONE

BRAKING = 0.85  # share of the thrust that the braking curve counts on
SOFT = 0.4  # 1/s: how fast the last metres are taken back
IDLE = 0.02  # m/s: changes below this are left alone


class Shade:
    """Brakes along a curve to the point 100 m sunward of the evader, whose offset never turns.

    The wanted speed is the highest from which the thrust still brakes in time, that of a nose which
    looks at the evader; near the point it falls with the distance. It is taken for where the craft
    will be when the command has been applied, and the difference of gravity is made up for.
    """

    name = "shade"
    needs: ObservationMode = "telemetry"
    command = BurnCommand
    telemetry = tuple(entry.name for entry in TELEMETRY)
    remembers = False

    def reset(self, task: Task, seed: int) -> None:
        """Nothing to prepare."""

    def decide(self, sighting: Sighting) -> Decision:
        """Answer the burn that brings the craft onto its curve."""
        sun = np.asarray(sighting.observation["telemetry"], dtype=np.float64)[15:18]
        chase = foreseen(Chase.read(sighting.observation), sighting.timing)
        interval = sighting.timing.applied_s(DURATION)
        position = chase.target_position - chase.gap
        drift = gravity(position) - gravity(chase.target_position)
        away = -chase.gap - VIEWING_DISTANCE * sun  # from the point, m
        soon = away + chase.velocity * interval
        change = self.wanted(soon, chase) - chase.velocity - drift * interval
        push = self.push(change, soon, chase, interval)
        return Decision(command(push, -chase.gap, chase.mass, np.eye(3)))

    def wanted(self, away: Array, chase: Chase) -> Array:
        """Return the velocity wanted, (3,) m/s, at `away` (3,) m from the point."""
        return curve(away, chase)

    def push(self, change: Array, away: Array, chase: Chase, interval: float) -> Array:
        """Return the acceleration, (3,) m/s^2, for a `change` (3,) m/s wanted at `away` (3,) m.

        It is applied for `interval` seconds; a change of less than IDLE is left alone.
        """
        return np.zeros(3) if float(norm(change)) < IDLE else change / interval


def curve(away: Array, chase: Chase) -> Array:
    """Return the velocity wanted, (3,) m/s, at `away` (3,) m from the point."""
    distance = max(float(norm(away)), 1e-9)
    way = -away / distance
    brake = BRAKING * authority(way, chase)
    return np.asarray(way * min(np.sqrt(2.0 * brake * distance), SOFT * distance))


def authority(way: Array, chase: Chase) -> float:
    """Return what the thrusters give along `way`, a unit vector (3,), m/s^2: the nose is held."""
    nose = chase.gap / max(float(norm(chase.gap)), 1e-9)
    along = abs(float(way @ nose))
    across = np.sqrt(max(1.0 - along * along, 0.0))
    fore, side = DRONE.forward_thrust / chase.mass, DRONE.lateral_thrust / chase.mass
    return float(min(fore / max(along, 1e-9), side / max(across, 1e-9)))
