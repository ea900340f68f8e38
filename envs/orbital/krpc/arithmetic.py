"""Arithmetic as the game does it, where Python does it otherwise."""

from __future__ import annotations

import math
from typing import Any

from helmsight.envs.orbital.krpc.errors import InvalidOperationException


def divide(a: Any, b: Any) -> Any:
    """Divide as the game does: integers towards zero, floats by IEEE 754."""
    if isinstance(a, int) and isinstance(b, int):
        if b == 0:
            raise InvalidOperationException("an expression divides by the integer 0")
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def modulo(a: Any, b: Any) -> Any:
    """Return the remainder with the sign of `a`, as the game does."""
    if b == 0:
        if isinstance(a, int) and isinstance(b, int):
            raise InvalidOperationException("an expression takes a remainder by the integer 0")
        return math.nan
    rest = math.fmod(a, b)
    return int(rest) if isinstance(a, int) and isinstance(b, int) else rest


def power(a: Any, b: Any) -> Any:
    """Return `a` to the power of `b`, by IEEE 754."""
    try:
        return math.pow(a, b)
    except (ValueError, OverflowError):
        return math.nan if a < 0 else math.inf
