"""A far target in supervised steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from helmsight.hardware.errors import NotReached
from helmsight.hardware.robot import JointTargets, RobotState, Sent
from helmsight.hardware.spec import Joint, RobotSpec

PERIOD_S = 0.1  # between two steps
PATIENCE_S = 1.5  # without getting closer
NEAR = {"revolute": 0.02, "prismatic": 1e-3}  # rad, m: what counts as there


def reach(
    spec: RobotSpec,
    targets: Sequence[float],
    timeout_s: float,
    *,
    state: Callable[[], RobotState],
    step: Callable[[JointTargets], Sent],
    wait: Callable[[], None],
) -> RobotState:
    """Step towards `targets` (rad or m, all joints) until there and standing; return the state.

    step: a supervised move. wait: a sign of life without one: a device that is nearly there
    settles, where another command would set it moving again.

    Raises:
        NotReached: not within `timeout_s`, or no step brings it closer any more.
    """
    start = time.monotonic()
    best, since = float("inf"), start  # the smallest distance so far, and when it was seen
    cuts: tuple[str, ...] = ()
    while True:
        now, here = time.monotonic(), state()
        left = [goal - place for goal, place in zip(targets, here.positions, strict=True)]
        near = all(abs(way) <= NEAR[j.kind] for way, j in zip(left, spec.joint, strict=True))
        if near and here.standing:
            return here
        distance = max(abs(way) / NEAR[j.kind] for way, j in zip(left, spec.joint, strict=True))
        if distance < best - 0.1:
            best, since = distance, now
        if now - start > timeout_s or now - since > PATIENCE_S:
            far = ", ".join(
                f"{j.name} {way:.3g} {'rad' if j.kind == 'revolute' else 'm'}"
                for way, j in zip(left, spec.joint, strict=True)
                if abs(way) > NEAR[j.kind]
            )
            raise NotReached(
                f"not there after {now - start:.1f} s, still to go: {far or 'it does not settle'}. "
                f"{'; '.join(cuts) or 'Is something in its way, or the time too short?'}"
            )
        if near:
            wait()
        else:
            needed = max(_needed_s(abs(way), j) for way, j in zip(left, spec.joint, strict=True))
            wish = JointTargets(tuple(targets), min(spec.limits.horizon_s, needed))
            cuts = step(wish).notes
        time.sleep(PERIOD_S)


def _needed_s(way: float, joint: Joint) -> float:
    """Return a duration that neither speed nor acceleration limits cut, from rest."""
    return way / joint.speed + joint.speed / joint.acceleration
