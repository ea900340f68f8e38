from __future__ import annotations

import pytest

from helmsight.prompts.errors import InvalidClaims, UnknownOrder
from helmsight.prompts.orders import again, compose
from helmsight.prompts.strategies import ORDERS, REFERENCES
from helmsight.prompts.templates import render

QUESTION = "Is there a cup left a plate in the image?"
LINES = {
    "vanilla": 0, "cot": 0, "AB": 3, "BA": 3, "AB+BA": 6, "BA+AB": 6, "AC+BC": 6, "AC+BC+AB": 9,
    "AC+BC+BA": 9, "AC+BC+AB+BA": 12, "AC+BC+BA+AB": 12, "bidirectional": 6, "transitive": 6,
    "combined": 12, "structured": 3, "chain-of-thought": 0,
}  # fmt: skip


def lines(text):
    return [
        line
        for line in text.splitlines()
        if line.startswith(("Horizontal:", "Vertical:", "Depth:"))
    ]


@pytest.mark.parametrize(("name", "count"), LINES.items())
def test_every_order_of_the_paper_has_its_lines_to_fill(name, count):
    text = compose(name, ["cup", "plate"], question=QUESTION).text
    assert len(lines(text)) == count
    assert QUESTION in text


def test_every_order_is_counted_above():
    assert set(ORDERS) <= set(LINES)


def test_combined_goes_from_c_to_the_question_in_the_papers_order():
    prompt = compose("combined", ["cup", "plate"], question=QUESTION, landmark="door")
    assert prompt.pairs == (("cup", "door"), ("plate", "door"), ("plate", "cup"), ("cup", "plate"))


@pytest.mark.parametrize("name", [order for order in ORDERS if order != "vanilla"])
@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("shown", [True, False])
def test_thinking_and_the_form_can_be_left_out(name, thinking, shown):
    text = compose(
        name, ["cup", "plate"], question=QUESTION, thinking=thinking, output_format=shown
    ).text
    assert ("Thinking process:" in text) == (thinking and shown)
    assert ("Answer:" in text) == shown
    assert bool(lines(text)) == (shown and name != "cot")
    assert ("why" in text) == thinking
    assert "\n\n\n" not in text


def test_every_rule_for_object_c_has_words_of_its_own():
    texts = {
        compose(
            "combined", ["cup", "plate"], question=QUESTION, reference=rule, landmark=known
        ).text
        for rule in REFERENCES
        for known in (["door"] if rule == "landmark" else [None])
    }
    assert len(texts) == len(REFERENCES)


def test_a_landmark_takes_the_place_of_object_c():
    prompt = compose("transitive", ["cup", "plate"], question=QUESTION, landmark="door")
    assert "object c" not in prompt.text.lower().replace("object c is: door", "")
    assert not prompt.third


def test_more_objects_are_related_two_by_two_and_the_last_is_the_landmark():
    names = ["prograde", "target", "level"]
    assert compose("structured", names).pairs == (
        ("prograde", "target"), ("prograde", "level"), ("target", "level"),
    )  # fmt: skip
    assert compose("combined", names).pairs == (
        ("prograde", "level"), ("target", "level"), ("target", "prograde"), ("prograde", "target"),
    )  # fmt: skip
    assert len(compose("bidirectional", names).pairs) == 6
    assert len(compose("transitive", [*names, "guard"]).pairs) == 3


def test_without_a_question_none_is_asked():
    text = compose("combined", ["prograde", "target"]).text
    assert "Answer:" not in text
    assert "yes" not in text


def test_a_pair_is_asked_again_in_other_words_and_the_other_way_round():
    prompts = [again("cup", "plate", turn) for turn in range(6)]
    assert len({prompt.text for prompt in prompts}) == 6
    assert [prompt.pairs[0] for prompt in prompts[:2]] == [("cup", "plate"), ("plate", "cup")]
    assert all(len(lines(prompt.text)) == 3 for prompt in prompts)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: compose("AB", ["cup"]), InvalidClaims, "two objects or more"),
        (lambda: compose("AB", ["cup", "The cup", "CUP"]), InvalidClaims, "two objects are called"),
        (lambda: compose("AB", ["cup", " "]), InvalidClaims, "two objects or more"),
        (lambda: compose("vanilla", ["cup", "plate"]), InvalidClaims, "give it a question"),
        (lambda: compose("AC+BC", ["cup", "plate"], reference="bigest"), UnknownOrder, "largest"),
        (lambda: compose("AC+BC", ["a", "b"], reference="landmark"), UnknownOrder, "name one"),
        (lambda: compose("AC+BC", ["cup", "plate"], landmark="cup"), InvalidClaims, "landmark"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_the_words_to_choose_from_are_those_that_are_read():
    text = render(
        "spatial/again", a="cup", b="plate", turn=0, frame="image",
        choices={"horizontal": "H", "vertical": "V", "depth": "D"},
    )  # fmt: skip
    assert "Horizontal: cup is <H> plate" in text
