from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.agents.grounding.judge import Judgement, judge
from helmsight.agents.grounding.verify import ground
from helmsight.prompts.claims import Weighed, render
from helmsight.prompts.constraints import SIGNS, check
from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.orders import Prompt, compose
from helmsight.prompts.questions import question
from helmsight.prompts.relations import Axis, Claim, Relation, claim, relations
from helmsight.prompts.strategies import CALLED

H, V, D = Axis
IMAGE = np.zeros((4, 4, 3), np.uint8)
NAMES = ("cup", "plate", "lamp", "door")


class Script:
    """An asker with given answers; remembers what it was asked, and on which attempt."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Prompt, int]] = []

    def ask(self, image, prompt, *, attempt=0):
        self.asked.append((prompt, attempt))
        return self.answers[len(self.asked) - 1]


class Noise:
    """An adversarial asker: any line for any pair, some of them unreadable or of other pairs."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.calls = 0

    def ask(self, image, prompt, *, attempt=0):
        self.calls += 1
        lines = []
        for a, b in prompt.pairs * 2:
            for axis in Axis:
                roll = self.rng.random()
                if roll < 0.1:
                    lines.append(f"{axis.capitalize()}: {a} is somewhere near {b}")
                elif roll < 0.9:
                    x, y = self.rng.choice(NAMES, 2, replace=False) if roll < 0.2 else (a, b)
                    lines.append(render([claim(str(x), axis, int(self.rng.choice(SIGNS)), str(y))]))
        return "\n".join(lines)


def lines_of(*claims: Claim) -> str:
    return render(claims)


def pair(**kwargs):
    return compose("bidirectional", ["cup", "plate"], **kwargs)


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(sorted(CALLED)),
    st.integers(2, 4),
    st.integers(0, 6),
)
def test_whatever_is_answered_nothing_contradictory_comes_out_and_calls_stay_bounded(
    seed, name, objects, calls
):
    asker = Noise(seed)
    if name == "chain-of-thought":
        prompt = compose(name, NAMES[:objects], question="Is there a cup left a plate?")
    else:
        prompt = compose(name, NAMES[:objects])
    grounding = ground(asker, IMAGE, prompt, max_calls=calls)
    assert check(grounding.claims).consistent
    assert grounding.counts.left == 0
    assert grounding.counts.calls == asker.calls == 1 + grounding.counts.extra
    assert grounding.counts.extra <= calls
    assert grounding.counts.reasked <= grounding.counts.extra
    assert grounding.conflicts == check(grounding.first).conflicts


def test_a_consistent_answer_is_taken_as_it_is_with_one_call():
    asker = Script(lines_of(claim("plate", H, 1, "cup"), claim("cup", H, -1, "plate")))
    grounding = ground(asker, IMAGE, pair())
    assert grounding.lines() == ["cup is left of plate"]
    assert (grounding.counts.calls, grounding.counts.contradictions, grounding.score) == (1, 0, 1.0)


def test_a_contradicted_pair_is_asked_again_until_a_sign_leads_by_two():
    asker = Script(
        lines_of(claim("plate", H, -1, "cup"), claim("cup", H, -1, "plate")),
        lines_of(claim("cup", H, -1, "plate")),
        lines_of(claim("plate", H, 1, "cup")),
    )
    grounding = ground(asker, IMAGE, pair())
    assert grounding.lines() == ["cup is left of plate"]
    assert [prompt.pairs for prompt, _ in asker.asked[1:]] == [
        (("cup", "plate"),), (("plate", "cup"),),
    ]  # fmt: skip
    assert [attempt for _, attempt in asker.asked] == [0, 1, 2]
    assert grounding.counts.to_dict() == {
        "calls": 3, "extra": 2, "reasked": 1, "unread": 0, "contradictions": 1, "left": 0,
        "flipped": 1, "implied": 0, "dropped": 0, "disagreed": 0, "failed": 0,
    }  # fmt: skip


def test_only_pairs_of_a_smallest_contradiction_are_asked_again():
    circle = [claim("cup", H, 1, "plate"), claim("plate", H, 1, "lamp"), claim("lamp", H, 1, "cup")]
    apart = [claim("door", V, 1, "cup")]
    prompt = compose("structured", NAMES)
    asker = Script(lines_of(*circle, *apart), *[lines_of(claim("cup", H, -1, "plate"))] * 4)
    grounding = ground(asker, IMAGE, prompt)
    assert all("door" not in prompt.pairs[0] for prompt, _ in asker.asked[1:])
    assert "door is below cup" in [claim.text() for claim in grounding.first]


