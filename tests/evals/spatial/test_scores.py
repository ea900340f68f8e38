from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.agents.grounding.labelled import Truth
from helmsight.agents.grounding.verify import ground
from helmsight.evals.spatial.answers import AnswerRecord, answer
from helmsight.evals.spatial.baselines import blind, by_height
from helmsight.evals.spatial.comparison import compare
from helmsight.evals.spatial.dataset import Case, QuestionTruth
from helmsight.evals.spatial.marking import made_up
from helmsight.evals.spatial.scores import curve, scores
from helmsight.evals.statistics import mcnemar
from helmsight.prompts.orders import compose
from helmsight.prompts.questions import Item, parse_question, question
from helmsight.prompts.relations import Axis

TRUTH = Truth(("cup", "plate", "jug"), np.array([[0.0, 0, 0], [5.0, 5, 5], [10.0, 0, -5]]))
BLANK = np.zeros((2, 2, 3), np.uint8)


def case(number: int = 0, label: bool = True, known: bool = True, **changes: Any) -> Case:
    """Return the question whether the cup is left (yes) or right (no) of the plate."""
    asking = question("cup", Axis.HORIZONTAL, -1 if label else 1, "plate")
    item = Item(f"{number}.jpg", asking, label, str(number), Path("a.jsonl"), number)
    truth = QuestionTruth("objects", TRUTH, None) if known else None
    return Case(replace(item, **changes), Path("0.jpg"), truth)


def answered(number: int, yes: bool | None, **changes: object) -> AnswerRecord:
    record = AnswerRecord(str(number), "vanilla", False, yes, "model", 1.0, (), (0, 0), (0, 0), 0.5,
                 {"calls": 1})  # fmt: skip
    return replace(record, **changes)  # type: ignore[arg-type]


def test_accuracy_f1_and_false_yes_with_answers_that_are_missing():
    cases = [case(n, label=n < 4) for n in range(8)]
    given = [True, True, False, None, False, False, True, None]
    figures = scores("vanilla", cases, [answered(n, yes) for n, yes in enumerate(given)])
    assert figures is not None
    assert figures.answered.estimate == 6 / 8
    assert figures.right_of_all.estimate == 4 / 8
    assert figures.right.estimate == 4 / 6
    # yes: 2 true, 1 false, 2 missed; no: 2 true, 1 false, 2 missed
    assert figures.f1.estimate == pytest.approx(4 / 7)
    assert figures.f1_macro == pytest.approx(4 / 7)
    assert figures.false_yes.estimate == 1 / 3
    assert (figures.calls, figures.seconds) == (1.0, 0.5)


def test_f1_survives_a_model_that_never_answers():
    cases = [case(n, label=n < 2) for n in range(4)]
    figures = scores("vanilla", cases, [answered(n, None) for n in range(4)])
    assert figures is not None
    assert (figures.f1.estimate, figures.f1_macro, figures.right) == (0.0, 0.0, None)
    assert figures.answered.estimate == figures.right_of_all.estimate == 0.0
    assert (figures.false_yes, figures.swap, figures.made_up, figures.curve) == (None,) * 3 + ((),)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([True, False, None])), min_size=1,
                max_size=12))  # fmt: skip
def test_f1_agrees_with_precision_and_recall(marks):
    cases = [case(n, label=label) for n, (label, _) in enumerate(marks)]
    figures = scores("vanilla", cases, [answered(n, yes) for n, (_, yes) in enumerate(marks)])
    assert figures is not None
    right = sum(label and yes is True for label, yes in marks)
    yeses, true = sum(yes is True for _, yes in marks), sum(label for label, _ in marks)
    if not yeses + true:
        assert figures.f1 is None
    elif not right:
        assert figures.f1.estimate == 0.0
    else:
        precision, recall = right / yeses, right / true
        f1 = 2 * precision * recall / (precision + recall)
        assert figures.f1.estimate == pytest.approx(f1)


def test_relations_stated_are_judged_by_the_truth_and_the_same_one_counts_once():
    yes, no = case(0, True), case(1, False)
    assert made_up(yes, answered(0, True)) == (0, 1)
    assert made_up(no, answered(1, True)) == (1, 1)
    assert made_up(no, answered(1, False)) == (0, 0)
    claims = (("cup", "horizontal", -1, "plate"), ("plate", "horizontal", 1, "cup"),
              ("cup", "vertical", 1, "plate"), ("cup", "depth", -1, "tree"))  # fmt: skip
    assert made_up(yes, answered(0, True, claims=claims)) == (1, 2)
    assert made_up(no, answered(1, True, claims=claims)) == (2, 3)


def test_without_a_truth_only_what_the_label_tells_is_judged():
    yes, no = case(0, True, known=False), case(1, False, known=False)
    left, right, level = (("cup", "horizontal", sign, "plate") for sign in (-1, 1, 0))
    above = ("cup", "vertical", -1, "plate")
    assert made_up(yes, answered(0, None, claims=(left, above))) == (0, 1)
    assert made_up(yes, answered(0, None, claims=(level,))) == (1, 1)
    assert made_up(no, answered(1, None, claims=(right,))) == (1, 1)
    assert made_up(no, answered(1, None, claims=(left,))) == (0, 0)


def test_swap_consistency_is_the_same_answer_the_other_way_round():
    cases = [case(n) for n in range(4)]
    answers = [answered(n, True) for n in range(4)]
    turned = [answered(0, True, swapped=True), answered(1, False, swapped=True),
              answered(2, None, swapped=True)]  # fmt: skip
    figures = scores("vanilla", cases, answers + turned)
    assert figures is not None
    assert (figures.swap.estimate, figures.swap.n) == (0.5, 2)
    assert figures.n == 4  # swapped ones count for nothing else


