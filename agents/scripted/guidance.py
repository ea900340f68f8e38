"""The guidance law behind `rendezvous`: plan to the score, intercept, brake, capture.

For every arrival time on a grid the law solves for the velocity that meets the target then
(Clohessy-Wiltshire), predicts the PE1 score of flying so, and takes the best. What it would change
in velocity becomes throttle, with dead bands: small corrections cost more than they earn.
All functions work on batches of n worlds; vectors are (n, 3) in the inertial frame, SI units.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.dynamics import MU, Array, cross, dot, norm, orbital_axes
from helmsight.envs.orbital.scoring import pursuit_score
from helmsight.envs.orbital.vehicles import DRONE


@dataclass(frozen=True)
class Law:
    """Settings of the guidance law.

    `arrival_speed` is the speed wanted at capture, m/s; `braking` the share of the fore-aft
    acceleration that the braking curve counts on; `forward_band` and `lateral_band` are dead
    bands, m/s, `noise_band` adds a share of the closing speed to them (readings are noisy in
    proportion to it); `margin` keeps the latest arrival before the timeout, s; `interval` is the
    time between decisions, s. Who is late brakes for the capture no further than to the speed that
    is there `reserve` s before the timeout: a pursuer that stays short of it has braked for
    nothing. None: it brakes all the same. `burning` is the share of the time to go above which
    burns, braking among them, count as coming too late.
    """

    arrival_speed: float = 2.5
    braking: float = 0.8
    forward_band: float = 0.3
    lateral_band: float = 0.1
    noise_band: float = 0.0
    margin: float = 12.0
    interval: float = 0.5
    timeout: float = 240.0
    reserve: float | None = None
    burning: float = 0.6


@dataclass(frozen=True)
class Situation:
    """What the law needs to know of n worlds: see the module for frames and units.

    `gap` points from pursuer to target; `velocity` is the pursuer's relative to the target;
    `target_acceleration` is what the target's own thrusters do as long as the pursuer is nearer
    than `waking_range`, (n,) m; `axes` (n, 3, 3) are the rows along which the pursuer's thrusters
    act, the first close to the line of sight.
    """

    gap: Array
    velocity: Array
    axes: Array
    target_position: Array
    target_velocity: Array
    target_acceleration: Array
    mass: Array
    fuel_used: Array
    met: Array
    waking_range: Array

    def of(self, worlds: NDArray[np.bool_]) -> Situation:
        """Return that of some of the worlds, `worlds` (n,)."""
        return Situation(**{part.name: getattr(self, part.name)[worlds] for part in fields(self)})

    @property
    def awake(self) -> Array:
        """The share of the way to the target on which it pushes, (n,): the last part."""
        distance = np.maximum(norm(self.gap), 1e-6)
        return np.asarray(np.minimum(1.0, self.waking_range / distance))


def throttle(now: Situation, law: Law) -> Array:
    """Return the throttles along `now.axes`, (n, 3) in [-1, 1]."""
    craft = DRONE
    distance = np.maximum(norm(now.gap), 1e-6)
    sight = now.gap / distance[:, None]
    closing = dot(now.velocity, sight)
    thrust = np.array([craft.forward_thrust, craft.lateral_thrust, craft.lateral_thrust])
    authority = thrust / now.mass[:, None]
    allowed = _braking_curve(now.met, distance, authority[:, 0], law)
    time_to_go = _arrival_time(now, distance, closing, authority[:, 0], law)
    braking = closing > allowed
    coming = 2.0 * distance / np.maximum(closing + law.arrival_speed, 0.5)
    time_to_go = np.where(braking, np.minimum(coming, time_to_go), time_to_go)
    change = _intercept_change(now, time_to_go)
    along = dot(change, sight)
    lateral = change - along[:, None] * sight
    along = np.where(braking, allowed - closing, np.minimum(along, allowed - closing))
    unsure = law.noise_band * np.abs(closing)
    coasts = np.where(along < 0.0, law.forward_band, law.forward_band + 3.0 * unsure)
    along = np.where(np.abs(along) < coasts, 0.0, along)
    lateral = lateral * (norm(lateral) > law.lateral_band + unsure)[:, None]
    wanted = along[:, None] * sight + lateral
    components = np.einsum("nij,nj->ni", now.axes, wanted)
    return np.asarray(np.clip(components / (authority * law.interval), -1.0, 1.0))


def _braking_curve(met: Array, distance: Array, authority: Array, law: Law) -> Array:
    """Return the closing speed above which the law brakes, m/s.

    It is the fastest that can still be braked to the arrival speed; with a reserve, no slower than
    what is there in time.
    """
    room = np.maximum(distance - 4.0, 0.0)
    fastest = np.sqrt(law.arrival_speed**2 + 2.0 * law.braking * authority * room)
    if law.reserve is not None:
        left = np.maximum(law.timeout - law.reserve - met, 1.0)
        fastest = np.maximum(fastest, room / left)
    return np.asarray(fastest)


def _target_frame(now: Situation) -> tuple[Array, Array, Array, Array]:
    """Return (rotation, mean motion, position, velocity) of the pursuer in the target's frame."""
    frame = orbital_axes(now.target_position, now.target_velocity)
    motion = np.sqrt(MU / norm(now.target_position) ** 3)
    position = -np.einsum("nij,nj->ni", frame, now.gap)
    spin = np.zeros_like(position)
    spin[:, 2] = motion
    velocity = np.einsum("nij,nj->ni", frame, now.velocity) - cross(spin, position)
    return frame, motion, position, velocity


