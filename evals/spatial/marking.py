"""Marks one answer: is it right, and which of the relations that it states are made up."""

from __future__ import annotations

from helmsight.evals.spatial.answers import AnswerRecord
from helmsight.evals.spatial.dataset import Case
from helmsight.prompts.constraints import pair_of
from helmsight.prompts.relations import Claim, claim


def is_right(case: Case, answer: AnswerRecord) -> bool:
    """Whether a question was answered, and rightly."""
    return answer.yes is case.item.label


def made_up(case: Case, answer: AnswerRecord) -> tuple[int, int]:
    """Return (false, judged) of the relations that an answer states, the same one counted once.

    Without the truth of the picture only the relation that was asked for can be judged: by the
    label, and where this is no a different relation may be true or not.
    """
    question = case.item.question
    relation = question.relation
    asked_for = _one_way(claim(question.a, relation.axis, relation.sign, question.b))
    stated = {*map(_one_way, answer.stated), *([asked_for] if answer.yes else [])}
    verdicts = [_is_true(claim, case, asked_for) for claim in stated]
    return verdicts.count(False), len(verdicts) - verdicts.count(None)


def _one_way(stated: Claim) -> Claim:
    """Return a claim in the order of its names."""
    turned = stated if (stated.a, stated.b) == pair_of(stated) else stated.inverse
    return claim(turned.a, turned.axis, turned.sign, turned.b)


def _is_true(stated: Claim, case: Case, asked_for: Claim) -> bool | None:
    """Whether a claim is true; None where neither truth nor label tells."""
    if case.known is not None:
        return case.known.truth.says(stated)
    if pair_of(stated) != pair_of(asked_for) or stated.axis is not asked_for.axis:
        return None
    if stated.sign == asked_for.sign:
        return case.item.label
    return False if case.item.label else None
