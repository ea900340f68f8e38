"""Between every pilot and every robot: cuts that are told, targets reached in steps."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from random import Random

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.errors import NotReached, TargetRefused
from helmsight.hardware.robot import JointTargets, Twist
from helmsight.hardware.supervision.interventions import REPORTED, Intervention, Rule
from helmsight.hardware.supervisor import Supervisor

# -- limits -----------------------------------------------------------------------------------


def test_a_wish_within_the_limits_goes_through_as_it_is(supervisor, arm, near) -> None:
    sent = supervisor.move(JointTargets(near(supervisor), 0.2))
    assert arm.sent == [JointTargets(near(supervisor), 0.2)]
    assert (sent.positions, sent.duration_s, sent.notes) == (near(supervisor), 0.2, ())
    assert supervisor.events == ()
    assert supervisor.feedback() == ""


def test_a_wish_without_duration_gets_the_horizon(supervisor, arm, near) -> None:
    supervisor.move(JointTargets(near(supervisor)))
    assert arm.sent[0].duration_s == 0.5


def test_what_is_cut_is_told_with_wanted_and_sent(supervisor, arm, heard, clock, rules) -> None:
    wish = JointTargets((*supervisor.spec.home[:3], 99.0, *supervisor.spec.home[4:]), 0.5)
    sent = supervisor.move(wish)
    assert 0.0 < arm.sent[0].positions[3] < 0.75
    assert rules(supervisor) == [Rule.joint_limit, Rule.step]
    event = heard[0]
    assert (event.wanted, event.stamp_s) == (wish, clock.now)
    assert event.sent.positions == sent.positions == arm.sent[0].positions
    text = supervisor.feedback()
    assert text == "\n".join(sent.notes)
    assert "roll was to go to 99 rad, beyond its limit: it goes to 2.9 rad at most" in text
    assert "% of the way was done" in text
    assert supervisor.feedback() == "", "told once"


def test_the_reading_is_fresh_at_every_move(supervisor, arm, clock, near) -> None:
    """Someone pushed the arm: the next step starts from where it is, not from what was sent."""
    supervisor.move(JointTargets(near(supervisor), 0.2))
    clock.now += 0.4
    arm.axes[3].position = arm.axes[3].target = -1.0
    supervisor.move(JointTargets(near(supervisor), 0.2))
    assert arm.sent[-1].positions[3] < -0.6


def test_speed_that_was_gained_may_be_kept(supervisor, arm, clock) -> None:
    """At 20 Hz the steps grow with the speed that is read back, up to the joint's own."""
    ways = []
    for _ in range(12):
        here = supervisor.state().positions[3]
        supervisor.move(
            JointTargets((*supervisor.spec.home[:3], here + 1.0, *supervisor.spec.home[4:]), 0.05)
        )
        ways.append(arm.sent[-1].positions[3] - here)
        clock.now += 0.02
    assert ways[0] == pytest.approx(8.0 * 0.05**2)
    assert ways[5] > 2.0 * ways[0]
    assert max(ways) <= 1.5 * 0.05 + 1e-9


def test_a_twist_is_carried_out_within_the_limits(supervisor, arm, clock, rules) -> None:
    start, _ = supervisor.kinematics.pose(arm.spec.home)
    supervisor.move(Twist((0.0, 0.05, 0.0), duration_s=0.4))
    assert supervisor.events == ()
    clock.now += 1.0
    end, _ = supervisor.kinematics.pose(supervisor.state().positions)
    assert end - start == pytest.approx([0.0, 0.02, 0.0], abs=1e-3)
    supervisor.move(Twist((0.0, 5.0, 0.0), duration_s=4e9))
    assert {Rule.step, Rule.tool_speed} <= set(rules(supervisor))
    assert "at most 0.25 m/s" in supervisor.feedback()


