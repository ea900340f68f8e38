"""Which code and which weights made a result."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from helmsight.agents.models.sources import SHIPPED
from helmsight.agents.weights import weights_of
from helmsight.contract.identity import digest
from helmsight.envs.orbital.stepping import step_code

ROOMS = ("agents", "contract", "envs", "prompts", "tools")
QUESTIONS = "evals/spatial"
SOURCES = {".py", ".c", ".h", ".json", ".j2"}
APART = {"training", *(folder.name for folder in SHIPPED.values())}
"""Lessons; and weights, which have their own digest."""


def fingerprint(pilot: str, *more: str) -> str:
    """Return a digest of the code that flies and of what its pilot answers out of (`weights_of`).

    more: further folders of code that the result depends on, as "evals/spatial". An inspector is
    as its eyes are. Code of other distributions is not in it. Whether the twin's steps are taken in
    C or in NumPy is.
    """
    return digest(f"{_code(*ROOMS, *more)} {step_code()} {weights_of(pilot)}")


@cache
def _code(*rooms: str) -> str:
    """Return a digest of the sources of the rooms that a flight goes through; not of training."""
    root, sources = Path(__file__).parents[1], hashlib.sha256()
    for room in rooms:
        for path in sorted((root / room).rglob("*")):
            inner = path.relative_to(root).parts
            if path.suffix in SOURCES and not APART & set(inner):
                sources.update("/".join(inner).encode() + path.read_bytes())
    return sources.hexdigest()