class Says:
    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def ask(self, image, prompt, *, attempt=0):
        return self.answers.pop(0)


def grounded(*answers: str, verified: bool) -> AnswerRecord:
    asking = parse_question("Is the cup left of the plate?")
    prompt = compose("combined", ["cup", "plate"], question=asking.text)
    grounding = ground(Says(*answers), BLANK, prompt, verified=verified, max_calls=len(answers) - 1)
    return answer("0", asking, "s", grounding, verified=verified, swapped=False, seconds=1.0)


TWELVE = """Object C: jug
Horizontal: cup is left of object C
Horizontal: plate is left of object C
Horizontal: plate is right of cup
Horizontal: cup is {} plate
Answer: no"""


def test_inverse_and_transitive_checks_are_counted_from_the_first_answer():
    held = grounded(TWELVE.format("left of"), verified=False)
    assert (held.inverse, held.transitive) == ((1, 1), (2, 2))
    assert (held.yes, held.by, held.confidence) == (False, "model", 1.0)
    torn = grounded(TWELVE.format("right of"), verified=False)
    assert torn.inverse == (0, 1)
    assert torn.transitive == (2, 2)  # both orders of the cup and the plate fit the jug
    wrong = grounded(TWELVE.replace("cup is left of object C", "cup is right of object C")
                     .format("left of"), verified=False)  # fmt: skip
    assert (wrong.inverse, wrong.transitive) == ((1, 1), (0, 2))
    assert wrong.confidence < 1.0


def test_a_verified_answer_rests_on_the_votes_for_its_relation():
    sure = grounded(TWELVE.format("left of"), verified=True)
    assert (sure.yes, sure.by, sure.confidence) == (True, "relation", 1.0)
    voted = grounded(TWELVE.format("right of"), "yes", "yes", "yes", "no", verified=True)
    assert (voted.yes, voted.by, voted.confidence) == (True, "relation", 0.75)
    own = grounded("Answer: no", verified=True)
    assert (own.yes, own.by, own.confidence) == (False, "model", 0.0)


def test_the_curve_leaves_out_the_least_confident_first():
    cases = [case(n) for n in range(10)]
    answers = [answered(n, n < 8, confidence=1.0 if n < 5 else 0.5) for n in range(9)]
    points = dict(curve([*zip(cases, [*answers, answered(9, None)], strict=True)]))
    assert max(points) == 0.9
    assert points[0.9] == pytest.approx(8 / 9)
    assert points[0.5] == 1.0
    assert points[0.7] == pytest.approx((5 + 2 * 3 / 4) / 7)  # any two of the four may be taken


def test_every_axis_has_a_curve_of_its_own():
    deep = question("cup", Axis.DEPTH, 1, "plate")
    cases = [case(n, question=deep) if n >= 10 else case(n) for n in range(20)]
    answers = [answered(n, n not in (3, 12), confidence=0.1 if n == 12 else 0.9) for n in range(20)]
    figures = scores("vanilla", cases, answers)
    assert figures is not None
    shares = {name: dict(points).get(0.9) for name, points in figures.curves.items()}
    assert shares["horizontal"] == pytest.approx(0.9)  # all are equally sure
    assert shares["depth"] == 1.0  # the wrong one is the least sure
    assert {name: group.n for name, group in figures.groups.items()}["depth"] == 10
    sparse = scores("vanilla", cases, [answered(n, None if n > 17 else True) for n in range(20)])
    assert sparse is not None
    assert 0.9 not in dict(sparse.curves["depth"])  # too few were answered


def test_strategies_are_compared_on_the_same_questions():
    cases = [case(n) for n in range(12)]
    first = [answered(n, n < 3) for n in range(12)]
    second = [answered(n, None if n == 11 else n > 1, strategy="other") for n in range(12)]
    (of_all,) = compare(["vanilla", "other"], cases, first + second, answered=False)
    assert (of_all.n, of_all.first_only, of_all.second_only) == (12, 2, 8)
    assert of_all.p == of_all.p_holm == mcnemar(2, 8)
    (of_answered,) = compare(["vanilla", "other"], cases, first + second, answered=True)
    assert of_answered.n == 11
    assert compare(["vanilla"], cases, first, answered=True) == []
    three = [answered(n, True, strategy="third") for n in range(12)]
    tests = compare(["vanilla", "other", "third"], cases, first + second + three, answered=False)
    assert all(test.p_holm >= test.p for test in tests)


def test_the_blind_baseline_knows_words_and_no_pictures():
    fitted = [case(n, label=n < 6).item for n in range(8)]  # left: yes, right: no
    assert blind(fitted, [case(0, True), case(1, False)]).estimate == 1.0
    always = [case(0, True).item] * 3 + [case(1, False).item]
    behind = replace(case(2, False).item, question=question("a", Axis.DEPTH, 1, "b"))
    unseen = Case(behind, Path("0.jpg"))
    assert blind(always, [unseen]).estimate == 0.0  # takes yes, the commoner label of all
    assert blind([], [case()]) is None


def test_depth_by_height_takes_what_is_lower_for_nearer():
    asking = question("cup", Axis.DEPTH, -1, "plate")  # the cup is nearer, and higher
    against = case(0, question=asking)
    assert by_height([against]).estimate == 0.0
    jug = case(1, question=question("jug", Axis.DEPTH, 1, "plate"), label=False)
    assert by_height([jug]).estimate == 1.0 - float(TRUTH.gap("jug", "plate", Axis.VERTICAL) < 0)
    assert by_height([case()]) is None
