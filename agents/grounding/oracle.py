"""A grounder that knows: for evaluations only. It reads the world itself, not the picture.

Nothing asks it unless the name of the strategy says "oracle", and that name stands in the record
of every run that was flown with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from helmsight.agents.errors import CannotBeAsked
from helmsight.agents.grounding.asking import Image
from helmsight.prompts.claims import render
from helmsight.prompts.constraints import SIGNS
from helmsight.prompts.orders import Prompt
from helmsight.prompts.relations import Axis, claim

PREFIX = "oracle:"
TrueRelations = Callable[[], Sequence[tuple[str, str, str, int]]]
"""Tells (object, other object, axis, sign) of every pair, as `Task.known` does."""


class Oracle:
    """Answers spatial prompts from the truth, in the form that models are asked for.

    Each line is wrong with probability `flips`, independently: one of the two other signs.
    Objects that the truth does not name are not spoken of.
    """

    def __init__(self, truth: TrueRelations, flips: float = 0.0, seed: int = 0) -> None:
        self._truth, self._flips = truth, flips
        self._rng = np.random.default_rng(seed)

    def ask(self, image: Image, prompt: Prompt, *, attempt: int = 0) -> str:
        """Return the lines that `prompt` asks for; neither words nor picture are looked at."""
        signs = {}
        for a, b, axis, sign in self._truth():
            signs[a, b, axis], signs[b, a, axis] = sign, -sign
        lines = [
            claim(a, axis, self._flipped(signs[a, b, axis]), b)
            for a, b in prompt.pairs
            for axis in Axis
            if (a, b, axis) in signs
        ]
        return render(lines)

    def _flipped(self, sign: int) -> int:
        """Return a sign, or with the probability `flips` another one."""
        if self._rng.random() >= self._flips:
            return sign
        return int(self._rng.choice([other for other in SIGNS if other != sign]))


def truth_of(world: Any) -> TrueRelations:
    """Return what tells the true relations of `world`, an environment.

    Raises:
        CannotBeAsked: the environment does not tell them.
    """
    truth = getattr(world, "true_relations", None)
    if truth is None:
        raise CannotBeAsked(
            f"{type(world).__name__} tells no true relations; the grounding {PREFIX}... is for "
            "evaluations on the twin"
        )
    return truth  # type: ignore[no-any-return]
