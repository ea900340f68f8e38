from __future__ import annotations

import dataclasses
import json
import sqlite3

import pytest

from helmsight.agents.config import OperatorConfig
from helmsight.agents.errors import ApprovalMissing, CannotResume, UnknownStrategy
from helmsight.agents.operator import Operator
from helmsight.contract.clock import ClockRules
from helmsight.contract.command import Command
from helmsight.contract.errors import GuardFailed, InvalidOption, MeasureUnusable, PilotUnfit
from helmsight.contract.record import RunSpec
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.guard import BurnGuard, BurnLimits
from helmsight.envs.orbital.stepping import step_code

TIMES = ("sense_ms", "think_ms", "act_ms", "lag")


def same(records):
    return [{k: v for k, v in dataclasses.asdict(r).items() if k not in TIMES} for r in records]


def test_a_flight_ends_when_the_target_is_captured(world, steady, notebook):
    flight = Operator(world(), steady({"forward": 1}), listeners=[notebook]).fly(seed=3)
    assert flight.reason == notebook.reason == "captured"
    assert flight.summary["captured"]
    assert flight.summary["steps"] == len(notebook.records)
    assert flight.summary["scenario"] == "TOY_E1_I1"
    assert flight.summary["think_ms_p95"] >= 0
    assert json.loads(notebook.records[0].to_json())["measures"]["closing"] == 37.0
    assert RunSpec.from_json(notebook.spec.to_json()) == notebook.spec


def test_a_record_says_what_the_world_itself_was_flown_with(world, steady, notebook):
    Operator(world(), steady(), listeners=[notebook]).fly(max_steps=1)
    assert {"python", "helmsight"} <= set(notebook.spec.versions)
    assert "twin step" not in notebook.spec.versions
    pilot = steady(*BURNS, needs="telemetry")
    Operator(pursuit("paused"), pilot, listeners=[notebook]).fly(max_steps=1)
    assert notebook.spec.versions["twin step"] == step_code()


def test_a_flight_ends_after_the_steps_it_was_given(world, steady):
    flight = Operator(world(), steady()).fly(max_steps=4)
    assert (flight.reason, len(flight.records)) == ("steps", 4)


def test_a_flight_ends_when_its_wall_budget_is_spent(world, steady):
    config = OperatorConfig(wall_budget_s=1e-9)
    assert Operator(world(), steady(), config).fly().reason == "budget"


def test_the_world_runs_out_of_time(world, steady):
    config = OperatorConfig(limits=BurnLimits(enabled=False))
    pilot = steady(*[{"forward": -1, "duration": 10}] * 99)
    assert Operator(world(), pilot, config).fly().reason == "timeout"


def test_the_same_seed_writes_the_same_records(world, steady):
    script = [{"forward": 1}, {"right": -1}, None, {"down": 0.5}]
    one = Operator(world(), steady(*script)).fly(seed=5, max_steps=8)
    two = Operator(world(), steady(*script)).fly(seed=5, max_steps=8)
    assert same(one.records) == same(two.records)


def test_a_pilot_that_answers_nothing_coasts_and_is_counted(world, steady):
    flight = Operator(world(), steady(None, {"forward": 1}, None)).fly(max_steps=3)
    assert [r.applied["forward"] for r in flight.records] == [0, 1, 0]
    assert [r.wanted is None for r in flight.records] == [True, False, True]
    assert flight.summary["repairs"] == {"default": 2}


def test_a_pilot_sees_only_what_it_needs(world, steady):
    pilot = steady()
    Operator(world(), pilot).fly(max_steps=2)
    assert set(pilot.shown[0].observation) == {"frame"}


def test_a_pilot_that_needs_more_than_is_shown_is_refused(world, steady):
    with pytest.raises(PilotUnfit, match=r"--observation frame\+telemetry"):
        Operator(world("frame"), steady(needs="frame+telemetry"))