def required_velocity(
    position: Array, goal: Array, motion: Array, times: Array
) -> tuple[Array, Array]:
    """Return the (velocity now, velocity on arrival) that lead from `position` to `goal`.

    All in the target's rotating (radial, along-track, normal) frame, shapes (..., 3), the target at
    its origin; `motion` is the target's mean motion, rad/s, `times` the time that it takes, s.
    Clohessy-Wiltshire equations (Vallado, ch. 6).
    """
    n, t = motion, times
    s, c = np.sin(n * t), np.cos(n * t)
    x, y, z = np.moveaxis(position, -1, 0)
    bx = goal[..., 0] - (4 - 3 * c) * x
    by = goal[..., 1] - (6 * (s - n * t) * x + y)
    bz = goal[..., 2] - c * z
    a11, a12, a22 = s / n, 2 * (1 - c) / n, (4 * s - 3 * n * t) / n
    determinant = a11 * a22 + a12 * a12
    vx = (a22 * bx - a12 * by) / determinant
    vy = (a12 * bx + a11 * by) / determinant
    vz = bz / np.where(np.abs(s) < 1e-9, 1e-9, s) * n
    ax = 3 * n * s * x + c * vx + 2 * s * vy
    ay = 6 * n * (c - 1) * x - 2 * s * vx + (4 * c - 3) * vy
    az = -n * s * z + c * vz
    return np.stack([vx, vy, vz], axis=-1), np.stack([ax, ay, az], axis=-1)


def _meeting(
    position: Array, push: Array, motion: Array, times: Array, awake: Array
) -> tuple[Array, Array]:
    """Return the velocities now and on arrival, both relative to a target that accelerates.

    `push` (..., 3) is the target's own acceleration in the last share `awake` of the time; frames
    and the rest as `required_velocity`.
    """
    pushed = times * awake
    goal = 0.5 * push * (pushed * pushed)[..., None]
    wanted, arrival = required_velocity(position, goal, motion, times)
    return wanted, arrival - push * pushed[..., None]


def _push(now: Situation, frame: Array) -> Array:
    return np.asarray(np.einsum("nij,nj->ni", frame, now.target_acceleration))


def _intercept_change(now: Situation, time_to_go: Array) -> Array:
    """Return the change of velocity now that meets the target after `time_to_go`, inertial m/s."""
    frame, motion, position, velocity = _target_frame(now)
    wanted, _ = _meeting(position, _push(now, frame), motion, time_to_go, now.awake)
    return np.asarray(np.einsum("nij,ni->nj", frame, wanted - velocity))


def _arrival_time(
    now: Situation, distance: Array, closing: Array, authority: Array, law: Law
) -> Array:
    """Return the time to go, (n,) s, whose predicted score is best among 60 on a grid."""
    frame, motion, position, velocity = _target_frame(now)
    latest = np.maximum(law.timeout - law.margin - now.met, 3.0)
    times = latest[:, None] * np.linspace(0.02, 1.0, 60) ** 1.5
    push = _push(now, frame)[:, None]
    wanted, arrival = _meeting(position[:, None], push, motion[:, None], times, now.awake[:, None])
    change = wanted - velocity[:, None]
    sight = -position / distance[:, None]
    along = np.abs(np.einsum("nkj,nj->nk", change, sight))
    across = np.sqrt(np.maximum(dot(change, change) - along**2, 0.0))
    meeting = norm(arrival)
    to_brake = np.maximum(meeting - law.arrival_speed, 0.0)
    # Sideways thrust falls on two axes at some roll: on average 4/pi times the vector sum.
    spent = along + 4.0 / np.pi * across + to_brake
    fuel = now.fuel_used[:, None] + now.mass[:, None] * spent / DRONE.exhaust_velocity
    rest = np.minimum(meeting, law.arrival_speed)
    score = pursuit_score(np.zeros_like(fuel), rest, fuel, now.met[:, None] + times)
    burning = np.maximum(along / authority[:, None], 2.0 * across / authority[:, None])
    burning += to_brake / (law.braking * authority[:, None])
    late = np.maximum(burning / times - law.burning, 0.0)
    best = np.argmin(score * (1.0 + 10.0 * late), axis=1)
    return np.asarray(times[np.arange(len(times)), best])
