"""What a world tells besides its observation, and runs that go on where the world stands."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import CannotResume
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.operator import Operator
from helmsight.contract.clock import ClockRules
from helmsight.contract.record import FLEW, StepRecord

CONTINUES = ClockRules(("paused",), "paused", rebuilt=False, continues=True)


@pytest.fixture
def telling(world):
    """Return a function that makes a world which tells what it is given at each step."""

    def call(*told: dict[str, Any], first: dict[str, Any] | None = None) -> Any:
        env = world()
        step, reset, left = env.step, env.reset, list(told)
        env.resets, env.actions = [], []

        def reset_and_tell(**options):
            env.resets.append(options)
            observation, info = reset(seed=options.get("seed"))
            if options.get("options"):
                env.met = options["options"]["met"]
                info["met"] = env.met
            return observation, info | (first or {})

        def step_and_tell(action):
            env.actions.append(action)
            *observed, info = step(action)
            return *observed, info | (left.pop(0) if left else {})

        env.reset, env.step = reset_and_tell, step_and_tell
        return env

    return call


def test_what_a_world_did_other_than_asked_is_told_and_recorded(telling, steady, notebook):
    env = telling({"notes": ("it was held",)}, {}, first={"notes": ("it was cold",)})
    pilot = steady()
    Operator(env, pilot, listeners=[notebook]).fly(max_steps=3)
    told = [[note for note in s.notes if "it was" in note] for s in pilot.shown]
    assert told == [["it was cold"], ["it was held"], []]
    assert [record.notes for record in notebook.records] == [["it was cold", "it was held"], [], []]
    assert notebook.records[0].marks == ["it was cold", "it was held"]
    assert StepRecord.from_json(notebook.records[0].to_json()) == notebook.records[0]
    assert '"notes"' not in notebook.records[1].to_json()


def test_a_model_reads_the_notes_in_its_question(telling):
    model = ScriptedVLM(answers=['{"forward": 0, "right": 0, "down": 0}'])
    env = telling({"notes": ("the joint was held",)})
    Operator(env, ModelPilot(model, "model")).fly(max_steps=2)
    first, second = (str(call[-1].content) for call in model.calls)
    assert "the joint was held" not in first
    assert "the joint was held" in second


def test_an_observation_that_the_world_calls_unfit_is_not_decided_on(telling, steady):
    env, pilot = telling({"refused": "the picture is black"}), steady({"forward": 1})
    flight = Operator(env, pilot).fly(max_steps=3)
    assert [record.repairs for record in flight.records] == [{}, {"stale": 1}, {}]
    assert len(pilot.shown) == 2


def test_what_a_world_cannot_go_on_from_is_recorded_and_then_raised(telling, steady, notebook):
    env = telling({}, {"failed": RuntimeError("overload"), "notes": ("overload",)})
    with pytest.raises(RuntimeError, match="overload"):
        Operator(env, steady(), listeners=[notebook]).fly(max_steps=5)
    assert notebook.records[-1].notes == ["overload"]
    assert len(notebook.records) == 2
    assert notebook.reason == "error: RuntimeError: overload"


def test_a_world_that_moves_is_halted_before_anything_is_written_down(telling, steady, notebook):
    env, order = telling(), []
    finish = notebook.finish

    def halt(reason):
        order.append(reason)
        return {"stop": "confirmed"}

    env.halt = halt

    def finished(reason, summary):
        order.append("written")
        finish(reason, summary)

    notebook.finish = finished
    Operator(env, steady(), listeners=[notebook]).fly(max_steps=1)
    assert order == ["steps", "written"]
    assert notebook.summary["stop"] == "confirmed"


def test_sigterm_ends_the_run_readable_and_goes_on_to_end_the_program(telling, steady, notebook):
    env, guarded = telling(), []

    @contextmanager
    def on_signals():
        guarded.append("in")
        yield
        guarded.append("out")

    env.on_signals = on_signals
    with pytest.raises(SystemExit):
        Operator(env, steady({}, SystemExit(128 + signal.SIGTERM)), listeners=[notebook]).fly()
    assert notebook.reason == "interrupted"
    assert len(notebook.records) == 1
    assert guarded[0] == "in"


def continued(env: Any) -> Any:
    env.task = replace(env.task, clock=CONTINUES)
    return env


def test_a_world_that_stands_where_it_was_is_given_no_recorded_command_again(telling, steady):
    script = [{"forward": 1}, {"right": 1}, {"down": 1}]
    past = Operator(continued(telling()), steady(*script)).fly(max_steps=2).records
    env, pilot = continued(telling()), steady(*script)
    env.range = 500.0
    flight = Operator(env, pilot).fly(max_steps=3, past=past)
    assert len(env.actions) == 1
    assert env.actions[0][2] == 1.0
    assert env.resets[-1]["options"] == {"met": past[-1].stamp, "past": past}
    assert flight.records[:2] == past
    assert [record.index for record in flight.records] == [0, 1, 2]
    assert "interrupted here" in flight.records[2].notes[0]
    assert "interrupted here" in pilot.shown[-1].notes[0]
    assert [command.forward for command in pilot.shown[-1].history] == [1.0, 0.0]


def test_a_pilot_that_remembers_is_shown_what_it_saw_and_its_answers_are_not_carried_out(
    telling, steady
):
    past = Operator(continued(telling()), steady({"forward": 1}, {})).fly(max_steps=2).records
    env, other = continued(telling()), steady({"down": 1}, {"down": 1}, {"right": 1})
    pictures = [np.full((64, 64, 3), 7, np.uint8)]
    Operator(env, other).fly(max_steps=3, past=past, pictures=pictures)
    assert [int(sighting.observation["frame"].max()) for sighting in other.shown[:2]] == [7, 0]
    assert [action[1] for action in env.actions] == [1.0]


def test_a_continued_run_hands_on_its_pictures_and_dark_ones_for_those_that_are_lost(
    telling, steady, notebook
):
    past = Operator(continued(telling()), steady()).fly(max_steps=2).records
    frames: list[Any] = []
    notebook.again = lambda record, frame: frames.append((record.index, int(frame.max())))
    Operator(continued(telling()), steady(), listeners=[notebook]).fly(
        max_steps=3, past=past, pictures=[np.full((64, 64, 3), 7, np.uint8)]
    )
    assert frames == [(0, 7), (1, 0)]


def test_a_run_that_was_over_is_over_and_nothing_is_asked_of_its_world_again(telling, steady):
    flight = Operator(continued(telling()), steady({"forward": 1})).fly()
    assert flight.reason == "captured"
    assert flight.records[-1].ended == flight.reason
    assert [record.ended for record in flight.records[:-1]] == [""] * (len(flight.records) - 1)
    again, pilot = continued(telling()), steady({"forward": 1})
    whole = Operator(again, pilot).fly(past=flight.records)
    assert (again.actions, whole.reason) == ([], flight.reason)
    assert whole.records == flight.records


def begun_after(past: Any) -> Any:
    return replace(past[-1], index=len(past), notes=[], ended="")


@pytest.mark.parametrize("repeatable", [True, False])
def test_what_was_under_way_is_told_and_given_again_only_where_that_leads_no_further(
    telling, steady, notebook, monkeypatch, repeatable
):
    script = [{"forward": 1}, {"right": 1}, {"down": 1}, {}]
    past = Operator(continued(telling()), steady(*script)).fly(max_steps=2).records
    env, pilot = continued(telling()), steady(*script)
    monkeypatch.setattr(env.task.command, "repeatable", repeatable)
    flight = Operator(env, pilot, listeners=[notebook]).fly(
        max_steps=4, past=past, begun=begun_after(past)
    )
    assert [action[2] for action in env.actions] == ([1.0, 0.0] if repeatable else [0.0])
    assert [record.index for record in flight.records] == [0, 1, 2, 3]
    assert [record.index for record in notebook.records] == [2, 3]
    assert "was under way" in flight.records[2].notes[0]
    assert any("was under way" in note for note in pilot.shown[2 if repeatable else 3].notes)


def test_a_step_begun_after_others_that_are_lost_is_not_gone_on_with(telling, steady):
    past = Operator(continued(telling()), steady()).fly(max_steps=2).records
    env = continued(telling())
    with pytest.raises(CannotResume, match="step 5 was begun and the record ends at step 1"):
        Operator(env, steady()).fly(past=past, begun=replace(past[-1], index=5))
    assert env.actions == []


def test_a_step_that_a_person_took_is_not_asked_of_a_pilot_with_given_answers(telling, steady):
    past = Operator(continued(telling()), steady({"forward": 1}, {})).fly(max_steps=2).records
    flew = [{"by": "ann", "did": FLEW}]
    past[1] = replace(past[1], people=flew, raw="", prompt_hash="")
    env = continued(telling())
    Operator(env, steady({"forward": 1}, {"right": 1})).fly(max_steps=3, past=past)
    assert [action[1] for action in env.actions] == [1.0]


def test_a_step_is_announced_before_a_world_that_cannot_be_brought_back_is_given_it(
    telling, steady, notebook
):
    env = continued(telling())
    seen: list[Any] = []
    notebook.begins = lambda record: seen.append((record.index, len(env.actions)))
    Operator(env, steady({"forward": 1}), listeners=[notebook]).fly(max_steps=3)
    assert seen == [(0, 0), (1, 1), (2, 2)]
    Operator(telling(), steady({"forward": 1}), listeners=[notebook]).fly(max_steps=3)
    assert len(seen) == 3
