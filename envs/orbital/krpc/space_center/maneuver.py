"""Planned burns: what a manoeuvre node stands for, as plain numbers and vectors.

A burn is planned on the orbit that leads to it: the vessel's own, or the one that the burn before
it leaves behind. That orbit is kept as it was when the plan was made or changed. What is left of a
burn is the difference, at its time, between the velocities of the planned orbit and of the one that
the vessel is on by now. It falls to nothing as the craft burns, early or late, and it is what KSP's
navball and SAS point at.

Vectors here are in the inertial frame of the dynamics, m and m/s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count

from helmsight.envs.orbital.krpc.errors import (
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.space_center import motion
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.vectors import (
    Vector,
    add,
    cross,
    length,
    scale,
    subtract,
    unit,
)

MOST = 100  # burns planned for one vessel
LATE = 0.5
"""How far back a burn may be planned, s: a script that says "now" is heard a little later."""
FURTHEST = 1e12  # s
FASTEST = 1e6  # m/s
_NUMBERS = count(1)


@dataclass(frozen=True)
class Plan:
    """A burn as it was planned at `ut`, s; speeds are in m/s.

    `number` stays the same when the plan changes. `before` is the orbit that leads to the burn.
    """

    number: int
    ut: float
    prograde: float
    normal: float
    radial: float
    before: Conic

    @cached_property
    def state(self) -> tuple[Vector, Vector]:
        """Position and velocity before the burn."""
        return self.before.state_at(self.ut)

    @cached_property
    def burn(self) -> Vector:
        """The change of velocity."""
        place, velocity = self.state
        ahead, normal = unit(velocity), unit(cross(place, velocity))
        burn = add(scale(ahead, self.prograde), scale(normal, self.normal))
        return add(burn, scale(cross(ahead, normal), self.radial))

    @cached_property
    def orbit(self) -> Conic:
        """The orbit that the burn leads to."""
        place, velocity = self.state
        return Conic.through(place, add(velocity, self.burn), self.before.mu, self.ut)


def plans(vessel: VesselHandle) -> list[Plan]:
    """Return the burns that are planned for a vessel, from first to last."""
    return vessel.craft().plans


def find_plan(vessel: VesselHandle, number: int) -> Plan:
    """Return a planned burn.

    Raises:
        InvalidOperationException: it was removed.
    """
    for plan in plans(vessel):
        if plan.number == number:
            return plan
    raise InvalidOperationException(
        f"this node is no longer in the flight plan of {vessel.craft().name}; Control.Nodes tells "
        "which are"
    )


def add_plan(vessel: VesselHandle, ut: float, prograde: float, normal: float, radial: float) -> int:
    """Plan a burn and return its number.

    Raises:
        ArgumentOutOfRangeException: its time is past, or a number is none.
        InvalidOperationException: a hundred are planned.
    """
    if len(plans(vessel)) >= MOST:
        raise InvalidOperationException(
            f"{vessel.craft().name} has {MOST} nodes already; remove one first"
        )
    _check_time(vessel, ut)
    plan = Plan(next(_NUMBERS), ut, prograde, normal, radial, motion.orbit(vessel))
    _set(vessel, [*plans(vessel), plan], ut)
    return plan.number


def change_plan(vessel: VesselHandle, number: int, **values: float) -> None:
    """Change `ut`, `prograde`, `normal` or `radial` of a planned burn, and what follows from it.

    Raises:
        ArgumentOutOfRangeException: its time is past, or a number is none.
        InvalidOperationException: it was removed.
    """
    old = find_plan(vessel, number)
    if "ut" in values:
        _check_time(vessel, values["ut"])
    new = replace(old, **values)  # type: ignore[arg-type]  # the orbit before it is found anew
    others = [plan for plan in plans(vessel) if plan.number != number]
    _set(vessel, [*others, new], min(old.ut, new.ut))


def remove_plan(vessel: VesselHandle, number: int) -> None:
    """Forget a planned burn; those after it are planned anew.

    Raises:
        InvalidOperationException: it was removed.
    """
    gone = find_plan(vessel, number)
    _set(vessel, [plan for plan in plans(vessel) if plan is not gone], gone.ut)


def remove_plans(vessel: VesselHandle) -> None:
    """Forget all planned burns."""
    _set(vessel, [], 0.0)


def remaining(vessel: VesselHandle, plan: Plan) -> Vector:
    """Return the change of velocity that is left of a planned burn.

    Of a burn that others come before it is all: the orbit that leads to it is a planned one.
    """
    before = motion.orbit(vessel) if plan is plans(vessel)[0] else plan.before
    return subtract(plan.orbit.state_at(plan.ut)[1], before.state_at(plan.ut)[1])


def _check_time(vessel: VesselHandle, ut: float) -> None:
    now = vessel.game.ut
    if not now - LATE <= ut <= FURTHEST:
        raise ArgumentOutOfRangeException(
            f"ut is {ut}, and a node cannot lie in the past; give {now:.2f} (now) to {FURTHEST:g}"
        )


def _set(vessel: VesselHandle, chosen: list[Plan], since: float) -> None:
    """Make these the burns of a vessel, those at or after `since` planned anew.

    Raises:
        ArgumentOutOfRangeException: a speed is none, or leaves the craft standing.
    """
    done: list[Plan] = []
    for plan in sorted(chosen, key=lambda plan: (plan.ut, plan.number)):
        if plan.ut >= since:
            plan = replace(plan, before=done[-1].orbit if done else motion.orbit(vessel))
            _check_speeds(plan)
        done.append(plan)
    vessel.craft().plans = done


def _check_speeds(plan: Plan) -> None:
    for name in ("prograde", "normal", "radial"):
        speed = getattr(plan, name)
        if not abs(speed) <= FASTEST:
            raise ArgumentOutOfRangeException(
                f"{name} is {speed} m/s; give {-FASTEST:g} to {FASTEST:g}"
            )
    place, velocity = plan.state
    after = cross(place, add(velocity, plan.burn))
    if length(after) < 1e-9 * length(cross(place, velocity)):
        raise ArgumentOutOfRangeException(
            "prograde, normal and radial leave the craft no speed to orbit with; give less"
        )
