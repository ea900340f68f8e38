"""Episodes by their content, and rows that are read back as they were written."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from helmsight.evals.episode import Episode, EpisodeRow

CLEAN = Episode("flight", "PE1-E1-I2", "rendezvous", 3, made_with="abc")
OTHER: dict[str, Any] = {
    "kind": "questions", "scenario": "PE1-E1-I3", "pilot": "naive", "seed": 4, "time": "paused",
    "hold": "coast", "observation": "frame", "disturbance": "frozen", "variant": "b",
    "options": {"start_met": 9.0}, "pilot_options": {"dtype": "float32"}, "limits": {"a": 1},
    "max_steps": 5, "made_with": "abd",
}  # fmt: skip


def test_the_key_of_an_episode_is_its_content_and_changes_with_every_field() -> None:
    assert {entry.name for entry in fields(Episode)} == set(OTHER)
    keys = {replace(CLEAN, **{name: value}).key for name, value in OTHER.items()}
    assert len(keys | {CLEAN.key}) == len(OTHER) + 1
    assert CLEAN.key == Episode.from_dict(CLEAN.to_dict()).key
    assert len(CLEAN.key) == 20


def test_the_order_of_options_makes_no_other_episode() -> None:
    one, two = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert replace(CLEAN, options=one).key == replace(CLEAN, options=two).key


def test_a_disturbed_episode_names_its_clean_pair_and_a_clean_one_has_none() -> None:
    assert replace(CLEAN, disturbance="noisy:5").pair == CLEAN.key
    assert CLEAN.pair == ""


def test_a_row_is_read_back_as_it_was_and_nothing_else_is_taken_for_one() -> None:
    row = EpisodeRow.of(replace(CLEAN, variant="v"), "done", score=1.5, think_ms=[1.0])
    assert EpisodeRow.from_dict(row.to_dict()) == row
    assert (row.pilot, row.spec) == ("rendezvous (v)", "rendezvous")
    with pytest.raises(KeyError, match="odd"):
        EpisodeRow.from_dict(row.to_dict() | {"odd": 1})
    with pytest.raises(KeyError, match="score"):
        EpisodeRow.from_dict({k: v for k, v in row.to_dict().items() if k != "score"})
