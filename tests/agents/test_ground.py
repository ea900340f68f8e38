from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from helmsight.agents import ground
from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.config import OperatorConfig
from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import CannotBeAsked, UnknownStrategy
from helmsight.agents.grounding.oracle import PREFIX
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.operator import Operator
from helmsight.contract.pilot import Sighting
from helmsight.prompts.claims import render
from helmsight.prompts.orders import compose
from helmsight.prompts.relations import claim
from helmsight.prompts.strategies import RELATING

NULL = '{"forward": 0, "right": 0, "down": 0, "duration": 0.5}'
GOOD = render([claim("target", "horizontal", -1, "prograde")])
WRONG = render([claim("prograde", "horizontal", -1, "target")])
CLASH = f"{GOOD}\n{WRONG}"


def pilot_of(*answers, **manner):
    return ModelPilot(ScriptedVLM(answers=list(answers)), "scripted", AskingStyle(**manner))


def shown(world, mode="frame"):
    env = world(mode)
    observation, _ = env.reset(seed=0)
    return env, Sighting(observation, 3.25)


@pytest.mark.parametrize("name", ground.STRATEGIES)
def test_every_strategy_grounds_with_a_model_that_can_be_asked(world, name):
    env, sighting = shown(world)
    pilot, strategy = pilot_of(GOOD), ground.grounder(name)
    strategy.prepare(pilot, env.task, env, 0)
    grounding = strategy.ground(pilot, env.task, sighting)
    assert grounding.lines() == ([] if name == "direct" else ["target is left of prograde"])
    assert len(pilot.model.calls) == grounding.counts.calls == (name != "direct")


def test_the_orders_of_the_loop_are_those_of_the_prompts(world):
    env, sighting = shown(world)
    for name in RELATING:
        pilot, strategy = pilot_of(GOOD), ground.grounder(name)
        strategy.prepare(pilot, env.task, env, 0)
        strategy.ground(pilot, env.task, sighting)
        assert (
            pilot.model.calls[0][0].content[-1]["text"]
            == compose(name, env.task.objects, thinking=False).text
        )


def test_the_frame_and_its_regions_are_shown_with_the_question(world):
    env, sighting = shown(world)
    pilot, strategy = pilot_of(GOOD), ground.grounder("structured")
    strategy.prepare(pilot, env.task, env, 0)
    strategy.ground(pilot, env.task, sighting)
    kinds = [block["type"] for block in pilot.model.calls[0][0].content]
    assert kinds == ["image_url"] * 3 + ["text"]


def test_verified_relations_reach_the_decision_and_the_record(world):
    pilot = pilot_of(CLASH, GOOD, GOOD, NULL)
    config = OperatorConfig(grounding="bidirectional+verified")
    flight = Operator(world("frame"), pilot, config).fly(max_steps=1)
    (record,) = flight.records
    assert record.relations == ["target is left of prograde"] or record.relations == [
        "prograde is right of target"
    ]
    assert record.grounding["extra"] == 2
    assert record.grounding["left"] == 0
    assert "Where things are from each other:" in pilot.model.calls[-1][-1].content[-1]["text"]
    assert flight.summary["grounding"]["calls"] == 3


def test_unverified_contradictions_are_counted(world):
    config = OperatorConfig(grounding="bidirectional")
    flight = Operator(world("frame"), pilot_of(CLASH, NULL), config).fly(max_steps=1)
    assert flight.records[0].grounding["left"] == 1
    assert len(flight.records[0].relations) == 2


def test_without_grounding_nothing_is_counted(world):
    flight = Operator(world("frame"), pilot_of(NULL)).fly(max_steps=1)
    assert flight.records[0].grounding == {}
    assert "grounding" not in flight.summary


def test_a_model_that_fails_leaves_the_flight_without_relations(world):
    pilot = pilot_of(NULL)
    pilot.answer_free = lambda *_: 1 / 0
    config = OperatorConfig(grounding="combined+verified")
    flight = Operator(world("frame"), pilot, config).fly(max_steps=1)
    assert flight.records[0].relations == []
    assert flight.records[0].grounding["failed"] == 1
    assert flight.records[0].repairs == {}


def test_a_pilot_without_a_model_cannot_be_asked(world, steady):
    with pytest.raises(CannotBeAsked, match="there is no chat model behind it"):
        Operator(world("frame"), steady(), OperatorConfig(grounding="combined"))


def test_a_model_with_a_prompt_of_its_own_is_asked_only_if_it_says_that_it_relates(world):
    env, _ = shown(world)
    strategy = ground.grounder("structured")
    with pytest.raises(CannotBeAsked, match="relates"):
        strategy.prepare(pilot_of(GOOD, prompt="bundled"), env.task, env, 0)
    strategy.prepare(pilot_of(GOOD, prompt="bundled", relates=True), env.task, env, 0)


def test_a_pilot_that_sees_no_frame_is_not_asked_about_one(world):
    env, _ = shown(world)
    with pytest.raises(CannotBeAsked, match="--observation frame"):
        ground.grounder("structured").check(pilot_of(GOOD, needs="telemetry"), env.task)


def test_a_task_without_two_objects_cannot_be_grounded(world):
    env, _ = shown(world)
    with pytest.raises(CannotBeAsked, match="needs two"):
        ground.grounder("combined").check(pilot_of(GOOD), replace(env.task, objects=("target",)))


def certain(telemetry):
    assert telemetry.shape == (2,)
    return [("target", "prograde", "horizontal", 1)]


