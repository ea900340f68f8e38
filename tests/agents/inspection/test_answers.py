from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.agents.inspection.answers import read_state
from helmsight.envs.inspection.parts import DEFECTS
from helmsight.envs.inspection.states import states

PANEL = states(DEFECTS["panel"])


@pytest.mark.parametrize("state", PANEL)
@pytest.mark.parametrize("form", ["{}", "{}.", '"{}"', "**{}**", " {}\n", "`{}`!"])
def test_a_state_alone_is_read_as_it_is(state, form):
    assert read_state(form.format(state), PANEL) == (state, False)
    assert read_state(form.format(state.upper()), PANEL) == (state, False)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("The state is: cracked cell.", "cracked cell"),
        ('{"state": "scorch"}', "scorch"),
        ("I see a missing cell in the second row", "missing cell"),
        ("It is not seen: the dish hides it.", "not seen"),
    ],
)
def test_words_around_one_state_are_mended(answer, state):
    assert read_state(answer, PANEL) == (state, True)


@pytest.mark.parametrize(
    "answer",
    [
        "", "yes", "unsure", "no scorch", "sound or scorch", "there is no cracked cell",
        "The panel is scorched", "it isn't sound", "free of scorch", "cracked cell, missing cell",
        "soundly built", "I cannot tell whether it is sound",
    ],
)  # fmt: skip
def test_what_is_not_clearly_one_state_is_none(answer):
    assert read_state(answer, PANEL) == (None, False)


@pytest.mark.slow
@given(st.text(max_size=40), st.sampled_from(PANEL), st.text(max_size=40))
def test_what_is_read_was_said(before, said, after):
    answer = f"{before} {said} {after}"
    state, _ = read_state(answer, PANEL)
    assert state is None or state in " ".join(answer.lower().split())


@given(st.sampled_from(PANEL), st.sampled_from(PANEL))
def test_two_states_are_one_too_many(one, other):
    state, _ = read_state(f"{one} and {other}", PANEL)
    assert (state == one) if one == other else (state is None)
