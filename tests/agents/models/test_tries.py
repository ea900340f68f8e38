"""Answers as tries of tokens: which follow for sure, and which if it goes as it went before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helmsight.agents.models.tries import forced, likely, trie_of, walk

END = 99
ROWS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=12)


@given(ROWS, st.data())
def test_what_is_likely_ends_at_the_last_choice_of_the_answer_that_is_guessed(rows, data):
    trie = trie_of(rows, END)
    answer = [*data.draw(st.sampled_from(rows)), END]
    tokens = likely(trie, answer)
    assert answer[: len(tokens)] == tokens
    rest = walk(trie, tokens)[1]
    assert len(rest) > 1 or not tokens  # a choice comes next, if there ever was one
    if len(rest) > 1:
        last = answer[len(tokens)]
        assert [*tokens, last, *forced(rest[last])] == answer


@given(ROWS, st.lists(st.integers(0, 5), max_size=8))
def test_a_guess_that_no_answer_begins_with_leads_as_far_as_they_agree(rows, guess):
    trie = trie_of(rows, END)
    tokens = likely(trie, guess)
    assert walk(trie, tokens)[0] == tokens
    assert len(walk(trie, tokens)[1]) > 1 or not tokens