@pytest.mark.parametrize(
    ("needs", "lines"), [("frame", ["target is left of prograde"]), ("frame+telemetry", [])]
)
def test_telemetry_overrules_claims_only_where_the_pilot_is_shown_it(world, needs, lines):
    env = world("frame+telemetry")
    env.task = replace(env.task, known=certain)
    config = OperatorConfig(grounding="structured+verified")
    flight = Operator(env, pilot_of(GOOD, NULL, needs=needs), config).fly(max_steps=1)
    assert flight.records[0].relations == lines
    assert flight.records[0].grounding["disagreed"] == (not lines)


@pytest.mark.parametrize(
    ("grounding", "told"),
    [("oracle:structured+verified", ["a does not stand between you and b"]),
     ("oracle:structured", [])],
)  # fmt: skip
def test_what_verified_relations_prove_of_a_line_of_sight_is_told(world, steady, grounding, told):
    env = world("frame")
    env.task = replace(env.task, objects=("a", "b"), sightlines=(("a", "b"), ("b", "a")))
    env.true_relations = lambda: [("a", "b", "horizontal", 0), ("a", "b", "depth", 1)]
    flight = Operator(env, steady(), OperatorConfig(grounding=grounding)).fly(max_steps=1)
    assert flight.records[0].relations == ["a is aligned with b", "a is behind b", *told]


def test_an_oracle_reads_the_world_and_its_name_is_in_the_record(world, steady, notebook):
    env = world("frame")
    env.true_relations = lambda: [("target", "prograde", "vertical", -1)]
    name = f"{PREFIX}combined+verified,flips=0"
    config = OperatorConfig(grounding=name)
    flight = Operator(env, steady(), config, listeners=[notebook]).fly(max_steps=1)
    assert flight.records[0].relations == ["target is above prograde"]
    assert notebook.spec.operator["grounding"] == name


def test_another_pilot_than_the_one_that_flies_can_be_asked(world, steady, tmp_path):
    answers = tmp_path / "answers.txt"
    answers.write_text(f"{GOOD}\n", encoding="utf-8")
    config = OperatorConfig(grounding=f"structured+verified@scripted:{answers}")
    flight = Operator(world("frame"), steady(), config).fly(max_steps=2)
    assert [record.relations for record in flight.records] == [["target is left of prograde"]] * 2


def test_an_oracle_needs_a_world_that_tells(world, steady):
    config = OperatorConfig(grounding="oracle:combined")
    with pytest.raises(CannotBeAsked, match="true relations"):
        Operator(world("frame"), steady(), config).fly(max_steps=1)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("combind", 'Did you mean "combined"'),
        ("combined+verfied", r'Did you mean "combined\+verified"'),
        ("oracle:direct", "Known strategies"),
        ("direct@bundled-relations", "Known strategies"),
        ("combined@", "Known strategies"),
        ("oracle:combined,flips=2", "from 0 to 1"),
        ("oracle:combined,flips=x", "flips=SHARE"),
        ("oracle:combined,seed=1", "flips=SHARE"),
    ],
)
def test_a_strategy_that_does_not_exist_is_refused(name, match):
    with pytest.raises(UnknownStrategy, match=match):
        ground.grounder(name)


@pytest.mark.parametrize(
    ("names", "regions", "images"),
    [
        (None, {}, 1),
        (None, {"navball": (0, 0, 4, 4)}, 2),
        (("frame", "navball", "readouts"), {"navball": (0, 0, 4, 4)}, 2),
        (("frame", "navball"), {}, 1),
        (("navball",), {}, 1),
    ],
)
def test_any_picture_can_be_asked_about_without_an_episode(names, regions, images):
    pilot = pilot_of("Yes.", views={"names": names})
    assert pilot.answer_free("Is it?", np.zeros((8, 8, 3), np.uint8), regions) == "Yes."
    kinds = [block["type"] for block in pilot.model.calls[0][0].content]
    assert kinds == ["image_url"] * images + ["text"]


@pytest.mark.parametrize(
    ("shown_there", "asked"), [((), 0), (("target",), 0), (("target", "prograde"), 1)]
)
def test_nothing_is_asked_about_what_telemetry_does_not_put_in_the_picture(
    world, shown_there, asked
):
    env, sighting = shown(world, "frame+telemetry")
    pilot, strategy = pilot_of(GOOD), ground.grounder("combined")
    task = replace(env.task, in_view=lambda telemetry: shown_there)
    strategy.prepare(pilot, task, env, 0)
    assert strategy.ground(pilot, task, sighting).counts.calls == asked
    assert len(pilot.model.calls) == asked


def test_only_the_objects_in_the_picture_are_named_to_the_model(world):
    env, sighting = shown(world, "frame+telemetry")
    pilot, strategy = pilot_of(GOOD), ground.grounder("combined+verified")
    objects = ("target", "prograde", "beacon", "sun")
    task = replace(env.task, objects=objects, in_view=lambda telemetry: ("target", "sun"))
    strategy.prepare(pilot, task, env, 0)
    strategy.ground(pilot, task, sighting)
    text = pilot.model.calls[0][0].content[-1]["text"]
    assert "sun" in text
    assert "beacon" not in text
    frame_only = Sighting({"frame": sighting.observation["frame"]}, 3.25)
    strategy.ground(pilot, task, frame_only)
    assert any("beacon" in str(call[0].content[-1]) for call in pilot.model.calls)
