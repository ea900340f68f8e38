from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from helmsight.agents.grounding.labelled import Truth
from helmsight.evals.spatial.bodies import HELD_OUT
from helmsight.evals.spatial.generator import (
    ASIDE,
    CELLS,
    CLEAR,
    Split,
    ask,
    pairs,
    questions,
    stream,
)
from helmsight.evals.spatial.generator import wordings as words_of
from helmsight.evals.spatial.lessons import lesson, lessons
from helmsight.prompts.questions import parse_question
from helmsight.prompts.relations import Axis, claim

SIZE = 64


@pytest.mark.slow
def test_questions_are_balanced_word_by_word_and_cell_by_cell():
    drawn = list(questions(Split.VALID, 64, size=SIZE))
    votes = Counter(
        (generated.question.relation.phrase, generated.cell.label) for generated in drawn
    )
    for phrase in {phrase for phrase, _ in votes}:
        assert votes[phrase, True] == votes[phrase, False]
    things = Counter(generated.cell for generated in drawn if generated.picture.kind == "objects")
    assert things == Counter(2 * CELLS["objects"])
    navballs = Counter(generated.cell for generated in drawn if generated.picture.kind == "cockpit")
    assert navballs == Counter(2 * CELLS["cockpit"])


@pytest.mark.slow
@pytest.mark.parametrize("split", Split)
def test_the_label_is_what_the_truth_says_and_it_is_clear(split):
    for generated in questions(split, 48, size=SIZE):
        a, b, relation = generated.question.a, generated.question.b, generated.question.relation
        truth = generated.picture.truth
        assert (relation.axis, relation.sign) == (generated.cell.axis, generated.cell.sign)
        assert truth.says(claim(a, relation.axis, relation.sign, b)) is generated.cell.label
        assert abs(truth.gap(a, b, relation.axis)) >= CLEAR
        if generated.cell.counter is not None:
            nearer, other = (a, b) if truth.gap(a, b, Axis.DEPTH) < 0 else (b, a)
            higher = -truth.gap(nearer, other, Axis.VERTICAL)
            assert higher >= ASIDE if generated.cell.counter else higher <= -ASIDE


@pytest.mark.slow
def test_only_the_test_split_shows_held_out_things_and_words():
    seen = words_of()["seen"]["words"]
    for split in Split:
        for generated in questions(split, 24, size=SIZE, cockpit_share=0.0):
            both = {generated.question.a, generated.question.b}
            assert both <= set(HELD_OUT) if split.held_out else not both & set(HELD_OUT)
            known = seen[generated.cell.axis.value][str(generated.cell.sign)]
            assert (generated.question.word in known) is not split.held_out


def test_every_wording_is_read_as_the_relation_it_stands_for():
    for words in (words_of()["seen"], words_of()["held_out"]):
        for form in words["forms"]:
            for axis, by_sign in words["words"].items():
                for sign, words_of_sign in by_sign.items():
                    for word in words_of_sign:
                        text = form.format(
                            a="an orange cone", b="a red cube", x="orange cone", y="red cube",
                            word=word,
                        )  # fmt: skip
                        question = parse_question(text)
                        assert (question.a, question.b) == ("orange cone", "red cube")
                        assert (question.relation.axis, question.relation.sign) == (axis, int(sign))


def test_splits_seeds_and_numbers_share_no_random_numbers():
    keys = [(split, seed, n, use) for split in Split for seed in (0, 1) for n in (0, 1)
            for use in (0, 1)]  # fmt: skip
    first = {stream(*key).integers(2**62) for key in keys}
    assert len(first) == len(keys)


@pytest.mark.slow
def test_a_question_is_the_same_whenever_it_is_asked_for():
    whole = list(questions(Split.TEST, 6, 3, size=SIZE))
    again = ask(Split.TEST, 3, 5, size=SIZE)
    assert again.question == whole[5].question
    assert np.array_equal(again.picture.image, whole[5].picture.image)
    other = ask(Split.TEST, 4, 5, size=SIZE)
    assert not np.array_equal(again.picture.image, other.picture.image)