def test_the_pilot_is_told_what_was_clamped_without_numbers(world, steady):
    pilot = steady({"forward": 1, "duration": 9})
    limits = BurnLimits(max_closing=40)
    flight = Operator(world(), pilot, OperatorConfig(limits=limits)).fly(max_steps=2)
    assert flight.summary["clamped"] == 1
    assert (flight.records[0].wanted or {})["forward"] == 1
    assert flight.records[0].applied["forward"] == 0
    assert "forward thrust was cut: closing too fast" in pilot.shown[1].notes
    assert "propellant: plenty" in pilot.shown[1].notes
    assert not any(c.isdigit() for note in pilot.shown[1].notes for c in note)


@pytest.mark.parametrize(("late", "forward"), [("drop", 0), ("retime", 1)])
def test_an_answer_that_is_too_old_is_dropped_or_retimed_and_counted(world, steady, late, forward):
    config = OperatorConfig(max_age_s=2, late=late)
    pilot = steady({"forward": 1})
    flight = Operator(world(time="fixed:3"), pilot, config).fly(max_steps=2)
    assert flight.records[0].late
    assert flight.records[0].applied["forward"] == forward
    assert flight.records[0].lag == 3
    assert flight.summary["late"] == 2
    assert "the last answer came too late" in pilot.shown[1].notes


def test_an_observation_that_does_not_advance_is_refused(world, steady):
    env, pilot = world(), steady(*[{"forward": 1}] * 9)
    env.frozen = True
    flight = Operator(env, pilot).fly(max_steps=3)
    assert [r.repairs for r in flight.records] == [{}, {"stale": 1}, {"stale": 1}]
    assert len(pilot.shown) == 1
    assert flight.records[1].applied["forward"] == 0


def test_a_picture_that_stands_still_is_refused(world, steady):
    env = world("frame")
    picture = env._observation
    env.reset(seed=0)
    still = picture()
    env._observation = lambda: still
    flight = Operator(env, steady(), OperatorConfig(frozen_s=1.5)).fly(max_steps=6)
    assert flight.summary["repairs"] == {"stale": 3}


def test_ctrl_c_leaves_a_flight_up_to_the_last_step(world, steady, notebook):
    pilot = steady({}, {}, KeyboardInterrupt())
    flight = Operator(world(), pilot, listeners=[notebook]).fly()
    assert flight.reason == notebook.reason == "interrupted"
    assert len(flight.records) == 2
    assert flight.summary["steps"] == 2


def test_a_broken_pilot_halts_the_run_after_the_listeners_were_told(world, steady, notebook):
    with pytest.raises(ZeroDivisionError):
        Operator(world(), steady({}, ZeroDivisionError("x")), listeners=[notebook]).fly()
    assert notebook.reason == "error: ZeroDivisionError: x"
    assert notebook.summary["steps"] == 1


def test_a_person_approves_changes_or_refuses_commands(world, steady):
    asked = []
    answers = iter([True, False, {"forward": 0.25}])

    def person(request):
        asked.append(request)
        return next(answers)

    config = OperatorConfig(approve=lambda command: abs(command.model_dump()["forward"]) > 0.5)
    script = [{"forward": 1}, {"forward": 0.1}, {"forward": -1}, {"forward": 0.9}]
    flight = Operator(world(), steady(*script), config, on_approval=person).fly(max_steps=4)
    assert [r.applied["forward"] for r in flight.records] == [1, 0.1, 0, 0.25]
    assert flight.records[2].clamped == ["a person refused the command"]
    assert [request["index"] for request in asked] == [0, 2, 3]


def test_approval_without_a_person_is_refused(world, steady):
    with pytest.raises(ApprovalMissing):
        Operator(world(), steady(), OperatorConfig(approve="all"))


def test_a_run_is_gone_on_with_as_if_it_had_not_stopped(world, steady):
    script = [{"forward": 1}, {"right": 1}, {"forward": -1}, {"down": 1}, {"forward": 0.5}]
    whole = Operator(world(), steady(*script)).fly(seed=2, max_steps=5)
    broken = Operator(world(), steady(*script[:3], KeyboardInterrupt())).fly(seed=2, max_steps=5)
    assert (broken.reason, len(broken.records)) == ("interrupted", 3)
    rest = Operator(world(), steady(*script)).fly(seed=2, max_steps=5, past=broken.records)
    assert same(rest.records) == same(whole.records)
    assert rest.summary["steps"] == 5


