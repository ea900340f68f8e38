"""Craft about Kerbin: batches of vessels advanced in 0.02 s steps, whoever controls them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.attitude import SAS, error, pointing, rate, turn, turned_by
from helmsight.envs.orbital.dynamics import (
    G0,
    MU,
    Array,
    dot,
    gravity,
    norm,
    propagate,
    verlet,
)
from helmsight.envs.orbital.stepping import DT, C, Catch, Compiled, Mind, step_code
from helmsight.envs.orbital.vehicles import FUEL_UNIT_MASS, Vehicle

ADRIFT = -1
"""Entry of `Fleet.target` without a target, and of `Fleet.sas` with SAS off."""
_AIM = int(SAS.AIM)  # compared with arrays, see attitude.py


class Owing:
    """Time that passes in whole physics steps; what is left of a step is owed to the next call."""

    _owed: float

    def advance(self, steps: int = 1) -> None:
        """Advance by `steps` physics steps of 0.02 s."""
        raise NotImplementedError

    def run(self, seconds: float) -> None:
        """Advance by the whole steps in `seconds` and in what earlier calls left over."""
        self.advance(self.steps_due(seconds))

    def steps_due(self, seconds: float) -> int:
        """Return the whole steps in `seconds` and in what is owed from before; owe the rest."""
        self._owed += seconds
        steps = int(self._owed / DT + 1e-6)
        self._owed -= steps * DT
        return steps


class Fleet(Owing):
    """`n` worlds side by side with `k` vessels each, of the kinds `vehicles` in this order.

    Attributes:
        position, velocity: (n, k, 3) inertial, m and m/s.
        met: (n,) mission elapsed time, s. over: (n,) worlds that have ended; they stand still, as
            do those that are held: (n,), which whoever steps the fleet sets.
        propellant: (n, k) units of mono-propellant; fuel: (n, k) units of the main engine's mix.
        axes: (n, k, 3, 3) body axes (forward, right, down) as rows in the inertial frame; at the
            start those given.
        throttle: (n, k, 3) translation (forward, right, down) in [-1, 1], kept until changed.
        spin: (n, k, 3) rates about the body axes (forward, right, down), rad/s, right-handed.
        rotation: (n, k, 3) inputs (pitch, yaw, roll) in [-1, 1]: nose up, nose right, right wing
            down. While one is not zero, SAS does not steer.
        main: (n, k) main throttle in [0, 1]; ignited: (n, k) engines that are active.
        rcs: (n, k) thrusters on; sas: (n, k) codes of `SAS`, ADRIFT when off.
        target: (n, k) index of each vessel's target, or ADRIFT.
        aim: (n, k, 2, 3) nose and right wing wanted under SAS.AIM; a wing of NaN leaves the roll.
        ends: whether worlds end, by `timeout` (mission elapsed time, s) or otherwise.
    """

    ends: bool = False
    timeout: float = np.inf

    def __init__(
        self,
        position: Array,
        velocity: Array,
        vehicles: Sequence[Vehicle],
        met: Array,
        axes: Array,
    ) -> None:
        self.vehicles = tuple(vehicles)
        self.position, self.velocity = position, velocity
        n, k = position.shape[:2]
        self.met = np.array(met, dtype=np.float64)
        self.over = np.zeros(n, dtype=bool)
        self.held = np.zeros(n, dtype=bool)
        self.propellant = np.tile([v.propellant_units for v in vehicles], (n, 1))
        self.fuel = np.tile([v.fuel_capacity for v in vehicles], (n, 1))
        self.axes = axes
        self.throttle = np.zeros((n, k, 3))
        self.rotation = np.zeros((n, k, 3))
        self.main = np.zeros((n, k))
        self.ignited = np.zeros((n, k), dtype=bool)
        self.rcs = np.zeros((n, k), dtype=bool)
        self.sas = np.zeros((n, k), dtype=np.int64)
        self.target = np.full((n, k), ADRIFT)
        self.aim = np.full((n, k, 2, 3), np.nan)
        self.spin = np.zeros((n, k, 3))
        self._axes_before = self.axes
        self._pull = gravity(position)
        self._owed = 0.0
        self._figures()
        self._compiled = Compiled() if step_code() == C else None

    def _figures(self) -> None:
        """Lay the vehicles' figures out as arrays over the vessels."""
        crew = self.vehicles
        self._dry = np.array([v.dry_mass for v in crew])
        self._unit = np.array([v.unit_mass for v in crew])
        self._thrust = np.array(
            [(v.forward_thrust, v.lateral_thrust, v.lateral_thrust) for v in crew]
        )
        self._flow = np.array([v.exhaust_velocity * v.unit_mass for v in crew])
        self._slew_rate = np.array([(v.slew_rate,) * 3 for v in crew])
        self._slew_acceleration = np.array([v.angular_acceleration for v in crew])
        self._main_thrust = np.array([v.engine.thrust if v.engine else 0.0 for v in crew])
        impulse = np.array([v.engine.specific_impulse if v.engine else 1.0 for v in crew])
        self._main_flow = impulse * G0 * FUEL_UNIT_MASS
        self._engines = bool(self._main_thrust.any())

    def __len__(self) -> int:
        return len(self.met)

    @property
    def mass(self) -> Array:
        """Masses, (n, k) kg."""
        return self.weigh(slice(None))

    def weigh(self, worlds: slice) -> Array:
        """Return the masses in some worlds, (m, k) kg."""
        mass = self._dry + self.propellant[worlds] * self._unit
        return np.asarray(mass + self.fuel[worlds] * FUEL_UNIT_MASS if self._engines else mass)

    @property
    def angular_velocity(self) -> Array:
        """Angular velocities over the last step, (n, k, 3) inertial, rad/s, right-handed."""
        return turned_by(self._axes_before, self.axes) / DT

    def energy(self) -> Array:
        """Specific orbital energies, (n, k) J/kg."""
        return np.asarray(0.5 * dot(self.velocity, self.velocity) - MU / norm(self.position))

    def advance(self, steps: int = 1) -> None:
        """Advance every world that is not over by `steps` physics steps of 0.02 s."""
        if self._compiled:
            self._compiled.take(self, steps)
        else:
            self._take(steps)

    @property
    def mind(self) -> Mind | None:
        """Who steers the vessels that the agent does not, if anybody."""
        return None

    @property
    def _catches(self) -> Sequence[Catch]:
        """Who notes how near to whom; whatever is noted ends a world, if anything does."""
        return ()

    def coast(self, seconds: float) -> None:
        """Jump ahead by `seconds` on the present orbits, exactly, thrusters and wheels at rest."""
        for world, vessel in np.ndindex(self.position.shape[:2]):
            state = propagate(self.position[world, vessel], self.velocity[world, vessel], seconds)
            self.position[world, vessel], self.velocity[world, vessel] = state
        self.met += seconds
        self.spin[:] = 0.0
        self._axes_before, self._pull = self.axes, gravity(self.position)

    @property
    def _live(self) -> NDArray[np.bool_]:
        """The worlds whose time passes, (n,)."""
        return ~(self.over | self.held)

    def _take(self, steps: int) -> None:
        """Advance by `steps` in NumPy; what `Compiled.take` does."""
        for _ in range(steps):
            if self.over.all():
                return
            live = self._live
            if self.mind is not None:
                self.mind.act(self)
            self._step(live)
            self._judge(live)

    def _judge(self, live: NDArray[np.bool_]) -> None:
        """Note who has come near whom, and which worlds that or the time ends."""
        ended = self.met > self.timeout
        for flags, one, other, within in self._catches:
            flags |= live & (norm(self.position[:, one] - self.position[:, other]) <= within)
            ended |= flags
        if self.ends:
            self.over |= ended

    def _step(self, live: NDArray[np.bool_]) -> None:
        self._axes_before = self.axes
        self._turn(live)
        thrust = self._spend(live)
        position, velocity, pull = verlet(self.position, self.velocity, thrust, self._pull, DT)
        if live.all():
            self.position, self.velocity, self._pull = position, velocity, pull
        else:
            self.position[live], self.velocity[live] = position[live], velocity[live]
            self._pull[live] = pull[live]
        self.met[live] += DT

    def _turn(self, live: NDArray[np.bool_]) -> None:
        """Let SAS and the inputs ask for rates, and the wheels change the spin towards them.

        The wheels' torque is held against KSP's damping by letting the rate under an input settle
        at input times the vehicle's slew rate. Without SAS a spin stays as it is: there is no air.
        """
        limit = self._slew_acceleration * DT
        asked = rate(self._to_turn(), self._slew_acceleration, self._slew_rate, DT)
        free = self.sas == ADRIFT
        if self.rotation.any():
            steered = np.asarray(self.rotation.any(axis=-1))
            pitch, yaw, roll = np.moveaxis(self.rotation, -1, 0)
            inputs = np.stack([roll, pitch, yaw], axis=-1) * self._slew_rate
            asked = np.where(steered[..., None], inputs, asked)
            free &= ~steered
        if free.any():
            asked = np.where(free[..., None], self.spin, asked)
        change = np.minimum(np.maximum(asked - self.spin, -limit), limit)  # np.clip, faster
        spin = self.spin + change
        axes = turn(self.axes, spin, DT)
        if not live.all():
            on = live[:, None, None]
            spin, axes = np.where(on, spin, self.spin), np.where(on[..., None], axes, self.axes)
        self.spin, self.axes = spin, axes

    def _to_turn(self) -> Array:
        """How far SAS wants each vessel to turn about its own axes, (n, k, 3) rad."""
        nose = pointing(self.sas, self.axes, self.position, self.velocity, self._towards())
        aimed = self.sas == _AIM
        if not aimed.any():
            return error(self.axes, nose)
        wing = np.full_like(nose, np.nan)
        nose[aimed], wing[aimed] = np.moveaxis(self.aim[aimed], 1, 0)
        return error(self.axes, nose, wing)

    def _towards(self) -> Array:
        """Vectors from each vessel to its target, (n, k, 3) m; zero without one."""
        there = self.position[np.arange(len(self))[:, None], np.maximum(self.target, 0)]
        return np.asarray((there - self.position) * (self.target != ADRIFT)[..., None])

    def _spend(self, live: NDArray[np.bool_]) -> Array:
        """Burn propellant for one step and return the accelerations, (n, k, 3) m/s^2.

        Axes add; mono-propellant flows with the sum of the thrusts over Isp g0.
        """
        works = self.rcs & (self.propellant > 0.0) & live[:, None]
        force = self.throttle * self._thrust * works[..., None]
        flow = np.abs(force).sum(axis=-1) / self._flow
        mass = self.mass
        self.propellant = np.maximum(self.propellant - flow * DT, 0.0)
        if self._engines:
            burning = self.ignited & (self.fuel > 0.0) & live[:, None]
            push = self._main_thrust * self.main * burning
            self.fuel = np.maximum(self.fuel - push / self._main_flow * DT, 0.0)
            force[..., 0] += push
        # The mean of the masses before and after the step keeps the rocket equation to 1e-9.
        middle = 0.5 * (mass + self.mass)
        return np.asarray(np.einsum("nvi,nvij->nvj", force, self.axes) / middle[..., None])
