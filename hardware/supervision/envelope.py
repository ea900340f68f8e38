"""What may be sent to a robot: pure arithmetic from a reading and a wish, nothing remembered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helmsight.hardware.errors import TargetRefused
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.robot import JointTargets, Motion, RobotState, Twist
from helmsight.hardware.spec import Joint, RobotSpec
from helmsight.hardware.supervision.interventions import Rule
from helmsight.hardware.supervision.limit_overrides import LimitOverrides, tightened
from helmsight.hardware.supervision.toolpath import ToolPath

Array = NDArray[np.float64]
SHORTEST_S = 1e-3  # of a step; below it the division by its duration says nothing


@dataclass(frozen=True)
class Cut:
    """One thing that was taken from a wish, in words."""

    rule: Rule
    text: str


def stopping_way(velocity: float, speed: float, acceleration: float, within_s: float) -> float:
    """Return the longest way that begins at `velocity` and ends at rest within `within_s`.

    Trapezoidal profile; velocity is positive along the way, negative against it. Never below 0;
    never below the braking distance, since no device can do better.
    """
    velocity = min(velocity, speed)
    peak = (acceleration * within_s + velocity) / 2.0
    if peak <= max(velocity, 0.0):
        return velocity**2 / (2.0 * acceleration) if velocity > 0.0 else 0.0
    peak = min(speed, peak)
    rise = (peak - velocity) / acceleration
    cruise = within_s - rise - peak / acceleration
    way = (peak + velocity) / 2.0 * rise + peak * cruise + peak**2 / (2.0 * acceleration)
    return max(0.0, way)


class Envelope:
    """The limits of one robot, applied to one wish at a time.

    For a step from the reading (positions q, velocities v) to targets t in d seconds, each joint:
    lower <= t <= upper; |t - q| <= speed d; the mean velocity (t - q) / d is at most acceleration d
    beyond v; accelerating, going and coming to rest takes at most the horizon. For the tool point,
    with the joints going straight and evenly: tool speed and workspace, on the whole way. A joint
    beyond its limit is set to the limit; everything else is scaled along the way, all joints of
    the arm alike, so the direction stays. A joint that is the tool is scaled by itself.
    Not seen from here: the bend of the way while joints still brake from their last direction. With
    a pilot that changes its mind at random several times a second, emulated arms came 3 mm out of
    the box at most and the tool 1.6 times its speed for moments; joints stayed within their limits.
    """

    def __init__(
        self,
        spec: RobotSpec,
        kinematics: Kinematics,
        limits: LimitOverrides | Mapping[str, object] | None = None,
    ) -> None:
        self.hard = spec
        self.spec = tightened(spec, limits)
        self._path = ToolPath(self.spec, kinematics)
        self._turning = sum(
            self.spec.joint[i].speed for i in spec.chain if spec.joint[i].kind == "revolute"
        )
        tool = [i for i in range(len(spec.joint)) if i not in spec.chain]
        self._groups = [list(spec.chain), *([i] for i in tool)]

    def bounded(self, motion: Motion) -> tuple[Motion, list[Cut]]:
        """Return `motion` with a whole and finite shape, a twist within tool speed and horizon.

        Raises:
            TargetRefused: it is malformed or not finite.
        """
        expected = 6 if isinstance(motion, Twist) else len(self.spec.joint)
        try:
            numbers = (
                (*motion.linear, *motion.angular)
                if isinstance(motion, Twist)
                else tuple(motion.positions)
            )
            whole = len(numbers) == expected and all(map(math.isfinite, numbers))
            timed = motion.duration_s is None or 0.0 < motion.duration_s < math.inf
        except (TypeError, AttributeError):  # not numbers, or no motion at all
            whole = timed = False
        if not (whole and timed):
            raise TargetRefused(
                f"{motion}: expected {expected} finite numbers and a duration above 0 s or none; "
                "nothing was sent, the robot holds"
            )
        return self._calmed(motion) if isinstance(motion, Twist) else (motion, [])

    def _calmed(self, twist: Twist) -> tuple[Twist, list[Cut]]:
        """Return a twist that is worth computing: slow enough, within the horizon."""
        cuts, limits = [], self.spec.limits
        duration = twist.duration_s or limits.horizon_s
        if duration > limits.horizon_s:
            cuts.append(_too_long(duration, limits.horizon_s))
            duration = limits.horizon_s
        linear, angular = math.hypot(*twist.linear), math.hypot(*twist.angular)
        share = 1.0
        if linear > limits.tool_speed:
            share = limits.tool_speed / linear
            cuts.append(_too_fast(linear, limits.tool_speed, share))
        turn = twist.angular if self._turning else (0.0, 0.0, 0.0)
        if self._turning and angular * share > self._turning:
            share = self._turning / angular
            text = f"turning at {angular:.3g} rad/s is more than the joints can do together"
            cuts.append(Cut(Rule.speed, f"{text}: {_done(share)}"))
        x, y, z = (share * value for value in twist.linear)
        a, b, c = (share * value for value in turn)
        return Twist((x, y, z), (a, b, c), duration, twist.tool), cuts

    def apply(self, state: RobotState, wish: JointTargets) -> tuple[JointTargets, list[Cut]]:
        """Return what may be sent of a bounded `wish`, with its duration, and what was cut.

        Raises:
            TargetRefused: a joint is so far beyond its limits that no single step leads back.
        """
        limits = self.spec.limits
        duration = max(SHORTEST_S, wish.duration_s or limits.horizon_s)
        # In this order: targets into the joint limits; the way into one horizon; the way into what
        # the joints can do; the way into what the tool may do. Each step only shortens the way, so
        # none undoes one before it.
        here, duration = self._start(state, duration)
        wanted = np.array(wish.positions, dtype=np.float64)
        lower, upper = _column(self.spec, "lower"), _column(self.spec, "upper")
        goal = np.clip(wanted, lower, upper)
        cuts = [self._beyond(int(i), wanted[i]) for i in np.flatnonzero(goal != wanted)]
        if duration > limits.horizon_s:
            cuts.append(_too_long(duration, limits.horizon_s))
            goal = here + (goal - here) * (limits.horizon_s / duration)
            duration = limits.horizon_s
        for group in self._groups:
            goal, cut = self._in_joint_space(state, here, goal, duration, group)
            cuts += cut
        share, rule = self._path.furthest(here, goal, duration)
        if rule is not None:
            arm = list(self.spec.chain)
            cuts.append(self._at_the_tool(rule, here, goal, duration, share))
            goal[arm] = here[arm] + share * (goal - here)[arm]
        positions = tuple(map(float, goal)) if cuts else wish.positions
        return replace(wish, positions=positions, duration_s=duration), cuts

    def _start(self, state: RobotState, duration: float) -> tuple[Array, float]:
        """Return where the step begins: the reading, or the limit if a joint is beyond it."""
        read = np.array(state.positions, dtype=np.float64)
        here = np.clip(read, _column(self.hard, "lower"), _column(self.hard, "upper"))
        beyond = np.abs(here - read) / _column(self.spec, "speed")
        worst = int(np.argmax(beyond))
        if beyond[worst] > self.spec.limits.horizon_s:
            joint = self.hard.joint[worst]
            raise TargetRefused(
                f"{joint.name} is at {_amount(joint, read[worst])}, its limits are "
                f"{joint.lower:.4g} to {_amount(joint, joint.upper)}: too far outside to drive "
                "back. Move it back by hand, or check its calibration"
            )
        return here, max(duration, float(beyond[worst]))

    def _in_joint_space(
        self, state: RobotState, here: Array, goal: Array, duration: float, group: list[int]
    ) -> tuple[Array, list[Cut]]:
        """Return `goal` with one group of joints scaled to what they can do in the step."""
        share, cut = 1.0, None
        for i in group:
            way = abs(goal[i] - here[i])
            if way == 0.0:
                continue
            along = math.copysign(1.0, goal[i] - here[i])
            room, rule = self._room(i, along * state.velocities[i], duration, way)
            # A joint beyond its limit first has to come back to it, which counts as well.
            room = max(0.0, room - abs(here[i] - state.positions[i]))
            if room < way * share:
                share = room / way
                cut = (i, rule, way, room)
        if cut is None:
            return goal, []
        i, rule, way, room = cut
        joint = self.spec.joint[i]
        why = {
            Rule.step: f"further than it can go and stand within {self.spec.limits.horizon_s:g} s",
            Rule.speed: f"faster than {_amount(joint, joint.speed)}/s",
            Rule.acceleration: f"more speeding up than {_amount(joint, joint.acceleration)}/s^2",
        }[rule]
        scaled = goal.copy()
        scaled[group] = here[group] + share * (goal - here)[group]
        text = f"{joint.name} was to go {_amount(joint, way)} in {duration:.3g} s, {why}"
        return scaled, [Cut(rule, f"{text}: {_done(share)}")]

    def _room(self, i: int, velocity: float, duration: float, way: float) -> tuple[float, Rule]:
        """Return how far joint i may go, rad or m, and the rule that says so.

        velocity: by the reading, positive along the way.
        """
        joint, horizon = self.spec.joint[i], self.spec.limits.horizon_s
        rooms = {
            Rule.step: stopping_way(velocity, joint.speed, joint.acceleration, horizon),
            Rule.speed: joint.speed * duration,
            Rule.acceleration: max(0.0, velocity + joint.acceleration * duration) * duration,
        }
        rule = min(rooms, key=lambda name: rooms[name])
        return rooms[rule], rule

    def _beyond(self, i: int, wanted: float) -> Cut:
        joint = self.spec.joint[i]
        limit = joint.upper if wanted > joint.upper else joint.lower
        return Cut(
            Rule.joint_limit,
            f"{joint.name} was to go to {_amount(joint, wanted)}, beyond its limit: "
            f"it goes to {_amount(joint, limit)} at most",
        )

    def _at_the_tool(
        self, rule: Rule, here: Array, goal: Array, duration: float, share: float
    ) -> Cut:
        if rule is Rule.tool_speed:
            limit = self.spec.limits.tool_speed
            return Cut(rule, f"the tool was to move faster than {limit:g} m/s: {_done(share)}")
        if share == 0.0:
            return Cut(rule, "the tool was to leave the workspace, or is outside and was not to "
                       "come closer: the arm did not move")  # fmt: skip
        return Cut(rule, f"the tool was to leave the workspace: {_done(share)}")


def _column(spec: RobotSpec, name: str) -> Array:
    return np.array([getattr(joint, name) for joint in spec.joint], dtype=np.float64)


def _too_long(duration: float, horizon: float) -> Cut:
    text = f"a step of {duration:.3g} s is longer than {horizon:g} s: only its first part was done"
    return Cut(Rule.step, text)


def _too_fast(speed: float, limit: float, share: float) -> Cut:
    text = f"the tool was to move at {speed:.3g} m/s, at most {limit:g} m/s: {_done(share)}"
    return Cut(Rule.tool_speed, text)


def _amount(joint: Joint, value: float) -> str:
    return f"{value:.4g} {'rad' if joint.kind == 'revolute' else 'm'}"


def _done(share: float) -> str:
    percent = 100.0 * share
    return "it did not move" if percent == 0.0 else f"{percent:.2g} % of the way was done"
