"""The sizes of the inspector, in which form it is asked, and how its questions are put together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from helmsight.agents.inspection.change import CHANGE
from helmsight.agents.training.design import Design, Tower
from helmsight.envs.inspection.parts import DEFECTS
from helmsight.envs.inspection.states import states
from helmsight.prompts.templates import render

VIEW = 128  # px
STATES = tuple(dict.fromkeys(s for defects in DEFECTS.values() for s in states(defects)))
"""Every state of any part."""
ASKING_STYLE: Mapping[str, Any] = {
    "views": {"size": VIEW, "names": [CHANGE]},
    "prompt": "inspection/part",
    "constrained": True,
    "needs": "frame",
    "max_new_tokens": 8,
}
"""How the model is asked: one crop with its drawing, in false colours, and one part's state."""
_WORDS = "|".join(map(re.escape, sorted({*STATES, *DEFECTS}, key=len, reverse=True)))
INSPECTOR = Design(
    view=VIEW,
    patch=16,
    mean=0.4,
    spread=0.25,
    vision=Tower(192, 768, 5, 6),
    text=Tower(192, 512, 3, 6),
    # a state is one token, so that the first one tells how sure the model is of each
    pieces=rf"\n+| ?\b(?:{_WORDS})\b",
    vocabulary=512,
    longest=300,
    context=256,
)


def question(kind: str) -> str:
    """Return the question about the state of a part of a kind."""
    return render("inspection/part", part=kind, states=states(DEFECTS[kind]))


def corpus() -> Iterator[str]:
    """Yield texts for the tokenizer: every question and answer, often enough to be whole."""
    for _ in range(50):
        for kind, defects in DEFECTS.items():
            yield question(kind)
            yield from states(defects)
            yield " ".join(("", kind, *states(defects)))
