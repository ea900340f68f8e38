"""What is compared: orders of relations, each as published or proved and asked again."""

from __future__ import annotations

from helmsight.evals.errors import InvalidPlan
from helmsight.evals.naming import names
from helmsight.evals.spatial.defaults import STRATEGIES
from helmsight.prompts.strategies import COT, VANILLA, Strategy, strategy


def strategies(text: str) -> list[Strategy]:
    """Return the strategies of a comma-separated list, none twice.

    Raises:
        UnknownOrder: for an order that is not known; suggests the nearest one.
        InvalidPlan: nothing is listed, or an order without relations is to be verified.
    """
    listed: dict[str, Strategy] = {}
    for name in names(text):
        named = strategy(name)
        if named.verified and named.order in (VANILLA, COT):
            raise InvalidPlan(
                f'"{name}": {named.order} asks for no relations that could be verified'
            )
        listed.setdefault(named.name, named)
    if not listed:
        raise InvalidPlan(f"a comparison needs strategies, as {STRATEGIES}")
    return list(listed.values())