def test_the_tool_bit_moves_the_jaw_within_its_limits(supervisor, arm, clock) -> None:
    sent = supervisor.move(Twist((0.0, 0.0, 0.0), duration_s=0.1, tool=True))
    assert sent.tool is True
    assert 0.5 - 1.5 * 0.1 - 1e-9 <= arm.sent[0].positions[5] < 0.5
    for _ in range(20):
        clock.now += 0.1
        supervisor.move(Twist((0.0, 0.0, 0.0), duration_s=0.1, tool=True))
    clock.now += 0.2
    assert supervisor.state().positions[5] == pytest.approx(0.0, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_wild_pilot_keeps_the_joints_in_and_the_tool_about_where_it_may_be(
    supervisor, arm, clock, seed
) -> None:
    """What bends while a joint still brakes is not foreseen: it is small and short."""
    random, spec = Random(seed), supervisor.spec
    box = spec.workspace
    speeds, before = [], supervisor.kinematics.pose(arm.advance())[0]
    for number in range(120):
        if number % random.choice((3, 10)) == 0:
            wish = JointTargets(tuple(random.uniform(j.lower, j.upper) for j in spec.joint))
        supervisor.move(wish)
        for _ in range(5):
            clock.now += 0.01
            positions = arm.advance()
            point = supervisor.kinematics.pose(positions)[0]
            speeds.append(float(np.linalg.norm(point - before)) / 0.01)
            before = point
            for joint, place in zip(spec.joint, positions, strict=True):
                assert joint.lower - 1e-6 <= place <= joint.upper + 1e-6
            assert (np.array(box.lower) - 0.01 <= point).all()
            assert (point <= np.array(box.upper) + 0.01).all()
    assert np.percentile(speeds, 95) <= 1.05 * spec.limits.tool_speed
    assert max(speeds) <= 2.0 * spec.limits.tool_speed


@pytest.mark.parametrize(
    "wish", [JointTargets((math.nan,) * 6), JointTargets((0.0,)), Twist((math.inf, 0.0, 0.0)), "up"]
)
def test_what_is_no_wish_is_refused_and_the_robot_holds(supervisor, arm, wish, near, rules) -> None:
    supervisor.move(JointTargets(near(supervisor, 0.1)))
    with pytest.raises(TargetRefused):
        supervisor.move(wish)
    assert len(arm.sent) == 1
    assert arm.calls[-1] == "hold"
    assert rules(supervisor) == [Rule.refused]
    assert supervisor.events[0].wanted == wish
    assert not supervisor.is_stopped


def test_limits_may_be_tightened_for_one_supervisor(arm, near) -> None:
    with Supervisor(arm, limits={"speed": 0.1}) as supervisor:
        supervisor.move(JointTargets(near(supervisor, 0.1), 0.5))
        assert arm.sent[0].positions[0] == pytest.approx(0.15 * (0.5 - 0.15 / 8.0))
        assert supervisor.spec.joint[0].speed == pytest.approx(0.15)
    with pytest.raises(InvalidOption, match="only tighten"):
        Supervisor(arm, limits={"tool_speed": 1.0})


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"speed": 0.0}, r"^limits: speed=0\.0: Input should be greater than 0; those"),
        ({"tool_speed": math.nan}, r"^limits: tool_speed=nan: Input should be a finite number; "),
        ({"haste": 1.0}, r"^limits: haste=1\.0: Unexpected .*are: speed, .*, workspace$"),
    ],
    ids=str,
)
def test_limits_that_are_none_are_told_in_one_line(arm, limits, words) -> None:
    with pytest.raises(InvalidOption, match=words):
        Supervisor(arm, limits=limits)


@pytest.mark.parametrize(
    "option",
    [{"watchdog_s": None}, {"watchdog_s": 1.0}, {"insist_s": 0.0}, {"max_age_s": math.inf}],
    ids=str,
)
def test_nothing_can_be_switched_off(arm, option) -> None:
    with pytest.raises((InvalidOption, TypeError)):
        Supervisor(arm, **option)


def test_a_model_is_not_flooded(supervisor) -> None:
    for _ in range(3 * REPORTED):
        with pytest.raises(TargetRefused):
            supervisor.move(JointTargets(()))
    lines = supervisor.feedback().splitlines()
    assert lines[0] == f"({2 * REPORTED} earlier interventions are left out)"
    assert len(lines) == REPORTED + 1
    assert len(supervisor.events) == 3 * REPORTED


def test_a_listener_that_fails_stops_nothing(arm, clock, caplog, near) -> None:
    def broken(event: Intervention) -> None:
        raise RuntimeError("no ears")

    with Supervisor(arm, clock=clock, listeners=[broken]) as supervisor:
        supervisor.move(JointTargets(near(supervisor, 3.0)))
    assert len(arm.sent) == 1
    assert "no ears" in caplog.text


# -- far targets ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_far_target_is_reached_in_supervised_steps(real_arm) -> None:
    with Supervisor(real_arm) as supervisor:
        goal = [*supervisor.spec.home[:3], 1.2, *supervisor.spec.home[4:]]
        state = supervisor.reach(goal, 20.0)
        assert state.positions == pytest.approx(goal, abs=0.02)
        assert state.standing
        assert len(real_arm.sent) > 5
        assert supervisor.events == (), "steps are no interventions"


@pytest.mark.slow
def test_a_target_beyond_a_limit_is_told_not_to_be_reached(real_arm, rules) -> None:
    with Supervisor(real_arm, limits={"joints": {"roll": (-0.2, 0.2)}}) as supervisor:
        goal = [*supervisor.spec.home[:3], 0.5, *supervisor.spec.home[4:]]
        with pytest.raises(NotReached, match=r"roll 0\.3\d* rad.*beyond its limit"):
            supervisor.reach(goal, 1.5)
        assert Rule.joint_limit in rules(supervisor)
        assert real_arm.calls[-1] == "hold"


@pytest.mark.usefixtures("uncollected")
def test_ctrl_c_on_the_way_holds(real_arm) -> None:
    with Supervisor(real_arm) as supervisor:

        def press() -> None:
            while real_arm.calls.count("send") < 2:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=press)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            supervisor.reach([*supervisor.spec.home[:3], 2.0, *supervisor.spec.home[4:]])
        thread.join()
        assert real_arm.calls[-1] == "hold"
        assert supervisor.state().standing
