"""Numbers of every command, held to their ranges before the command is run."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from helmsight.contract.ranges import RANGES, check
from helmsight.errors import InvalidSetting


def range_all(app: typer.Typer) -> None:
    """Have every command of an application, and of its groups, refuse numbers out of range."""
    for entry in app.registered_commands:
        if entry.callback is not None and not hasattr(entry.callback, "ranged"):
            entry.callback = _ranged(entry.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            range_all(group.typer_instance)


def _ranged(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return `command`, which refuses a number it cannot have: InvalidSetting, InvalidOption."""

    @wraps(command)
    def within(**given: Any) -> Any:
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            shown = f"--{name.replace('_', '-')}"
            if not math.isfinite(value):
                raise InvalidSetting(f"{shown} {value}: give a finite number")
            if name in RANGES:
                check(name, value, shown)
        return command(**given)

    within.ranged = True  # type: ignore[attr-defined]
    return within