def test_a_pair_within_the_clear_distance_is_not_asked_about():
    near = Truth(("a", "b", "c"), np.array([[0.0, 0, 0], [1.9, 0, 0], [2.1, 0, 0]]))
    cell = next(cell for cell in CELLS["cockpit"] if cell.axis is Axis.HORIZONTAL and cell.label)
    possible = pairs(near, cell, near.names)
    assert {frozenset(pair) for pair in possible} == {frozenset("ac")}
    assert pairs(near, cell, ("a", "b")) == []


def test_neutral_is_a_dead_band_and_what_is_unknown_is_not_judged():
    truth = Truth(("a", "b"), np.array([[0.0, 0, 0], [1.0, 1.1, -1.1]]))
    signs = [truth.sign("a", "b", axis) for axis in Axis]
    assert signs == [0, -1, 1]
    assert truth.says(claim("a", Axis.VERTICAL, -1, "b")) is True
    assert truth.says(claim("b", Axis.VERTICAL, -1, "a")) is False
    assert truth.says(claim("a", Axis.VERTICAL, -1, "tree")) is None


@pytest.mark.slow
def test_the_right_answer_of_a_lesson_is_read_back_as_the_truth():
    kinds: Counter[tuple[int, bool, bool]] = Counter()
    for number in range(40):
        (taught,) = islice(lessons(start=number, size=SIZE), 1)
        truth = ask(Split.TRAIN, 0, number, size=SIZE).picture.truth
        parsed = taught.prompt.read(taught.answer)
        assert not parsed.unread
        assert all(truth.says(stated) is True for stated in parsed.claims if stated.b != "object C")
        if not {*taught.prompt.names[:2]} <= {*truth.names}:
            continue  # about a thing that is not there
        wanted = len(taught.prompt.pairs) * len(Axis)
        if not taught.prompt.third or parsed.third not in (None, "none"):
            assert len(parsed.claims) == wanted
        if taught.prompt.question:
            question = parse_question(taught.prompt.question)
            axis, sign = question.relation.axis, question.relation.sign
            assert parsed.yes is truth.says(claim(question.a, axis, sign, question.b))
        else:
            assert parsed.yes is None
        kinds[len(taught.prompt.pairs), taught.prompt.third, bool(taught.prompt.question)] += 1
    assert len(kinds) >= 8


@pytest.mark.slow
def test_of_a_thing_that_is_not_there_the_right_answer_is_that_it_is_not_seen():
    picture, rng = ask(Split.TRAIN, 0, 0, size=SIZE).picture, np.random.default_rng(4)
    absent = 0
    for taught in (lesson(picture, rng) for _ in range(200)):
        parsed = taught.prompt.read(taught.answer)
        missing = {*taught.prompt.names[:2]} - {*picture.truth.names}
        assert {*parsed.unseen} == (missing if taught.prompt.pairs else set())
        assert all(not missing & {stated.a, stated.b} for stated in parsed.claims)
        if missing:
            absent += 1
            assert parsed.yes is None
    assert 4 <= absent <= 40


@pytest.mark.slow
def test_lessons_are_shared_out_among_processes_without_loss():
    def answers_of(**part):
        return [lesson.answer for lesson in islice(lessons(2, size=SIZE, per_picture=2, **part), 4)]

    everything = [lesson.answer for lesson in islice(lessons(2, size=SIZE, per_picture=2), 8)]
    first, second = answers_of(start=0, step=2), answers_of(start=1, step=2)
    assert first[:2] + second[:2] + first[2:] + second[2:] == everything


def test_lessons_of_a_whole_cockpit_have_its_regions():
    (lesson,) = islice(lessons(whole=True, cockpit_share=1.0), 1)
    assert lesson.image.shape == (720, 1280, 3)
    assert set(lesson.regions) == {"navball", "readouts"}