def test_a_pilot_that_remembers_is_asked_again_and_one_that_does_not_is_spared(world, steady):
    past = Operator(world(), steady({"forward": 1}, {"right": 1})).fly(max_steps=2).records
    remembering = steady({"forward": 1}, {"right": 1})
    Operator(world(), remembering).fly(max_steps=3, past=past)
    assert len(remembering.shown) == 3
    forgetful = steady({"down": 1})
    forgetful.remembers = False
    Operator(world(), forgetful).fly(max_steps=3, past=past)
    assert len(forgetful.shown) == 1
    assert forgetful.shown[0].history[-1].right == 1


def test_a_world_or_a_pilot_that_goes_another_way_is_told_with_the_step(world, steady):
    past = Operator(world(), steady({"forward": 1}, {"right": 1})).fly(max_steps=2).records
    with pytest.raises(CannotResume, match=r"step 0 .*measures"):
        Operator(world(), steady({"forward": 1}, {"right": 1})).fly(seed=9, past=past)
    with pytest.raises(CannotResume, match=r"step 1 .*wanted"):
        Operator(world(), steady({"forward": 1}, {"right": -1})).fly(past=past)


def test_a_world_that_runs_by_itself_cannot_be_gone_on_with(world, steady, notebook):
    past = Operator(world(), steady()).fly(max_steps=1).records
    env = world(time="realtime")
    env.task = dataclasses.replace(env.task, clock=ClockRules(("realtime",), "realtime", False))
    with pytest.raises(CannotResume, match="runs by itself"):
        Operator(env, steady(), listeners=[notebook]).fly(past=past)
    assert notebook.spec is None


def test_what_waits_for_a_person_outlives_the_process(world, steady, tmp_path):
    script = [{"forward": 0.1}, {"forward": 1}, {"forward": 0.2}]
    config = OperatorConfig(approve=urgent, checkpoint=tmp_path / "approval.sqlite")

    def gone(request):
        raise KeyboardInterrupt

    broken = Operator(world(), steady(*script), config, on_approval=gone).fly(max_steps=3)
    assert (broken.reason, len(broken.records)) == ("interrupted", 1)
    pilot = steady(*script[:1], {"forward": -1}, *script[2:])  # would answer otherwise now
    pilot.remembers = False
    again = Operator(world(), pilot, config, on_approval=lambda request: True)
    flight = again.fly(max_steps=3, past=broken.records)
    assert [record.applied["forward"] for record in flight.records][1] == 1
    assert (flight.records[1].wanted or {})["forward"] == 1


@pytest.mark.parametrize(
    ("name", "time", "said"),
    [
        ("other", "paused", "pilot is 'other' and was 'steady'"),
        ("steady", "fixed:0.3", "options.time is 'fixed:0.3' and was 'paused'"),
    ],
)
def test_what_waits_in_a_checkpoint_is_not_another_runs(world, steady, tmp_path, name, time, said):
    config = OperatorConfig(approve="all", checkpoint=tmp_path / "approval.sqlite")

    def gone(request):
        raise KeyboardInterrupt

    assert Operator(world(), steady(), config, on_approval=gone).fly().reason == "interrupted"
    pilot = steady()
    pilot.name = name
    with pytest.raises(CannotResume, match=f"another run waits: .*{said}"):
        Operator(world(time=time), pilot, config, on_approval=lambda request: True).fly(max_steps=1)


def test_what_waits_in_a_checkpoint_is_not_that_of_another_seed(world, steady, tmp_path):
    config = OperatorConfig(approve="all", checkpoint=tmp_path / "approval.sqlite")

    def gone(request):
        raise KeyboardInterrupt

    Operator(world(), steady(), config, on_approval=gone).fly(seed=1)
    with pytest.raises(CannotResume, match="seed is 0 and was 1"):
        Operator(world(), steady(), config, on_approval=lambda request: True).fly(max_steps=1)


def urgent(command):
    return command.forward == 1


def test_the_checkpoint_holds_no_pixels(world, steady, tmp_path):
    checkpoint = tmp_path / "run.sqlite"
    config = OperatorConfig(approve="all", checkpoint=checkpoint)
    Operator(world(), steady(), config, on_approval=lambda request: True).fly(max_steps=3)
    with sqlite3.connect(checkpoint) as data:
        sizes = [len(row[0]) for row in data.execute("select checkpoint from checkpoints")]
    data.close()
    assert sizes
    assert max(sizes) < 5000


