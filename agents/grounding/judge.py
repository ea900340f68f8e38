"""The answer to a yes/no question that the relations of a grounding give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from helmsight.agents.grounding.verify import Grounding
from helmsight.prompts.constraints import check
from helmsight.prompts.questions import Question
from helmsight.prompts.relations import RelationFrame


@dataclass(frozen=True)
class Judgement:
    """The answer to a question and what it rests on; `yes` None is an abstention."""

    yes: bool | None
    by: Literal["relation", "closure", "model", "unseen", "nothing"]


def judge(question: Question, grounding: Grounding) -> Judgement:
    """Return the answer that a grounding gives to a yes/no question.

    By the claim about the very pair and axis; else by what the other claims leave possible for
    it; else, where the answers claimed nothing of that pair and axis, by the model's own yes or no.
    What was claimed and given up stays undecided, and so does what contradictions leave open, and
    what is about a thing that was not seen.
    """
    relation = question.relation
    key = (question.a, question.b, relation.axis)
    both_ways = (
        way
        for claim in grounding.claims
        for way in (claim, *([] if claim.frame is RelationFrame.OBJECT else [claim.inverse]))
    )
    claimed = {way.sign for way in both_ways if (way.a, way.b, way.axis) == key}
    if len(claimed) == 1:
        return Judgement(claimed == {relation.sign}, "relation")
    possible = check(grounding.claims).possible.get(key)
    if not claimed and possible is not None:
        if possible == {relation.sign}:
            return Judgement(True, "closure")
        if relation.sign not in possible:
            return Judgement(False, "closure")
    if {question.a, question.b} & {*grounding.unseen}:
        return Judgement(None, "unseen")
    doubted = {key, (question.b, question.a, relation.axis)} & {*grounding.given_up}
    if grounding.yes is not None and not doubted:
        return Judgement(grounding.yes, "model")
    return Judgement(None, "nothing")
