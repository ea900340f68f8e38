"""The question itself, asked anew in plain words until its answer is clear.

A model may misread the words of a question, not what they are about. Code has read the relation
out of them, so that it can be asked about in canonical words, and in ways of which half are to be
answered by no: a model that says yes to everything has said nothing then.
"""

from __future__ import annotations

from helmsight.prompts.claims import ParsedAnswer
from helmsight.prompts.errors import PromptsError
from helmsight.prompts.orders import Prompt, compose
from helmsight.prompts.questions import Question, parse_question, plain_ways
from helmsight.prompts.relations import Claim, RelationFrame
from helmsight.prompts.strategies import VANILLA

CLEAR = 1.5  # votes by which yes or no leads once there is nothing more to gain


class PlainQuestion:
    """What a prompt asks, in plain words: which way is next, and the votes so far.

    `claim` is what is asked as a claim, None where no relation is asked about; `votes` are the
    weights of its holding (True) and of the opposite, `asked` is the number of answers.
    """

    def __init__(self, prompt: Prompt) -> None:
        question = _question(prompt)
        self.claim: Claim | None = None
        self._ways: tuple[Question, ...] = ()
        self._frame = prompt.frame
        self.votes: dict[bool, float] = {}
        self.asked = 0
        if question is not None:
            self.claim = Claim(question.a, question.b, question.relation, prompt.frame)
            self._ways = plain_ways(question)
            if prompt.frame is RelationFrame.OBJECT:  # whose sides are those of one thing alone
                self._ways = tuple(way for way in self._ways if way.a == question.a)

    def next(self) -> Prompt | None:
        """Return what is to be asked next.

        None where nothing is left, one answer leads, or the first was neither yes nor no.
        """
        if self.asked and not self.votes:
            return None
        first, second = sorted([*self.votes.values(), 0.0, 0.0], reverse=True)[:2]
        if first - second >= CLEAR or self.asked == len(self._ways):
            return None
        way = self._ways[self.asked]
        return compose(VANILLA, [way.a, way.b], question=way.text, frame=self._frame)

    def add(self, answer: ParsedAnswer) -> None:
        """Count the answer to what was asked last: no is a vote for the opposite."""
        way = self._ways[self.asked]
        self.asked += 1
        if self.claim is None or answer.yes is None:
            return
        same = (way.a == self.claim.a) is (way.relation.sign == self.claim.sign)
        holds = answer.yes is same
        self.votes[holds] = self.votes.get(holds, 0.0) + answer.sure


def _question(prompt: Prompt) -> Question | None:
    """Return the question of a prompt; None when there is none, or not about one relation."""
    if not prompt.question:
        return None
    try:
        return parse_question(prompt.question)
    except PromptsError:
        return None
