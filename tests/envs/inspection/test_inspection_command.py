"""What can be asked of an inspection: names, words, actions, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.command import STATES, InspectionCommand
from helmsight.envs.inspection.env import InspectionEnv
from helmsight.envs.inspection.looks import LOOKS, VIEWS
from helmsight.envs.inspection.options import checked_parts
from helmsight.envs.inspection.parts import DEFECTS, PARTS
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.states import reportable
from helmsight.envs.inspection.stress import Stress
from helmsight.prompts.templates import render_text

REPORT = {"do": "report", "part": "dish", "state": "dent", "confidence": 0.5}


def test_every_site_can_be_looked_at_in_three_ways() -> None:
    assert len(VIEWS) == 3 * len(SITES)
    assert VIEWS[0] == "bus: top"
    assert {"dish: bowl", "dish: bowl, closer", "dish: bowl, other side"} <= set(VIEWS)
    assert all(look.name == name for name, look in LOOKS.items())


def test_every_choice_and_any_action_comes_back_as_it_was() -> None:
    space = InspectionCommand.space()
    for choice in InspectionCommand.choices():
        action = choice.action()
        assert space.contains(action)
        assert InspectionCommand.from_action(action) == choice
        assert InspectionCommand.model_validate_json(choice.text()) == choice
    space.seed(1)
    for _ in range(200):
        command = InspectionCommand.from_action(space.sample())
        assert InspectionCommand.from_action(command.action()) == command


def test_a_report_keeps_its_words_and_the_number_of_its_look() -> None:
    command = InspectionCommand.model_validate(REPORT | {"view": 3, "why": "as in [2]: grün"})
    assert InspectionCommand.from_action(command.action()) == command
    assert command.text() == (
        '{"do": "report", "part": "dish", "state": "dent", "confidence": 0.5, "view": 3, '
        '"why": "as in [2]: gr\\u00fcn"}'
    )


def test_words_that_are_too_long_are_cut_between_characters() -> None:
    command = InspectionCommand.model_validate(REPORT | {"why": "x" + "ü" * 300})
    assert command.why == "x" + "ü" * 149
    assert InspectionCommand.from_action(command.action()) == command


def test_what_a_model_had_to_answer_and_says_nothing_is_nothing() -> None:
    full = {"view": None, "part": None, "state": None, "confidence": 0.0, "why": "", "verdict": ""}
    assert InspectionCommand.model_validate({"do": "hold", **full}) == InspectionCommand.null()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"do": "look"}, "give a name"),
        ({"do": "look", "view": 3}, "give a name"),
        ({"do": "look", "view": "dish: rim"}, "view"),
        ({"do": "look", "view": VIEWS[0], "part": "bus"}, "has no part"),
        (REPORT | {"confidence": None}, "confidence is missing"),
        (REPORT | {"confidence": 1.5}, "confidence"),
        (REPORT | {"state": "tear"}, '"dish" cannot be "tear"; it is one of sound, dent'),
        (REPORT | {"view": "dish: bowl"}, "number of a look"),
        (REPORT | {"view": 0}, "view"),
        (REPORT | {"part": "wing"}, "part"),
        ({"do": "done", "view": 2}, "has no view"),
    ],
)
def test_what_says_no_one_thing_is_refused_with_the_reason(answer: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        InspectionCommand.model_validate(answer)


def test_a_part_can_be_reported_as_what_it_can_be() -> None:
    assert reportable("foil") == ("sound", "tear", "scorch", "absent", "not seen", "unsure")
    assert {state for kinds in DEFECTS.values() for state in kinds} < set(STATES)


def test_the_briefing_names_parts_states_and_what_is_left_to_spend() -> None:
    task = InspectionEnv(parts=["dish", "foil"], budget_views=7, budget_seconds=90.0).task
    text = render_text(
        task.briefing, goal=task.goal, pictures=["frame"], telemetry=True, **task.facts
    )
    assert "dish (bowl): sound, dent, scorch, absent, not seen, unsure" in text
    assert "foil (back, left, right)" in text
    assert "you have 7 of them and 90 seconds in all" in text
    assert "panel" not in text
    assert task.objects == ("dish", "foil")
    assert task.consent == ""


def test_parts_come_in_their_order_and_all_of_them_unless_some_are_named() -> None:
    assert checked_parts(["foil", "dish", "foil"]) == ("dish", "foil")
    assert checked_parts(["Star  Tracker", "DISH", "dish", "panel b"]) == (
        "panel B", "dish", "star tracker",
    )  # fmt: skip
    assert checked_parts(()) == tuple(PARTS)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"parts": ["dish", "wing"]}, r"no 'wing'; the satellite has bus, panel A"),
        ({"cell": -1}, "a seed"),
        ({"cell": 1.5}, "a seed"),
        ({"turntable_port": "/dev/table"}, "emulated as a whole"),
        ({"camera": "0"}, "emulated as a whole"),
        ({"port": "/dev/arm", "camera": "0"}, "which drawing"),
        ({"port": "/dev/arm", "cell": 1}, "give a camera"),
        ({"port": "/dev/arm", "cell": 1, "camera": "none"}, "without one"),
        ({"port": "/dev/arm", "cell": 1, "camera": "0", "stress": "dim"}, "only an emulated cell"),
        ({"port": "/dev/arm", "cell": 1, "camera": "0", "faults": "drop=0.1"}, "only an emulated"),
        ({"budget_views": 0}, "budget_views=0"),
        ({"budget_seconds": -1.0}, "budget_seconds"),
        ({"faults": "drop=2"}, "drop"),
        ({"stress": "fog"}, "dim, hard light"),
        ({"stress": "missing:wing"}, "its parts are bus"),
        ({"size": (2, 2)}, "16 to 4096"),
        ({"time": "paused"}, "wall clock"),
        ({"robot": "gantry"}, "SO-101"),
        ({"limits": {"speed": 3.0}}, "speed"),
    ],
)
def test_wrong_options_are_told_before_anything_is_built(options: Any, words: str) -> None:
    with pytest.raises(InvalidOption, match=words):
        InspectionEnv(**options)


def test_what_is_there_has_to_be_agreed_to_before_it_moves() -> None:
    env = InspectionEnv(cell=1, port="/dev/arm", turntable_port="/dev/table", camera="0")
    assert env.task.consent == "so101 at /dev/arm and the turntable at /dev/table will move"


def test_stress_makes_the_cell_worse_and_its_drawing_not() -> None:
    plan = CellPlan.draw(6)
    stress = Stress.parse("dim, slow frames,blur, missing:dish,slip")
    worse = stress.applied(plan)
    assert worse.absent == ("dish",)
    assert worse.light.key < 0.5 * plan.light.key
    assert worse.defects == ()  # the dish had it
    assert (stress.fps, stress.blur_px) == (2.0, 1.5)
    slip = stress.slips(6)
    assert slip is not None
    assert abs(slip[1]) == 0.05
    assert slip == stress.slips(6)
    assert Stress.parse("").applied(plan) == plan
    assert Stress.parse("").slips(6) is None
