"""An answerer that knows the truth and errs at random: it proves the machinery, not a model.

It never looks at a picture. Its name says oracle, and so does every record and report made with
it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agents.grounding.asking import Image
from agents.grounding.oracle import PREFIX, Oracle
from evals.errors import InvalidPlan
from evals.spatial.dataset import Case
from prompts.orders import Prompt

NAME = PREFIX.rstrip(":")
WARNING = (
    "NOT A MODEL: a noisy oracle that reads the truth of the data set and errs at random, to "
    "prove the machinery. Its figures say nothing of any model."
)
C = "object C"  # what the lines to fill in call the object that the answerer chooses


def is_oracle(pilot: str) -> bool:
    """Whether a pilot's name means the oracle."""
    return pilot == NAME or pilot.startswith(PREFIX)


@dataclass(frozen=True)
class NoisyOracle:
    """Every line is wrong with probability `flips`, and so is every yes or no; all independent.

    A wrong line says one of the two other relations. Answers depend on the seed, the question and
    the attempt alone, not on what was asked before.
    """

    flips: float = 0.0
    seed: int = 0

    @classmethod
    def parse(cls, pilot: str) -> NoisyOracle:
        """Read "oracle" or "oracle:flips=SHARE,seed=N".

        Raises:
            InvalidPlan: anything else.
        """
        told = dict.fromkeys(("flips", "seed"), "0")
        for part in filter(None, pilot.removeprefix(NAME).removeprefix(":").split(",")):
            key, _, value = part.partition("=")
            if key.strip() not in told:
                raise InvalidPlan(f'"{pilot}": the oracle takes flips=SHARE and seed=N only')
            told[key.strip()] = value.strip()
        try:
            found = cls(float(told["flips"]), int(told["seed"]))
        except ValueError:
            found = cls(-1.0)
        if not (0.0 <= found.flips <= 1.0 and found.seed >= 0):
            raise InvalidPlan(f'"{pilot}": give flips from 0 to 1 and a whole seed from 0 on')
        return found

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

    def ask(self, image: Image, prompt: Prompt, *, attempt: int = 0) -> str:
        """Return the lines that `prompt` asks for, some of them wrong, and yes or no."""
        key = f"{self._oracle.seed} {self._case.name} {attempt} {prompt.text}"
        seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
        rng = np.random.default_rng(seed)
        others = [name for name in self._truth.names if name not in prompt.names]
        third = str(rng.choice(others)) if prompt.third and others else None
        lines = [] if third is None else [f"Object C: {third}"]
        flips = self._oracle.flips
        lines.append(Oracle(lambda: list(self._known(third)), flips, seed).ask(image, prompt))
        if prompt.question:
            # the answer to the swapped question is the same
            yes = self._case.item.label is not bool(rng.random() < flips)
            lines.append(f"Answer: {'yes' if yes else 'no'}")
        return "\n".join(filter(None, lines))

    def _known(self, third: str | None) -> Iterator[tuple[str, str, str, int]]:
        """Yield the truth, of object C under this name as well."""
        for one in self._truth.claims():
            yield one.a, one.b, one.axis, one.sign
            if one.b == third:
                yield one.a, C, one.axis, one.sign
