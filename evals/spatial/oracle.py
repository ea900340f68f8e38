"""An answerer that knows the truth and errs at random: it proves the machinery, not a model.

It never looks at a picture. Its name says oracle, and so does every record and report made with
it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from helmsight.agents.grounding.asking import Image
from helmsight.agents.grounding.oracle import PREFIX, Oracle
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.spatial.dataset import Case
from helmsight.evals.spatial.lessons import C
from helmsight.prompts.constraints import SIGNS
from helmsight.prompts.orders import Prompt
from helmsight.prompts.questions import parse_question
from helmsight.prompts.relations import Axis

NAME = PREFIX.rstrip(":")
WARNING = (
    "NOT A MODEL: a noisy oracle that reads the truth of the data set and errs at random, to "
    "prove the machinery. Its figures say nothing of any model."
)


def is_oracle(pilot: str) -> bool:
    """Whether a pilot's name means the oracle."""
    return pilot == NAME or pilot.startswith(PREFIX)


@dataclass(frozen=True)
class NoisyOracle:
    """Every line, and every yes or no, is wrong with a probability of about `flips`.

    A share `stuck` of that is wrong beliefs, one for a pair on an axis: they are told again
    whenever and whichever way round that pair is asked about, as models do. The rest is
    independent. A wrong line says one of the two other relations. Answers depend on the seed, the
    question and the attempt alone, not on what was asked before.
    """

    flips: float = 0.0
    stuck: float = 0.0
    seed: int = 0

    @classmethod
    def parse(cls, pilot: str) -> NoisyOracle:
        """Read "oracle" or "oracle:flips=SHARE,stuck=SHARE,seed=N".

        Raises:
            InvalidPlan: anything else.
        """
        options = dict.fromkeys(("flips", "stuck", "seed"), "0")
        for part in filter(None, pilot.removeprefix(NAME).removeprefix(":").split(",")):
            key, _, value = part.partition("=")
            if key.strip() not in options:
                raise InvalidPlan(f'"{pilot}": the oracle takes flips, stuck and seed only')
            options[key.strip()] = value.strip()
        try:
            oracle = cls(float(options["flips"]), float(options["stuck"]), int(options["seed"]))
        except ValueError:
            oracle = cls(-1.0)
        if not (0 <= oracle.flips <= 1 and 0 <= oracle.stuck <= 1 and oracle.seed >= 0):
            raise InvalidPlan(
                f'"{pilot}": give flips and stuck from 0 to 1 and a whole seed from 0 on'
            )
        return oracle

    def about(self, case: Case) -> OracleAsker:
        """Return who answers about one question's picture.

        Raises:
            InvalidPlan: the data set tells no truth.
        """
        if case.known is None:
            raise InvalidPlan(
                f"the oracle needs generated data with their truth, and {case.item.path} has none "
                f"for {case.name}; make some with: helmsight spatial generate"
            )
        return OracleAsker(self, case)


class OracleAsker:
    """The oracle before one picture."""

    def __init__(self, oracle: NoisyOracle, case: Case) -> None:
        assert case.known is not None
        self._oracle, self._case, self._truth = oracle, case, case.known.truth
        self._beliefs = self._believed()

    def ask(self, image: Image, prompt: Prompt, *, attempt: int = 0) -> str:
        """Return the lines that `prompt` asks for, some of them wrong, and yes or no."""
        rng, seed = self._drawn(str(attempt), prompt.text)
        others = [name for name in self._truth.names if name not in prompt.names]
        third = str(rng.choice(others)) if prompt.third and others else None
        lines = [] if third is None else [f"Object C: {third}"]
        flips = self._oracle.flips * (1 - self._oracle.stuck)
        lines.append(Oracle(lambda: list(self._known(third)), flips, seed).ask(image, prompt))
        if prompt.question:
            yes = self._yes(prompt.question) is not bool(rng.random() < flips)
            lines.append(f"Answer: {'yes' if yes else 'no'}")
        return "\n".join(filter(None, lines))

    def _drawn(self, *key: str) -> tuple[np.random.Generator, int]:
        """Return random numbers of their own for this question and `key`, and their seed."""
        text = "\n".join((str(self._oracle.seed), self._case.name, *key))
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return np.random.default_rng(seed), seed

    def _believed(self) -> dict[tuple[str, str, Axis], int]:
        """Return the sign of every pair as the oracle believes it, always the same."""
        beliefs = {}
        for claim in self._truth.claims():
            if claim.a < claim.b:
                a, b, axis, sign = claim.a, claim.b, claim.axis, claim.sign
                rng, _ = self._drawn("belief", a, b, axis.value)
                if rng.random() < self._oracle.flips * self._oracle.stuck:
                    sign = int(rng.choice([other for other in SIGNS if other != sign]))
                beliefs[a, b, axis], beliefs[b, a, axis] = sign, -sign
        return beliefs

    def _known(self, third: str | None) -> Iterator[tuple[str, str, str, int]]:
        """Yield what is believed, of object C under this name as well."""
        for (a, b, axis), sign in self._beliefs.items():
            yield a, b, axis, sign
            if b == third:
                yield a, C, axis, sign

    def _yes(self, text: str) -> bool:
        """Return the answer to a question as believed."""
        question = parse_question(text)
        relation = question.relation
        return self._beliefs[question.a, question.b, relation.axis] == relation.sign