@pytest.mark.slow
@pytest.mark.parametrize("approve", ["off", "all"])
def test_the_plain_loop_and_the_graph_make_the_same_steps(world, steady, approve):
    script = [{"forward": 1}, None, {"right": -1, "duration": 9}, {"forward": 1, "duration": 9}]

    def steps(drive):
        env = world(time="fixed:0.3")
        env.frozen = False
        config = OperatorConfig(drive=drive, approve=approve, limits={"max_closing": 40})
        operator = Operator(env, steady(*script), config, on_approval=lambda request: True)
        return operator.fly(seed=4, max_steps=7).records

    assert same(steps("plain")) == same(steps("graph"))
    assert len(steps("graph")) == 7


def test_a_limit_that_the_world_does_not_have_is_named(world, steady):
    with pytest.raises(InvalidOption, match=r"limits\.speed=3.*max_closing"):
        Operator(world(), steady(), OperatorConfig(limits={"speed": 3}))


def test_a_guard_that_fails_ends_the_run_with_the_world_named(world, steady, notebook):
    class Broken(BurnGuard):
        def check(self, command, info):
            raise ZeroDivisionError("by nought")

    env = world()
    env.task = dataclasses.replace(env.task, guard=Broken)
    with pytest.raises(GuardFailed, match=r'"TOY_E1_I1".*ZeroDivisionError'):
        Operator(env, steady({"forward": 1}), listeners=[notebook]).fly()
    assert notebook.reason.startswith("error: GuardFailed")


@pytest.mark.parametrize("value", [None, float("nan"), "far", [1.0, float("inf")]])
def test_a_measure_that_is_missing_or_not_finite_ends_the_run(world, steady, notebook, value):
    env = world()
    honest = env._info

    def lying(lag):
        info = honest(lag)
        if len(notebook.records) >= 2:
            info.pop("range")
            info |= {} if value is None else {"range": value}
        return info

    env._info = lying
    with pytest.raises(MeasureUnusable, match=r'"TOY_E1_I1".*range'):
        Operator(env, steady(), listeners=[notebook]).fly(max_steps=9)
    assert notebook.reason.startswith("error: MeasureUnusable")
    assert len(notebook.records) == notebook.summary["steps"] == 2


@pytest.mark.parametrize("key", ["met", "captured", "score"])
def test_what_the_loop_and_the_outcome_need_is_asked_of_every_world(world, steady, key):
    env = world()
    honest = env._info
    env._info = lambda lag: {name: value for name, value in honest(lag).items() if name != key}
    with pytest.raises(MeasureUnusable, match=rf'"TOY_E1_I1".*"{key}"'):
        Operator(env, steady()).fly(max_steps=1)


def test_telemetry_that_is_not_named_is_told(world, steady):
    env = world()
    env.task = dataclasses.replace(env.task, fields=env.task.fields[:1])
    with pytest.raises(MeasureUnusable, match="2 numbers of telemetry and names 1 fields: range"):
        Operator(env, steady(needs="telemetry")).fly(max_steps=1)


def test_a_run_by_the_wall_clock_is_gone_on_with_where_its_world_can_be_built(world, steady):
    script = [{"forward": 1}, {"right": 1}, {"forward": -1}]
    past = Operator(world(time="realtime"), steady(*script)).fly(max_steps=3).records
    flight = Operator(world(time="realtime"), steady(*script)).fly(max_steps=5, past=past)
    assert flight.records[:3] == past
    assert len(flight.records) == 5


def test_pilots_that_do_not_fit_are_refused_before_anything_happens(world, steady):
    class Other(Command):
        pass

    def refuse(words, **wants):
        pilot = steady()
        vars(pilot).update(wants)
        with pytest.raises(PilotUnfit, match=words):
            Operator(world(), pilot)

    refuse("answers Other and .*takes Burn", command=Other)
    refuse("altitude.*range, closing", needs="telemetry", telemetry=("range", "altitude"))
    refuse("horizon.*navball, readouts", regions=("frame", "horizon"))


