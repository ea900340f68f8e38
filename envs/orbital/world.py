"""The orbital twin: a batch of worlds with two vessels each, advanced in 0.02 s steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.orbital.attitude import SAS, pointing, slew
from envs.orbital.bots import Bots
from envs.orbital.dynamics import MU, Array, dot, gravity, norm, orbital_axes, verlet
from envs.orbital.scenarios import EVADER, PURSUER, Start
from envs.orbital.vehicles import DRONE, Vehicle

DT = 0.02
"""KSP's physics step, s."""
CAPTURE_RANGE = 5.0
"""Range at which PE1 counts a capture, m."""
TIMEOUT = 240.0
"""Mission elapsed time after which PE1 ends, s."""
SETTLE = 3.0
"""Seconds between loading a save and the first observation: KSPDG's reset waits that long."""


class World:
    """`n` PE1 worlds side by side. Arrays are (n, 2, ...) with vessels (evader, pursuer).

    Attributes:
        position, velocity: (n, 2, 3) inertial, m and m/s.
        propellant: (n, 2) units of mono-propellant.
        axes: (n, 2, 3, 3) body axes (forward, right, down) as rows in the inertial frame.
        throttle: (n, 2, 3) translation (forward, right, down) in [-1, 1], kept until changed.
        met: (n,) mission elapsed time, s. captured, over: (n,) flags; an ended world stands still.
    """

    def __init__(
        self,
        scenarios: Sequence[Start],
        seeds: Sequence[int] | None = None,
        vehicle: Vehicle = DRONE,
        timeout: float = TIMEOUT,
    ) -> None:
        seeds = list(seeds) if seeds is not None else [0] * len(scenarios)
        self.vehicle = vehicle
        self.timeout = timeout
        states = [s.initial_state(seed) for s, seed in zip(scenarios, seeds, strict=True)]
        self.position = np.stack([p for p, _ in states])
        self.velocity = np.stack([v for _, v in states])
        n = len(scenarios)
        self.met = np.array([s.load_time for s in scenarios])
        self.propellant = np.full((n, 2), vehicle.propellant_units)
        self.axes = _launch_axes(self.position, self.velocity)
        self.turn_rate = np.zeros((n, 2))
        self.throttle = np.zeros((n, 2, 3))
        self.rcs = np.zeros((n, 2), dtype=bool)
        self.rcs[:, PURSUER] = True
        self.sas = np.zeros((n, 2), dtype=np.int64)
        self.sas[:, PURSUER] = SAS.TARGET
        self.captured = np.zeros(n, dtype=bool)
        self.over = np.zeros(n, dtype=bool)
        self.bots = Bots([s.evader for s in scenarios], seeds, self.met + SETTLE)
        self._pull = gravity(self.position)

    def __len__(self) -> int:
        return len(self.met)

    @property
    def mass(self) -> Array:
        """Masses, (n, 2) kg."""
        return self.vehicle.dry_mass + self.propellant * self.vehicle.unit_mass

    @property
    def line_of_sight(self) -> Array:
        """Vectors from the pursuer to the evader, (n, 3) m."""
        return np.asarray(self.position[:, EVADER] - self.position[:, PURSUER])

    @property
    def relative_velocity(self) -> Array:
        """Velocities of the pursuer relative to the evader, (n, 3) m/s."""
        return np.asarray(self.velocity[:, PURSUER] - self.velocity[:, EVADER])

    @property
    def range(self) -> Array:
        """Distances between the vessels, (n,) m."""
        return norm(self.line_of_sight)

    def advance(self, steps: int = 1) -> None:
        """Advance every world that is not over by `steps` physics steps of 0.02 s."""
        for _ in range(steps):
            if self.over.all():
                return
            self._step()

    def settle(self) -> None:
        """Coast through the seconds that KSPDG's reset takes, the nose swinging to the target."""
        self.advance(round(SETTLE / DT))

    def burn(self, throttle: Array, worlds: NDArray[np.bool_] | slice = slice(None)) -> None:
        """Set the pursuers' translation throttles, (n, 3) body axes, clipped to [-1, 1]."""
        self.throttle[worlds, PURSUER] = np.clip(throttle, -1.0, 1.0)

    def _step(self) -> None:
        live = ~self.over
        self.bots.act(self)
        gap = self.line_of_sight
        self.axes, self.turn_rate = self._turn(gap)
        self.bots.tumble(self, DT)
        thrust = self._spend(live)
        position, velocity, pull = verlet(self.position, self.velocity, thrust, self._pull, DT)
        if live.all():
            self.position, self.velocity, self._pull = position, velocity, pull
        else:
            self.position[live], self.velocity[live] = position[live], velocity[live]
            self._pull[live] = pull[live]
        self.met[live] += DT
        self.captured |= live & (self.range <= CAPTURE_RANGE)
        self.over |= self.captured | (self.met > self.timeout)

    def _turn(self, gap: Array) -> tuple[Array, Array]:
        towards = np.stack([-gap, gap], axis=1)
        wanted = pointing(self.sas, self.axes, self.position, self.velocity, towards)
        limit, acceleration = self.vehicle.slew_rate, self.vehicle.slew_acceleration
        return slew(
            self.axes, self.turn_rate, wanted, np.asarray(limit), np.asarray(acceleration), DT
        )

    def _spend(self, live: NDArray[np.bool_]) -> Array:
        """Burn propellant for one step and return the accelerations, (n, 2, 3) m/s^2.

        Axes add; mono-propellant flows with the sum of the thrusts over Isp g0.
        """
        craft = self.vehicle
        scale = np.array([craft.forward_thrust, craft.lateral_thrust, craft.lateral_thrust])
        works = self.rcs & (self.propellant > 0.0) & live[:, None]
        force = self.throttle * scale * works[..., None]
        flow = np.abs(force).sum(axis=-1) / (craft.exhaust_velocity * craft.unit_mass)
        mass = self.mass
        self.propellant = np.maximum(self.propellant - flow * DT, 0.0)
        # The mean of the masses before and after the step keeps the rocket equation to 1e-9.
        middle = 0.5 * (mass + self.mass)
        return np.asarray(np.einsum("nvi,nvij->nvj", force, self.axes) / middle[..., None])

    def energy(self) -> Array:
        """Specific orbital energies, (n, 2) J/kg."""
        return np.asarray(0.5 * dot(self.velocity, self.velocity) - MU / norm(self.position))


def _launch_axes(position: Array, velocity: Array) -> Array:
    """Nose prograde, belly towards the planet: the attitude before SAS takes hold."""
    radial, along, normal = np.moveaxis(orbital_axes(position, velocity), -2, 0)
    return np.stack([along, -normal, -radial], axis=-2)