def test_without_calls_left_the_tied_pair_is_given_up():
    asker = Script(lines_of(claim("plate", V, -1, "cup"), claim("cup", V, -1, "plate")))
    grounding = ground(asker, IMAGE, pair(), max_calls=0)
    assert grounding.claims == ()
    assert (grounding.counts.dropped, grounding.counts.extra) == (1, 0)


def test_a_tie_is_decided_by_the_one_sign_that_the_other_claims_allow():
    prompt = compose("combined", ["cup", "plate"], landmark="door")
    asker = Script(
        lines_of(
            claim("cup", H, -1, "door"), claim("plate", H, 1, "door"),
            claim("plate", H, -1, "cup"), claim("cup", H, -1, "plate"),
        )
    )  # fmt: skip
    grounding = ground(asker, IMAGE, prompt, max_calls=0)
    assert "cup is left of plate" in grounding.lines()
    assert (grounding.counts.implied, grounding.counts.dropped) == (1, 0)


def test_unverified_claims_come_out_as_they_were_said():
    asker = Script(lines_of(claim("plate", H, -1, "cup"), claim("cup", H, -1, "plate")))
    grounding = ground(asker, IMAGE, pair(), verified=False)
    assert grounding.lines() == ["plate is left of cup", "cup is left of plate"]
    assert (grounding.counts.calls, grounding.counts.left) == (1, 1)


def test_claims_that_disagree_with_what_is_known_are_left_out_and_counted():
    known = [claim("cup", H, 1, "plate")]
    answer = lines_of(claim("cup", H, -1, "plate"), claim("cup", V, 1, "plate"))
    for verified in (True, False):
        grounding = ground(Script(answer), IMAGE, pair(), verified=verified, known=known)
        assert grounding.lines() == ["cup is below plate"]
        assert grounding.counts.disagreed == 1


def test_claims_are_proved_against_what_is_known():
    known = [claim("cup", H, -1, "door"), claim("door", H, -1, "lamp")]
    prompt = compose("structured", ["cup", "lamp"])
    wrong, right = lines_of(claim("cup", H, 1, "lamp")), lines_of(claim("cup", H, -1, "lamp"))
    grounding = ground(Script(wrong, right, right, right), IMAGE, prompt, known=known)
    assert grounding.lines() == ["cup is left of lamp"]
    stubborn = ground(Script(*[wrong] * 7), IMAGE, prompt, known=known)
    assert stubborn.claims == ()
    assert stubborn.counts.dropped == 1


def test_what_is_known_must_not_contradict_itself():
    known = [claim("cup", H, 1, "plate"), claim("plate", H, 1, "cup")]
    with pytest.raises(InvalidClaims, match="what is known"):
        ground(Script(""), IMAGE, pair(), known=known)


def test_a_thing_without_a_name_cannot_be_asked_about_again():
    text = "Horizontal: cup is left of object C\nHorizontal: object C is left of cup"
    asker = Script(text)
    grounding = ground(asker, IMAGE, compose("combined", ["cup", "plate"]))
    assert grounding.claims == ()
    assert (grounding.counts.extra, grounding.counts.dropped) == (0, 1)


def test_a_thing_that_the_model_named_is_asked_about_by_that_name():
    text = "Object C: lamp\nHorizontal: cup is left of lamp\nHorizontal: lamp is left of cup"
    again = lines_of(claim("cup", H, -1, "lamp"))
    asker = Script(text, again, again)
    grounding = ground(asker, IMAGE, compose("combined", ["cup", "plate"]))
    assert grounding.lines() == ["cup is left of lamp"]
    assert asker.asked[1][0].pairs == (("cup", "lamp"),)


QUESTION = question("cup", H, -1, "plate")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("Horizontal: cup is left of plate\nAnswer: yes", Judgement(True, "relation")),
        ("Horizontal: plate is left of cup\nAnswer: no", Judgement(False, "relation")),
        ("Horizontal: cup is left of door\nHorizontal: door is left of plate\nAnswer: no",
         Judgement(True, "closure")),
        ("Horizontal: door is left of cup\nHorizontal: plate is left of door\nAnswer: yes",
         Judgement(False, "closure")),
        ("Vertical: cup is above plate\nAnswer: yes", Judgement(True, "model")),
        ("Horizontal: cup is aligned with plate", Judgement(False, "relation")),
        ("I cannot tell.", Judgement(None, "nothing")),
    ],
)  # fmt: skip
def test_a_question_is_judged_by_relations_then_by_what_follows_then_by_the_model(answer, verdict):
    prompt = compose("combined", ["cup", "plate"], question=QUESTION.text, landmark="door")
    asker = Script(answer, *["I cannot tell."] * 6)
    assert judge(QUESTION, ground(asker, IMAGE, prompt)) == verdict
    assert len(asker.asked) == {"relation": 1, "closure": 2}.get(verdict.by, 5)