def test_a_time_rule_that_the_world_cannot_keep_is_refused(world, steady):
    env = world(time="fixed:1")
    env.task = dataclasses.replace(env.task, clock=ClockRules(("paused",), "paused"))
    with pytest.raises(InvalidOption, match=r"fixed:1.*it knows: paused"):
        Operator(env, steady())


def test_an_unknown_grounding_strategy_is_named_with_the_nearest(world, steady):
    with pytest.raises(UnknownStrategy, match='Did you mean "direct"'):
        Operator(world(), steady(), OperatorConfig(grounding="direkt")).fly()


def burn(forward=0.0, right=0.0, down=0.0, duration=0.5):
    return {"forward": forward, "right": right, "down": down, "duration": duration}


BURNS = [burn(1), burn(0.5, duration=2), burn(right=1, duration=1.2), burn(down=-1, duration=0.3)]


def pursuit(rule, **options):
    return PursuitEnv("PE1-E1-I2", "telemetry", rule, **options)


def told(steady, rule, **options):
    """Return the timings that a pilot of three decisions is told under a time rule."""
    pilot = steady(*BURNS, needs="telemetry")
    Operator(pursuit(rule, **options), pilot).fly(max_steps=3)
    return [sighting.timing for sighting in pilot.shown]


@pytest.mark.slow
def test_a_pilot_is_told_when_its_answer_takes_effect_and_what_is_applied_meanwhile(steady):
    first, second, third = told(steady, "runner:0.7")
    assert (first.latency_s, first.meanwhile) == (0.7, None)
    assert (second.latency_s, second.meanwhile.forward) == (1.0, 1.0)
    assert (third.latency_s, third.meanwhile.duration) == (2.0, 2.0)
    assert [timing.latency_s for timing in told(steady, "paused")] == [0.0] * 3
    assert [timing.latency_s for timing in told(steady, "fixed:0.4")] == [0.4] * 3
    coasting = told(steady, "fixed:0.4", hold="coast")
    assert [timing.meanwhile for timing in coasting] == [None] * 3
    first, second, _ = told(steady, "measured")
    assert first.latency_s == 0.0
    assert second.latency_s > 0.0


@pytest.mark.slow
def test_the_latency_that_a_pilot_is_told_is_the_lag_that_comes(steady):
    pilot = steady(*BURNS, needs="telemetry")
    flight = Operator(pursuit("runner:1.4"), pilot).fly(max_steps=4)
    expected = [sighting.timing.latency_s for sighting in pilot.shown]
    assert [record.lag for record in flight.records] == pytest.approx(expected)
    assert expected == pytest.approx([1.4, 1.5, 2.0, 2.4])


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "past"), [("runner", 3), ("runner:0.7", 2)])
def test_a_run_under_kspdgs_runner_is_gone_on_with_step_for_step(steady, rule, past):
    def flown(**more):
        pilot = steady(*BURNS, needs="telemetry")
        return Operator(pursuit(rule), pilot).fly(seed=2, max_steps=4, **more)

    whole = flown()
    again = flown(past=whole.records[:past])
    assert same(again.records[:past]) == same(whole.records[:past])
    assert [r.lag for r in again.records[:past]] == [r.lag for r in whole.records[:past]]
    if rule != "runner":  # the last decision takes as long as before
        assert same(again.records) == same(whole.records)
        assert again.summary["score"] == whole.summary["score"]


def test_a_summary_and_a_record_name_the_time_rule(world, steady, notebook):
    pilot = steady(*BURNS, needs="telemetry")
    flight = Operator(pursuit("runner:0.5"), pilot).fly(max_steps=1)
    assert flight.summary["time"] == "runner:0.5"
    flight = Operator(world(), steady(), listeners=[notebook]).fly(max_steps=1)
    assert flight.summary["time"] == notebook.summary["time"] == notebook.spec.time == "paused"


def test_a_world_that_cannot_run_as_kspdgs_runner_says_what_it_can(world, steady):
    with pytest.raises(InvalidOption, match=r'"TOY_E1_I1" cannot keep time=runner:1; it knows'):
        Operator(world(time="runner:1"), steady())
