"""Lengths and angles as people at a robot read them: mm and degrees, each with its unit."""

from __future__ import annotations

import math
import re

from helmsight.errors import InvalidSetting

SHOWN = {"prismatic": ("mm", 1000.0), "revolute": ("deg", math.degrees(1.0))}
"""Unit of a kind of joint, and how many of it are a metre or a radian."""
GIVEN = re.compile(r"\s*([0-9.eE+-]+)\s*(mm|m|deg|rad|)\s*")
SCALES = {"mm": 1e-3, "m": 1.0, "deg": math.radians(1.0), "rad": 1.0}
KINDS = {"mm": ("prismatic",), "m": ("prismatic",), "deg": ("revolute",), "rad": ("revolute",)}


def told(kind: str, value: float) -> str:
    """Return a length (m) or an angle (rad) with its unit. kind: of the joint."""
    unit, scale = SHOWN[kind]
    return f"{value * scale:.2f} {unit}"


def row(kinds: tuple[str, ...], values: tuple[float, ...]) -> str:
    """Return several values, the unit once after each run of the same kind."""
    parts = []
    for index, (kind, value) in enumerate(zip(kinds, values, strict=True)):
        unit, scale = SHOWN[kind]
        last = index + 1 == len(kinds) or kinds[index + 1] != kind
        parts.append(f"{value * scale:.1f}" + (f" {unit}" if last else ""))
    return " ".join(parts)


def step_of(text: str, largest: dict[str, float]) -> dict[str, float]:
    """Return the step that `text` gives, by kind of joint: m for prismatic, rad for revolute.

    "5mm" is one of prismatic joints, "3deg" of revolute ones; a number alone is m or rad of all.

    Raises:
        InvalidSetting: not such a step, or larger than `largest`.
    """
    expected = ", ".join(told(kind, most) for kind, most in largest.items())
    error = InvalidSetting(
        f"--step {text}: expected a number of m or rad, or one with its unit (5mm, 3deg), above 0 "
        f"and at most {expected}"
    )
    match = GIVEN.fullmatch(text)
    try:
        value = float(match[1]) * SCALES.get(match[2], 1.0) if match else math.nan
    except ValueError:
        raise error from None
    kinds = KINDS.get(match[2], tuple(largest)) if match else ()
    most = max((largest[kind] for kind in kinds), default=0.0)
    if not 0.0 < value <= most:
        raise error
    return {kind: min(value, largest[kind]) for kind in kinds}
