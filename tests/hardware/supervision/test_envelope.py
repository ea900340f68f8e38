"""For any finite wish from any place within reach, what is sent lies inside every limit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.motion import EmulatedAxis
from helmsight.hardware.errors import TargetRefused
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.robot import JointTargets, Mode, RobotState, Twist
from helmsight.hardware.spec import RobotSpec, parse_spec
from helmsight.hardware.supervision.envelope import Cut, Envelope, stopping_way
from helmsight.hardware.supervision.interventions import Rule
from helmsight.hardware.supervision.limit_overrides import LimitOverrides, tightened

Array = NDArray[np.float64]
SLACK = 1e-6
OFTEN = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)

SCARA = """
name = "scara"
driver = "memory"
[port]
baud = 9600
[workspace]
lower = [0.05, -0.25, 0.02]
upper = [0.38, 0.25, 0.2]
[limits]
tool_speed = 0.15
horizon_s = 0.3
[[joint]]
name = "base"
kind = "revolute"
lower = -2.0
upper = 2.0
speed = 1.0
acceleration = 4.0
[[joint]]
name = "lift"
kind = "prismatic"
lower = 0.0
upper = 0.25
home = 0.1
speed = 0.1
acceleration = 0.5
[[joint]]
name = "elbow"
kind = "revolute"
lower = -2.5
upper = 2.5
home = 0.3
speed = 2.0
acceleration = 6.0
origin = [0.2, 0.0, 0.0]
[tool]
offset = [0.2, 0.0, 0.0]
"""


@pytest.fixture(params=["gantry", "arm", "scara"])
def envelope(
    request: pytest.FixtureRequest, gantry_spec: RobotSpec, arm_spec: RobotSpec
) -> Envelope:
    spec = {"arm": arm_spec, "gantry": gantry_spec}.get(request.param) or parse_spec(SCARA)
    return Envelope(spec, Kinematics(spec))


def still(spec: RobotSpec, positions: Any = None, velocities: Any = None) -> RobotState:
    here = tuple(spec.home if positions is None else positions)
    return RobotState(0.0, here, tuple(velocities or (0.0,) * len(here)), Mode.ready)


def rules(cuts: list[Cut]) -> set[Rule]:
    return {cut.rule for cut in cuts}


@st.composite
def situations(
    draw: st.DrawFn, spec: RobotSpec, *, within: bool = False
) -> tuple[RobotState, JointTargets]:
    """A reading within the joint limits, and a wish of any finite size, or `within` them too."""
    here, speeds, wish = [], [], []
    for joint in spec.joint:
        here.append(draw(st.floats(joint.lower, joint.upper)))
        speeds.append(draw(st.floats(-joint.speed, joint.speed)))
        near = st.floats(-1.0, 1.0).map(lambda way, at=here[-1]: at + 0.3 * way)  # type: ignore[misc]
        anywhere = st.floats(allow_nan=False, allow_infinity=False)
        inside = st.floats(joint.lower, joint.upper)
        wish.append(draw(inside if within else st.one_of(near, inside, anywhere)))
    if draw(st.booleans()):
        speeds = [0.0] * len(here)
    times = st.one_of(st.none(), st.floats(0.02, 1.0), st.floats(min_value=0, exclude_min=True))
    duration = draw(times.filter(lambda value: value is None or math.isfinite(value)))
    return (
        RobotState(0.0, tuple(here), tuple(speeds), Mode.moving),
        JointTargets(tuple(wish), duration),
    )


def points_on_the_way(spec: RobotSpec, kinematics: Kinematics, start: Any, end: Any) -> Array:
    shares = np.linspace(0.0, 1.0, 120)[:, None]
    way = np.asarray(start) + shares * (np.asarray(end) - np.asarray(start))
    return np.array([kinematics.pose(place)[0] for place in way])


def outside(spec: RobotSpec, points: Array) -> Array:
    over = np.maximum(np.array(spec.workspace.lower) - points, points - spec.workspace.upper)
    return np.linalg.norm(np.maximum(over, 0.0), axis=-1)


@pytest.mark.slow
@settings(OFTEN, max_examples=100)
@given(data=st.data())
def test_whatever_is_wished_what_is_sent_is_inside(envelope: Envelope, data: st.DataObject) -> None:
    spec, limits = envelope.spec, envelope.spec.limits
    state, wish = data.draw(situations(spec))
    sent, cuts = envelope.apply(state, wish)
    assert sent.duration_s is not None
    assert 0.0 < sent.duration_s <= limits.horizon_s
    for joint, here, speed, target in zip(
        spec.joint, state.positions, state.velocities, sent.positions, strict=True
    ):
        way = target - here
        along = math.copysign(speed, speed * way) if way and speed else 0.0
        fastest = max(0.0, along + joint.acceleration * sent.duration_s)
        assert joint.lower - SLACK <= target <= joint.upper + SLACK
        assert abs(way) <= joint.speed * sent.duration_s + SLACK
        assert abs(way) <= fastest * sent.duration_s + SLACK
        furthest = stopping_way(along, joint.speed, joint.acceleration, limits.horizon_s)
        assert abs(way) <= furthest + SLACK
    points = points_on_the_way(spec, envelope._path._kinematics, state.positions, sent.positions)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1) * (len(points) - 1) / sent.duration_s
    assert steps.max() <= limits.tool_speed + SLACK
    excess = outside(spec, points)
    assert excess.max() <= excess[0] + SLACK, "inside stays inside, outside never gets further out"
    changed = sent.positions != wish.positions or (wish.duration_s or 0.0) > sent.duration_s
    assert changed == bool(cuts), "nothing is changed without saying so"


@pytest.mark.slow
@settings(OFTEN, max_examples=50)
@given(data=st.data())
def test_a_wish_that_is_only_scaled_keeps_its_direction(
    envelope: Envelope, data: st.DataObject
) -> None:
    state, wish = data.draw(situations(envelope.spec, within=True))
    sent, cuts = envelope.apply(state, wish)
    assert Rule.joint_limit not in rules(cuts)
    arm = list(envelope.spec.chain)
    here = np.array(state.positions)[arm]
    wanted = np.array(wish.positions)[arm] - here
    got = np.array(sent.positions)[arm] - here
    length = float(np.linalg.norm(wanted))
    assume(length > 1e-9)
    share = float(got @ wanted) / length**2
    assert -1e-9 <= share <= 1.0 + 1e-9
    assert got == pytest.approx(share * wanted, abs=1e-9)


@pytest.mark.slow
@pytest.mark.uncounted
@settings(OFTEN, max_examples=50)
@given(data=st.data())
def test_what_was_sent_is_a_wish_that_passes_unchanged(
    envelope: Envelope, data: st.DataObject
) -> None:
    """A little less than what was allowed is inside everything, and stays bit for bit."""
    state, wish = data.draw(situations(envelope.spec))
    start = envelope._path._kinematics.pose(state.positions)[0]
    assume(outside(envelope.spec, start) == 0.0)
    sent, _ = envelope.apply(state, wish)
    less = tuple(
        here + 0.95 * (target - here)
        for here, target in zip(state.positions, sent.positions, strict=True)
    )
    again, cuts = envelope.apply(state, replace(sent, positions=less))
    assert again.positions == less
    assert cuts == []


@pytest.mark.slow
@pytest.mark.uncounted
@settings(OFTEN, max_examples=50)
@given(data=st.data())
def test_any_finite_twist_ends_inside_too(envelope: Envelope, data: st.DataObject) -> None:
    number = st.one_of(st.floats(-0.5, 0.5), st.floats(allow_nan=False, allow_infinity=False))
    three = st.tuples(number, number, number)
    times = st.one_of(st.none(), st.floats(1e-9, 1e9))
    twist = Twist(data.draw(three), data.draw(three), data.draw(times))
    spec, kinematics = envelope.spec, envelope._path._kinematics
    calm, _ = envelope.bounded(twist)
    assert isinstance(calm, Twist)
    assert calm.duration_s is not None
    after = kinematics.after(spec.home, calm.linear, calm.angular, calm.duration_s)
    sent, _ = envelope.apply(still(spec), JointTargets(after, calm.duration_s))
    assert sent.duration_s is not None
    points = points_on_the_way(spec, kinematics, spec.home, sent.positions)
    length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    assert length <= spec.limits.tool_speed * sent.duration_s + SLACK
    assert outside(spec, points).max() <= outside(spec, points)[0] + SLACK


@given(
    velocity=st.floats(-2.0, 2.0),
    speed=st.floats(0.1, 2.0),
    acceleration=st.floats(0.5, 20.0),
    within_s=st.floats(0.05, 1.0),
)
def test_a_way_that_may_be_gone_is_gone_in_time(
    velocity: float, speed: float, acceleration: float, within_s: float
) -> None:
    velocity = max(-speed, min(speed, velocity))
    way = stopping_way(velocity, speed, acceleration, within_s)
    assert way <= speed * within_s + velocity**2 / (2 * acceleration)
    assume(way > 0.0)
    assume(velocity / acceleration < within_s - 0.01)
    axis = EmulatedAxis(0.0, velocity, way, speed=speed, acceleration=acceleration)
    axis.advance(within_s * 1.02 + 0.012)
    assert axis.position == pytest.approx(way, abs=0.004 * speed)
    longer = 1.05 * way + 0.02 * speed
    axis = EmulatedAxis(0.0, velocity, longer, speed=speed, acceleration=acceleration)
    axis.advance(within_s)
    assert axis.moving, "it is the longest way"


def test_a_joint_at_full_speed_may_go_on_at_it() -> None:
    assert stopping_way(1.0, 1.0, 10.0, 0.5) == pytest.approx(0.45 + 0.05 / 2 - 0.05 / 2)
    assert stopping_way(0.0, 1.0, 10.0, 0.5) == pytest.approx(0.4)
    assert stopping_way(-1.0, 1.0, 10.0, 0.5) == pytest.approx(0.25)
    assert stopping_way(1.0, 1.0, 10.0, 0.05) == pytest.approx(0.05), "no device brakes faster"


def test_a_wish_within_everything_is_the_same_object_of_numbers(envelope: Envelope) -> None:
    spec = envelope.spec
    wish = tuple(
        place + 1e-3 * joint.speed for place, joint in zip(spec.home, spec.joint, strict=True)
    )
    start = tuple(place + 1e-4 for place in spec.home)
    sent, cuts = envelope.apply(still(spec, start), JointTargets(wish, 0.25))
    assert sent == JointTargets(wish, 0.25)
    assert cuts == []


def test_each_rule_says_which_joint_and_how_much(arm_spec: RobotSpec) -> None:
    envelope, home = Envelope(arm_spec, Kinematics(arm_spec)), list(arm_spec.home)

    def cut(index: int, value: float, duration: float | None = None) -> Cut:
        wish = list(home)
        wish[index] = value
        _, cuts = envelope.apply(still(arm_spec), JointTargets(tuple(wish), duration))
        return cuts[0]

    assert cut(3, 9.0).rule is Rule.joint_limit
    assert "roll was to go to 9 rad" in cut(3, 9.0).text
    assert "2.9 rad at most" in cut(3, 9.0).text
    assert cut(3, 2.0).rule is Rule.step
    assert "within 0.5 s" in cut(3, 2.0).text
    assert cut(3, 0.31, 0.2).rule is Rule.speed
    assert "1.5 rad/s" in cut(3, 0.31, 0.2).text
    assert cut(3, 0.05, 0.05).rule is Rule.acceleration
    assert cut(3, 0.05, 3.0).rule is Rule.step
    assert "3 s is longer than 0.5 s" in cut(3, 0.05, 3.0).text
    assert cut(0, 0.5).rule is Rule.step


def test_a_fast_tool_and_a_wall_are_told(gantry_spec: RobotSpec) -> None:
    envelope = Envelope(gantry_spec, Kinematics(gantry_spec), LimitOverrides(tool_speed=0.01))
    sent, cuts = envelope.apply(still(gantry_spec), JointTargets((0.145, 0.085, 0.02), 0.4))
    assert rules(cuts) == {Rule.tool_speed}
    assert sent.positions == pytest.approx((0.144, 0.085, 0.02))
    low = LimitOverrides(workspace={"lower": (0.0, 0.0, 0.0), "upper": (0.28, 0.17, 0.02)})  # type: ignore[arg-type]
    envelope = Envelope(gantry_spec, Kinematics(gantry_spec), low)
    start = (0.1, 0.1, 0.018)
    sent, cuts = envelope.apply(still(gantry_spec, start), JointTargets((0.104, 0.1, 0.022), 0.5))
    assert rules(cuts) == {Rule.workspace}
    assert sent.positions == pytest.approx((0.102, 0.1, 0.02), abs=1e-7)


def test_a_tool_that_is_outside_may_come_back_and_nothing_else(gantry_spec: RobotSpec) -> None:
    low = LimitOverrides(workspace={"lower": (0.0, 0.0, 0.0), "upper": (0.28, 0.17, 0.02)})  # type: ignore[arg-type]
    envelope = Envelope(gantry_spec, Kinematics(gantry_spec), low)
    start = (0.1, 0.1, 0.03)
    for wish in ((0.1, 0.1, 0.034), (0.104, 0.1, 0.03), (0.104, 0.1, 0.031)):
        sent, cuts = envelope.apply(still(gantry_spec, start), JointTargets(wish, 0.5))
        assert sent.positions == start
        assert rules(cuts) == {Rule.workspace}
        assert "did not move" in cuts[0].text
    back = JointTargets((0.104, 0.1, 0.027), 0.5)
    assert envelope.apply(still(gantry_spec, start), back) == (back, [])


def test_a_tool_at_the_wall_slides_along_it(gantry_spec: RobotSpec) -> None:
    low = LimitOverrides(workspace={"lower": (0.0, 0.0, 0.0), "upper": (0.28, 0.17, 0.02)})  # type: ignore[arg-type]
    envelope = Envelope(gantry_spec, Kinematics(gantry_spec), low)
    for z in (0.02, 0.0202):  # a tick outside by the reading
        along = JointTargets((0.104, 0.1, z), 0.5)
        assert envelope.apply(still(gantry_spec, (0.1, 0.1, z)), along) == (along, [])
        sent, cuts = envelope.apply(
            still(gantry_spec, (0.1, 0.1, z)), JointTargets((0.1, 0.1, z + 0.003), 0.5)
        )
        assert sent.positions[2] == pytest.approx(z, abs=1e-7)
        assert rules(cuts) == {Rule.workspace}


def test_a_joint_beyond_its_limit_is_led_back(arm_spec: RobotSpec) -> None:
    envelope = Envelope(arm_spec, Kinematics(arm_spec))
    start = list(arm_spec.home)
    start[3] = 3.1
    sent, _ = envelope.apply(still(arm_spec, start), JointTargets(tuple(start), 0.01))
    assert sent.positions[3] == pytest.approx(2.9)
    assert sent.duration_s == pytest.approx(0.2 / 1.5), "no faster than the joint may go"
    start[3] = 4.0
    with pytest.raises(TargetRefused, match=r"roll is at 4 rad.*by hand"):
        envelope.apply(still(arm_spec, start), JointTargets(arm_spec.home))


def test_the_jaw_does_not_slow_the_arm(arm_spec: RobotSpec) -> None:
    envelope = Envelope(arm_spec, Kinematics(arm_spec))
    wish = (*(place + 0.02 for place in arm_spec.home[:5]), -0.1)
    sent, cuts = envelope.apply(still(arm_spec), JointTargets(wish, 0.2))
    assert sent.positions[:5] == wish[:5]
    assert -0.1 < sent.positions[5] < arm_spec.home[5]
    assert [cut.text.split()[0] for cut in cuts] == ["jaw"]


@pytest.mark.parametrize(
    "wish",
    [
        JointTargets((math.nan,) * 6),
        JointTargets((math.inf,) * 6),
        JointTargets((0.0,) * 5),
        JointTargets((0.0,) * 6, 0.0),
        JointTargets((0.0,) * 6, math.nan),
        JointTargets((0.0,) * 6, -1.0),
        JointTargets(("a",) * 6),  # type: ignore[arg-type]
        JointTargets(None),  # type: ignore[arg-type]
        Twist((0.0, 0.0, math.nan)),
        Twist((0.0, 0.0, 0.0), (math.inf, 0.0, 0.0)),
        Twist((0.0, 0.0)),  # type: ignore[arg-type]
        Twist((0.0, 0.0, 0.1), duration_s=math.inf),
        "up",
        None,
    ],
    ids=repr,
)
def test_what_is_no_wish_is_refused(arm_spec: RobotSpec, wish: Any) -> None:
    with pytest.raises(TargetRefused, match="finite numbers"):
        Envelope(arm_spec, Kinematics(arm_spec)).bounded(wish)


def test_limits_can_be_tightened(arm_spec: RobotSpec) -> None:
    tight = tightened(
        arm_spec,
        {
            "speed": 0.5,
            "acceleration": 0.25,
            "tool_speed": 0.1,
            "horizon_s": 0.2,
            "joints": {"roll": (-1.0, 1.0)},
            "workspace": {"lower": (-0.1, -0.1, 0.1), "upper": (0.1, 0.1, 0.5)},
        },
    )
    assert tight.joint[0].speed == 0.75
    assert tight.joint[0].acceleration == 2.0
    assert (tight.joint[3].lower, tight.joint[3].upper) == (-1.0, 1.0)
    assert (tight.limits.tool_speed, tight.limits.horizon_s) == (0.1, 0.2)
    assert tight.workspace.upper == (0.1, 0.1, 0.5)
    assert tightened(arm_spec, None) == arm_spec


@pytest.mark.parametrize(
    "limits",
    [
        {"speed": 1.01},
        {"speed": 0.0},
        {"acceleration": 2.0},
        {"acceleration": math.nan},
        {"tool_speed": 0.26},
        {"tool_speed": math.inf},
        {"horizon_s": 0.6},
        {"horizon_s": -0.1},
        {"joints": {"roll": (-3.0, 1.0)}},
        {"joints": {"roll": (0.5, 0.5)}},
        {"joints": {"nose": (-1.0, 1.0)}},
        {"joints": {"roll": (math.nan, 1.0)}},
        {"workspace": {"lower": (-0.5, -0.1, 0.1), "upper": (0.1, 0.1, 0.5)}},
        {"enabled": False},
    ],
    ids=str,
)
def test_limits_cannot_be_widened_or_lifted(arm_spec: RobotSpec, limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        tightened(arm_spec, limits)
