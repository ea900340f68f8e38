"""A command as a vector of numbers, as inspect-robots has actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from helmsight.contract.command import Command

MOST_NAMED = 60
"""Values of a field that are told by name; the views of an inspection are 42."""


@dataclass(frozen=True)
class Dial:
    """One field of a command as one number.

    A field with two bounds is the number itself. Where a field is one of a list, number i stands
    for `values[i]`. One that can be either has its list below its bounds, in whole steps.
    """

    name: str
    values: tuple[Any, ...]
    bounds: tuple[float, float] | None

    @classmethod
    def of(cls, name: str, schema: Mapping[str, Any]) -> Self | None:
        """Return the dial of a field by its JSON schema; None where words or lists go into it."""
        values: list[Any] = []
        bounds = None
        for kind in schema.get("anyOf", [schema]):
            low = kind.get("minimum", kind.get("exclusiveMinimum"))
            high = kind.get("maximum", kind.get("exclusiveMaximum"))
            bounded = None not in (low, high)
            if kind.get("type") == "null":
                values.insert(0, None)
            elif "enum" in kind or "const" in kind:
                values += kind.get("enum", [kind.get("const")])
            elif kind.get("type") == "boolean":
                values += [False, True]
            elif kind.get("type") == "integer" and bounded:
                values += range(int(low), int(high) + 1)
            elif kind.get("type") == "number" and bounded:
                bounds = (float(low), float(high))
            else:
                return None
        return cls(name, tuple(values), bounds)

    @property
    def first(self) -> float:
        """The number that stands for the first value of the list."""
        return self.bounds[0] - len(self.values) if self.bounds else 0.0

    @property
    def range(self) -> tuple[float, float]:
        """The least and the largest number there is."""
        return self.first, self.bounds[1] if self.bounds else float(len(self.values) - 1)

    def number(self, value: Any) -> float:
        """Return the number that stands for a value of the field."""
        for i, known in enumerate(self.values):
            if known == value and isinstance(known, bool) == isinstance(value, bool):
                return self.first + i
        return float(value)

    def value(self, number: float) -> Any:
        """Return the value that a number stands for: the nearest there is."""
        least, most = self.range
        number = min(max(number, least), most)
        place = round(number - least)
        if self.bounds is None or (number < self.bounds[0] and place < len(self.values)):
            return self.values[place]
        return max(number, self.bounds[0])


class Dials:
    """The numbers (k,) float64 of a world's commands, in the order of its fields.

    `fields` that hold words or lists have none: they ride along with the command.
    """

    def __init__(self, command: type[Command]) -> None:
        self._command = command
        fields = command.model_json_schema()["properties"]
        made = (Dial.of(name, schema) for name, schema in fields.items())
        self.dials = tuple(dial for dial in made if dial is not None)
        self.about = {name: str(schema.get("description", "")) for name, schema in fields.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers."""
        return tuple(dial.name for dial in self.dials)

    @property
    def low(self) -> NDArray[np.float64]:
        """The least numbers (k,)."""
        return np.array([dial.range[0] for dial in self.dials])

    @property
    def high(self) -> NDArray[np.float64]:
        """The largest numbers (k,)."""
        return np.array([dial.range[1] for dial in self.dials])

    def numbers(self, command: Command) -> NDArray[np.float64]:
        """Return the numbers (k,) that stand for a command."""
        given = command.model_dump()
        return np.array([dial.number(given[dial.name]) for dial in self.dials])

    def command(self, numbers: Sequence[float], rest: Command | None = None) -> Command | None:
        """Return the command that numbers stand for; other fields, and those whose number is that
        of `rest`, are as in `rest` or the safe default. None for what is no command.
        """
        base = rest or self._command.null()
        given = base.model_dump()
        for dial, number, before in zip(self.dials, numbers, self.numbers(base), strict=True):
            if number != before:
                given[dial.name] = dial.value(float(number))
        try:
            return self._command.model_validate(given)
        except ValidationError:
            return None

    def words(self) -> str:
        """Return what each number is, a line each."""
        return "\n".join(self._line(dial) for dial in self.dials)

    def _line(self, dial: Dial) -> str:
        named = dial.values[:MOST_NAMED]
        parts = [f"{dial.first + i:g} {value}" for i, value in enumerate(named)]
        parts += ["..."] * (len(dial.values) > MOST_NAMED)
        parts += ["{:g} to {:g}".format(*dial.bounds)] if dial.bounds else []
        about = f" ({self.about[dial.name]})" if self.about[dial.name] else ""
        return f"- {dial.name}{about}: {', '.join(parts)}"
