"""What relations prove of a line of sight: whether one thing stands between the viewer and another.

That is on no axis of its own. It follows: neither left nor right of it, neither above nor below,
and in front of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from helmsight.prompts.constraints import SIGNS, check
from helmsight.prompts.relations import Axis, Claim

_BETWEEN = {Axis.HORIZONTAL: 0, Axis.VERTICAL: 0, Axis.DEPTH: -1}


def between(claims: Iterable[Claim], a: str, b: str) -> bool | None:
    """Return whether `a` stands between the viewer and `b`; None where `claims` leave it open.

    It is proved by all that follows from the claims, also from those about other things. An axis
    on which they contradict each other proves nothing.

    Raises:
        InvalidClaims: an object is related to itself.
    """
    possible = check(claims).possible
    anything = frozenset(SIGNS)
    left = {axis: possible.get((a, b, axis), anything) for axis in _BETWEEN}
    if any(sign not in left[axis] for axis, sign in _BETWEEN.items()):
        return False
    return True if all(len(signs) == 1 for signs in left.values()) else None


def sightline(claims: Iterable[Claim], a: str, b: str) -> str:
    """Return in words what is proved of `a` between the viewer and `b`; "" where nothing is."""
    proved = between(claims, a, b)
    return "" if proved is None else told(a, b, stands=proved)


def told(a: str, b: str, *, stands: bool) -> str:
    """Return the words in which a pilot is told whether `a` stands between it and `b`."""
    return f"{a} {'stands' if stands else 'does not stand'} between you and {b}"