def test_a_question_of_which_nothing_was_said_is_asked_plainly_and_then_as_a_pair():
    prompt = compose("combined", ["cup", "plate"], question=QUESTION.text, landmark="door")
    said = "Vertical: cup is above plate\nAnswer: no"
    asker = Script(said, "It is hard to say.", lines_of(claim("cup", H, -1, "plate")))
    assert judge(QUESTION, ground(asker, IMAGE, prompt, max_calls=2)) == Judgement(True, "relation")
    assert [prompt.question for prompt, _ in asker.asked[1:]] == [QUESTION.text, ""]
    assert asker.asked[2][0].pairs == (("cup", "plate"),)


DOUBT = lines_of(claim("cup", H, -1, "plate"), claim("plate", H, -1, "cup"))
WAYS = [
    "Is there a cup left of a plate in the image?",
    "Is there a plate left of a cup in the image?",
    "Is there a plate right of a cup in the image?",
    "Is there a cup right of a plate in the image?",
]


@pytest.mark.parametrize(
    ("words", "asked", "verdict"),
    [
        (["yes", "no"], 2, True),
        (["no", "yes"], 2, False),
        (["yes", "yes", "yes", "no"], 4, True),
        (["yes", "yes", "no", "yes"], 4, False),
    ],
)
def test_a_question_in_doubt_is_asked_plainly_both_ways_and_by_its_opposite(words, asked, verdict):
    asker = Script(f"{DOUBT}\nAnswer: yes", *words)
    grounding = ground(asker, IMAGE, pair(question="Is the cup on the left side of the plate?"))
    assert judge(QUESTION, grounding) == Judgement(verdict, "relation")
    assert [prompt.question for prompt, _ in asker.asked[1:]] == WAYS[:asked]
    assert {attempt for _, attempt in asker.asked} == {0}  # the likeliest answer of each
    assert grounding.counts.reasked == 1


def test_a_question_whose_answer_only_follows_from_others_is_asked_plainly_before_these():
    near = [claim("cup", H, -1, "door"), claim("door", H, -1, "plate")]
    other = lines_of(claim("cup", H, 1, "door"))
    prompt = compose("combined", ["cup", "plate"], question=QUESTION.text, landmark="door")
    asker = Script(f"{lines_of(*near)}\n{other}\nAnswer: no", "yes", "no", other, other)
    assert judge(QUESTION, ground(asker, IMAGE, prompt)) == Judgement(True, "relation")
    assert [asked.question for asked, _ in asker.asked[1:4]] == [*WAYS[:2], ""]


def test_who_says_yes_to_everything_has_said_nothing():
    asker = Script(f"{DOUBT}\nAnswer: yes", *["yes"] * 4, *["It is hard to say."] * 2)
    grounding = ground(asker, IMAGE, pair(question=QUESTION.text))
    assert judge(QUESTION, grounding) == Judgement(None, "nothing")
    assert grounding.given_up == (("cup", "plate", H),)


def test_plain_answers_count_instead_of_lines_and_as_much_as_they_are_sure():
    lines = lines_of(claim("cup", H, -1, "plate"), claim("cup", V, -1, "plate"))
    first = Weighed.of([(f"{lines}\nAnswer: yes", 0.7)])
    sure = [Weighed.of([("Answer: no", 0.8)]), Weighed.of([("yes", 0.9)])]
    grounding = ground(Script(first, *sure), IMAGE, pair(question=QUESTION.text))
    assert grounding.lines() == ["cup is right of plate"]
    assert [claim.confidence for claim in grounding.claims] == [pytest.approx(0.85)]


def test_where_plain_answers_contradict_other_relations_these_are_given_up():
    circle = [claim("cup", H, 1, "door"), claim("door", H, 1, "plate"), claim("plate", H, 1, "cup")]
    prompt = compose("combined", ["cup", "plate"], question=QUESTION.text, landmark="door")
    answers = [f"{lines_of(*circle)}\nAnswer: no", "yes", "no"]
    grounding = ground(Script(*answers), IMAGE, prompt, max_calls=2)
    assert judge(QUESTION, grounding) == Judgement(True, "relation")
    assert grounding.counts.dropped >= 1
    assert check(grounding.claims).consistent


def test_what_is_known_is_not_asked_plainly():
    known = claim("cup", H, 1, "plate")
    asker = Script(f"{lines_of(claim('plate', H, -1, 'cup'))}\nAnswer: yes", *["no idea"] * 6)
    ground(asker, IMAGE, pair(question=QUESTION.text), known=[known])
    assert not any(prompt.question for prompt, _ in asker.asked[1:])


