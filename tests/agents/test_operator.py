from __future__ import annotations

import dataclasses
import json
import sqlite3

import pytest

from helmsight.agents.errors import (
    ApprovalMissing,
    CannotResume,
    ObservationMissing,
    UnknownStrategy,
)
from helmsight.agents.guard import Limits
from helmsight.agents.operator import Operator, OperatorConfig
from helmsight.contract.record import RunSpec

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


def test_a_flight_ends_after_the_steps_it_was_given(world, steady):
    flight = Operator(world(), steady()).fly(max_steps=4)
    assert (flight.reason, len(flight.records)) == ("steps", 4)


def test_a_flight_ends_when_its_wall_budget_is_spent(world, steady):
    config = OperatorConfig(wall_budget_s=1e-9)
    assert Operator(world(), steady(), config).fly().reason == "budget"


def test_the_world_runs_out_of_time(world, steady):
    config = OperatorConfig(limits=Limits(enabled=False))
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
    with pytest.raises(ObservationMissing, match=r"--observation frame\+telemetry"):
        Operator(world("frame"), steady(needs="frame+telemetry"))


def test_the_pilot_is_told_what_was_clamped_without_numbers(world, steady):
    pilot = steady({"forward": 1, "duration": 9})
    limits = Limits(max_closing=40)
    flight = Operator(world(), pilot, OperatorConfig(limits=limits)).fly(max_steps=2)
    assert flight.summary["clamped"] == 1
    assert flight.records[0].wanted["forward"] == 1
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

    config = OperatorConfig(approve=lambda command: abs(command.forward) > 0.5)
    script = [{"forward": 1}, {"forward": 0.1}, {"forward": -1}, {"forward": 0.9}]
    flight = Operator(world(), steady(*script), config, on_approval=person).fly(max_steps=4)
    assert [r.applied["forward"] for r in flight.records] == [1, 0.1, 0, 0.25]
    assert flight.records[2].clamped == ["a person refused the command"]
    assert [request["index"] for request in asked] == [0, 2, 3]


def test_approval_without_a_person_is_refused(world, steady):
    with pytest.raises(ApprovalMissing):
        Operator(world(), steady(), OperatorConfig(approve="all"))


def test_a_flight_resumes_from_its_checkpoint_as_if_it_had_not_stopped(world, steady, tmp_path):
    script = [{"forward": 1}, {"right": 1}, {"forward": -1}, {"down": 1}, {"forward": 0.5}]
    whole = Operator(world(), steady(*script)).fly(seed=2, max_steps=5)
    config = OperatorConfig(checkpoint=tmp_path / "run.sqlite")
    broken = Operator(world(), steady(*script[:3], KeyboardInterrupt()), config)
    assert broken.fly(seed=2, max_steps=5).reason == "interrupted"
    rest = Operator(world(), steady(*script[3:]), config).fly(seed=2, max_steps=5, resume=True)
    assert same(rest.records) == same(whole.records)


def test_the_checkpoint_holds_no_pixels(world, steady, tmp_path):
    config = OperatorConfig(checkpoint=tmp_path / "run.sqlite")
    Operator(world(), steady(), config).fly(max_steps=3)
    with sqlite3.connect(config.checkpoint) as data:
        sizes = [len(row[0]) for row in data.execute("select checkpoint from checkpoints")]
    data.close()
    assert sizes
    assert max(sizes) < 4000


def test_there_must_be_something_to_resume(world, steady, tmp_path):
    with pytest.raises(CannotResume, match="checkpoint=FILE"):
        Operator(world(), steady()).fly(resume=True)
    config = OperatorConfig(checkpoint=tmp_path / "run.sqlite")
    with pytest.raises(CannotResume, match="no unfinished flight"):
        Operator(world(), steady(), config).fly(resume=True)


def test_an_unknown_grounding_strategy_is_named_with_the_nearest(world, steady):
    with pytest.raises(UnknownStrategy, match='Did you mean "direct"'):
        Operator(world(), steady(), OperatorConfig(grounding="direkt")).fly()
