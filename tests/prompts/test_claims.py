from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.prompts.claims import Weighed, read_claims, read_yes, render
from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.orders import compose
from helmsight.prompts.relations import Claim, RelationFrame, relations
from helmsight.prompts.strategies import CALLED, ORDERS
from helmsight.prompts.synonyms import scan

MESSY = tomllib.loads((Path(__file__).parent / "messy_answers.toml").read_text(encoding="utf-8"))[
    "answer"
]

# names of two or more letters none of which says anything about a place
words = st.text("bcdfghjklmpqrstvwxz", min_size=2, max_size=7).filter(lambda w: scan(w) is None)
objects = st.lists(
    st.lists(words, min_size=1, max_size=3).map(" ".join), min_size=2, max_size=5, unique=True
)


@st.composite
def claims_of_names(draw: st.DrawFn) -> tuple[list[str], list[Claim]]:
    names = draw(objects)
    pair = st.permutations(names).map(lambda mixed: mixed[:2])
    claims = draw(st.lists(st.tuples(pair, st.sampled_from(list(relations())))))
    return names, list(dict.fromkeys(Claim(a, b, relation) for (a, b), relation in claims))


def test_there_are_fifty_messy_answers_with_names_of_their_own():
    assert len({entry["name"] for entry in MESSY}) == len(MESSY) >= 50


@pytest.mark.parametrize("entry", MESSY, ids=lambda entry: entry["name"])
def test_a_messy_answer_is_read_or_called_unreadable(entry):
    names = entry.get("names", ["cup", "plate"])
    answer = read_claims(entry["text"], names, third=entry.get("third", False))
    assert [claim.text() for claim in answer.claims] == entry["claims"]
    assert len(answer.unread) == entry.get("unread", 0), answer.unread
    assert answer.yes == entry.get("yes")


@pytest.mark.slow
@given(claims_of_names())
def test_what_is_rendered_is_read_back(case):
    names, claims = case
    answer = read_claims(render(claims), names)
    assert list(answer.claims) == claims
    assert answer.unread == ()


@pytest.mark.slow
@given(
    claims_of_names(),
    st.sampled_from(["- {}", "* {}", "1. {}", "> {}", "**{}**", "{}.", "| {} |", "  {}"]),
)
def test_layout_changes_nothing(case, form):
    names, claims = case
    text = "\n".join(form.format(line) for line in render(claims).splitlines())
    assert list(read_claims(text, names).claims) == claims


@pytest.mark.slow
@given(claims_of_names(), st.sampled_from([str.lower, str.upper, str.title]))
def test_case_changes_nothing(case, change):
    names, claims = case
    assert list(read_claims(change(render(claims)), names).claims) == claims


@given(st.text(max_size=300))
def test_any_text_is_read_without_a_fault_and_claims_only_what_was_asked(text):
    answer = read_claims(text, ["cup", "plate"], third=True)
    assert {name for claim in answer.claims for name in (claim.a, claim.b)} <= {
        "cup", "plate", answer.third or "object C",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in (*ORDERS, *CALLED) if name not in ("vanilla",)])
@pytest.mark.parametrize("landmark", [None, "door"])
def test_a_form_that_comes_back_empty_is_no_answer(name, landmark):
    prompt = compose(name, ["cup", "plate"], question="Is it?", landmark=landmark)
    answer = prompt.read(prompt.text)
    assert answer.claims == ()
    assert answer.yes is None


@pytest.mark.parametrize("name", [name for name in ORDERS if name not in ("vanilla", "cot")])
def test_a_form_that_is_filled_in_is_read_in_full(name):
    prompt = compose(name, ["cup", "plate"], question="Is it?")
    claims = [Claim(a, b, relation) for a, b in prompt.pairs for relation in relations()]
    answer = prompt.read(f"{render(claims)}\nAnswer: no")
    assert list(answer.claims) == claims
    assert answer.yes is False


@pytest.mark.parametrize("names", [[], ["cup"], ["cup", ""], ["cup", "**"]])
def test_names_that_cannot_be_told_are_refused(names):
    with pytest.raises(InvalidClaims, match="two names or more"):
        read_claims("cup is left of plate", names)


def test_claims_are_in_the_frame_that_was_asked_for():
    answer = read_claims(
        "Horizontal: cup is left of plate", ["cup", "plate"], frame=RelationFrame.VIEWER
    )
    assert [claim.frame for claim in answer.claims] == [RelationFrame.VIEWER]


def test_an_unreadable_line_is_told_with_its_number_and_why():
    answer = read_claims("Depth: cup is behind plate\nDepth: cup is near plate", ["cup", "plate"])
    assert [(line.line, line.reason) for line in answer.unread] == [
        (2, "no relation between the objects can be read in it")
    ]


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("Yes.", True), ("YES", True), ("**no**", False), ("Answer: [yes]", True),
        ("Final answer: No", False), ("The answer is no.", False), ("yes/no", None),
        ("Answer: yes or no", None), ("maybe", None), ("no\nyes", None),
        ("Answer: yes\nAnswer: no", False), ("<think>yes</think>no", False), ("Noah", None),
    ],
)  # fmt: skip
def test_yes_and_no_in_their_spellings(text, yes):
    assert read_yes(text) is yes


def test_a_claim_is_as_confident_as_the_least_probable_word_of_its_line():
    tokens = [("Horizontal: cup is", 0.9), (" left of", 0.6), (" plate\nDepth: ", 0.8)]
    answer = Weighed.of([*tokens, ("cup is behind plate", 0.7), ("\n", 0.1), ("Answer: yes", 1.0)])
    assert answer == "Horizontal: cup is left of plate\nDepth: cup is behind plate\nAnswer: yes"
    parsed = read_claims(answer, ["cup", "plate"])
    assert [claim.confidence for claim in parsed.claims] == [0.6, 0.7]
    assert parsed.yes


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        ("Depth: red cup is unseen", ("red cup",)),
        ("The red cup is not visible.", ("red cup",)),
        ("- The red cup cannot be seen", ("red cup",)),
        ("Vertical: the red cup is not in the picture", ("red cup",)),
        ("Horizontal: plate isn't to be seen\nDepth: plate is unseen", ("plate",)),
        ("Depth: the red cup might not be visible", ()),
        ("Depth: the red cup is unseen or behind", ()),
        ("The red cup is not seen beside the plate", ()),
    ],
)
def test_what_is_said_to_be_out_of_sight_is_told_and_claims_nothing(text, unseen):
    answer = read_claims(text, ["red cup", "plate"])
    assert answer.unseen == unseen
    assert answer.claims == ()


def test_out_of_sight_is_neither_yes_nor_no():
    assert read_claims("Answer: unseen", ["cup", "plate"]).yes is None


@given(st.lists(st.tuples(st.text("ab\n", max_size=4), st.floats(0, 1)), max_size=12))
def test_every_line_of_an_answer_is_weighed(tokens):
    answer = Weighed.of(tokens)
    assert len(answer.sure) == answer.count("\n") + 1
    assert all(0 <= sure <= 1 for sure in answer.sure)


def test_where_thoughts_were_taken_out_nothing_is_weighed():
    text = "<think>Horizontal: plate is left of cup\n</think>Horizontal: cup is left of plate"
    parsed = read_claims(Weighed.of([(text, 0.3)]), ["cup", "plate"])
    assert [(claim.text(), claim.confidence) for claim in parsed.claims] == [
        ("cup is left of plate", 1.0)
    ]