def test_what_was_told_and_given_up_stays_undecided():
    answer = "Horizontal: cup is left of plate\nHorizontal: plate is left of cup\nAnswer: yes"
    grounding = ground(Script(answer), IMAGE, pair(question=QUESTION.text), max_calls=0)
    assert grounding.given_up == (("cup", "plate", H),)
    assert judge(QUESTION, grounding) == Judgement(None, "nothing")


def test_of_a_thing_that_is_not_seen_nothing_is_told_and_nothing_asked_again():
    answer = "Horizontal: cup is unseen\nHorizontal: cup is unseen\nAnswer: yes"
    asker = Script(answer)
    grounding = ground(asker, IMAGE, pair(question=QUESTION.text))
    assert grounding.unseen == ("cup",)
    assert grounding.claims == ()
    assert len(asker.asked) == 1
    assert judge(QUESTION, grounding) == Judgement(None, "unseen")


def test_that_a_thing_is_not_seen_speaks_against_what_was_said_about_it():
    left = lines_of(claim("cup", H, -1, "plate"))
    first = f"{left}\nHorizontal: plate is left of cup"
    one_unseen = ground(Script(first, left, "Depth: cup is unseen", left, left), IMAGE, pair())
    assert one_unseen.claims == ()
    assert one_unseen.unseen == ("cup",)
    seen = ground(Script(first, left, left), IMAGE, pair())
    assert [claim.text() for claim in seen.claims] == ["cup is left of plate"]


def test_a_vote_counts_as_much_as_its_line_was_sure():
    def weighed(text: str, sure: float) -> Weighed:
        return Weighed.of([(text, sure)])

    left, right = lines_of(claim("cup", H, -1, "plate")), lines_of(claim("cup", H, 1, "plate"))
    prompt = compose("structured", ["cup", "plate"])
    sure = ground(Script(weighed(left, 0.9)), IMAGE, prompt)
    assert (sure.lines(), sure.counts.extra) == (["cup is left of plate"], 0)
    mended = ground(Script(weighed(left, 0.5), *[weighed(right, 0.95)] * 4), IMAGE, prompt)
    assert mended.lines() == ["cup is right of plate"]
    assert mended.counts.flipped == 1
    doubtful = ground(Script(*[weighed(left, 0.5)] * 5), IMAGE, prompt)
    assert (doubtful.lines(), doubtful.counts.extra) == ([], 3)  # a lead of two, unsure as it is


def test_beside_what_a_question_is_about_a_relation_has_to_be_surer():
    left = render([claim("cup", H, -1, "plate"), claim("cup", V, -1, "plate")])

    def lines(text: str) -> list[str]:
        prompt = compose("structured", ["cup", "plate"], question=text)
        answer = Weighed.of([(f"{left}\nAnswer: yes", 0.75)])
        return ground(Script(answer), IMAGE, prompt, max_calls=0).lines()

    assert lines("Is the cup left of the plate?") == ["cup is left of plate"]
    assert lines("Is the cup above the plate?") == ["cup is above plate"]
    assert lines("") == ["cup is left of plate", "cup is above plate"]


@pytest.mark.parametrize("yes", [True, False])
def test_a_relation_that_its_own_yes_or_no_denies_is_asked_plainly(yes):
    line = lines_of(claim("cup", H, 1 if yes else -1, "plate"))
    first = f"{line}\nAnswer: {'yes' if yes else 'no'}"
    asker = Script(first, *(["yes", "no"] if yes else ["no", "yes"]))
    grounding = ground(asker, IMAGE, pair(question=QUESTION.text))
    assert judge(QUESTION, grounding) == Judgement(yes, "relation")
    assert grounding.counts.extra == 2


def test_a_question_about_no_relation_is_no_verdict():
    grounding = ground(
        Script(lines_of(claim("cup", H, -1, "plate")) + "\nAnswer: no"),
        IMAGE,
        pair(question="Are the cup and the plate clean?"),
    )
    assert (grounding.counts.extra, grounding.yes) == (0, False)


def test_contradictory_relations_decide_no_question():
    answer = "Horizontal: cup is left of plate\nHorizontal: plate is left of cup\nAnswer: yes"
    prompt = pair(question=QUESTION.text)
    grounding = ground(Script(answer), IMAGE, prompt, verified=False)
    assert judge(QUESTION, grounding) == Judgement(True, "model")


@given(st.sampled_from(list(relations())), st.booleans())
def test_a_verdict_agrees_with_the_relation_whichever_way_round_it_was_said(relation, turned):
    stated = Claim("cup", "plate", relation)
    asking = question("cup", H, -1, "plate")
    answer = render([stated.inverse if turned else stated])
    verdict = judge(asking, ground(Script(answer), IMAGE, pair()))
    assert verdict.by == ("relation" if relation.axis is H else "nothing")
    assert (verdict.yes is True) == (relation == Relation(H, -1))
