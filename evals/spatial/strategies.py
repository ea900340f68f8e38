"""What is compared: orders of relations, each as published or proved and asked again."""

from __future__ import annotations

from dataclasses import dataclass

from helmsight.agents.ground import VERIFIED
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.flights import names
from helmsight.prompts.orders import COT, VANILLA, order

DEFAULT = "vanilla,bidirectional,transitive,combined,combined+verified"


@dataclass(frozen=True)
class Strategy:
    """A way to get an answer to a question about a picture.

    Unverified, the answer is the model's own yes or no, as published. Verified, it is what the
    relations say once they are proved, and the model's own only where they decide nothing.
    """

    name: str
    order: str
    verified: bool


def strategies(text: str) -> list[Strategy]:
    """Return the strategies of a comma-separated list, none twice.

    Raises:
        UnknownOrder: for an order that is not known; suggests the nearest one.
        InvalidPlan: nothing is listed, or an order without relations is to be verified.
    """
    found: dict[str, Strategy] = {}
    for name in names(text):
        asked, verified = order(name.removesuffix(VERIFIED)), name.endswith(VERIFIED)
        if verified and asked in (VANILLA, COT):
            raise InvalidPlan(f'"{name}": {asked} asks for no relations that could be verified')
        found.setdefault(name.lower(), Strategy(name.lower(), asked, verified))
    if not found:
        raise InvalidPlan(f"a comparison needs strategies, as {DEFAULT}")
    return list(found.values())
