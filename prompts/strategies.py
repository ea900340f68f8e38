"""Orders of relations and the strategies made of them, by name.

An order names ordered pairs of objects A, B and C: "BA+AB" asks where B is from A and then where A
is from B. With more than two objects A and B stand for all of them, two by two, and C is what
each of them is compared with. Source of the orders: constraint-aware prompting (arXiv 2502.08317).
Nothing heavy is imported here: the help of the command line shows these names.
"""

from __future__ import annotations

from dataclasses import dataclass

from helmsight.prompts.errors import UnknownOrder, suggestion

VANILLA, COT = "vanilla", "cot"
ORDERS = (
    VANILLA,
    COT,
    "AB",
    "BA",
    "AB+BA",
    "BA+AB",
    "AC+BC",
    "AC+BC+AB",
    "AC+BC+BA",
    "AC+BC+AB+BA",
    "AC+BC+BA+AB",
)
CALLED = {
    "chain-of-thought": COT,
    "structured": "AB",
    "bidirectional": "BA+AB",
    "transitive": "AC+BC",
    "combined": "AC+BC+BA+AB",
}
"""The orders that have names of their own."""
RELATING = tuple(name for name, pairs in CALLED.items() if pairs != COT)
"""The named orders that ask for relations."""

VERIFIED = "+verified"
"""Behind the name of an order: its relations are proved, and asked again where they contradict."""
MAX_CALLS = 4
"""Questions that a verified strategy asks again about one picture, at most."""

REFERENCES = ("free", "largest", "smallest", "topmost", "central", "most obvious", "landmark")
"""How object C is chosen; `landmark` is given by the scene or by a detector."""


@dataclass(frozen=True)
class Strategy:
    """A way to get relations, or an answer to a question, from a picture.

    Unverified, the answer is the model's own yes or no, as published. Verified, it is what the
    relations say once they are proved, and the model's own only where they decide nothing.
    """

    name: str
    order: str
    verified: bool


def order(name: str) -> str:
    """Return the order that `name` means: one of `ORDERS` or `CALLED`, in any case.

    Raises:
        UnknownOrder: for any other name; suggests the nearest one.
    """
    known = {pairs.lower(): pairs for pairs in ORDERS} | CALLED
    wanted = name.strip().lower()
    if wanted not in known:
        raise UnknownOrder(
            f'no order of relations is called "{name}".{suggestion(wanted, known)} '
            f"Known: {', '.join([*CALLED, *ORDERS])}"
        )
    return known[wanted]


def strategy(name: str) -> Strategy:
    """Return the strategy called `name`: an order (see `order`), with or without `VERIFIED`.

    Raises:
        UnknownOrder: the order is not known; suggests the nearest one.
    """
    return Strategy(name.lower(), order(name.removesuffix(VERIFIED)), name.endswith(VERIFIED))


def check_reference(reference: str, landmark: str | None) -> None:
    """Raise UnknownOrder unless `reference` is a rule that object C can be chosen by."""
    if reference not in REFERENCES:
        raise UnknownOrder(
            f'no rule for object C is called "{reference}".{suggestion(reference, REFERENCES)} '
            f"Known: {', '.join(REFERENCES)}"
        )
    if reference == "landmark" and landmark is None:
        raise UnknownOrder('the rule "landmark" needs a landmark; name one, or take another rule')
