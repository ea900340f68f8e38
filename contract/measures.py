"""Measures: what a world tells of itself in figures, and how these are shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from helmsight.contract.errors import MeasureUnusable

Better = Literal["lower", "higher", ""]
FROZEN = ConfigDict(extra="forbid", arbitrary_types_allowed=False)


@dataclass(frozen=True, config=FROZEN)
class Measure:
    """One figure of a world: a number, a truth value or a vector, by the `name` it is kept under.

    `key` is its name in `info` where that is another one, `label` what people read. `better` says
    which way is better, "" where neither is. `live` measures stand on the live line and in the
    page's table; `digits` are those after the point there. One that is `optional` may be missing.
    """

    name: str
    unit: str = ""
    label: str = ""
    better: Better = ""
    key: str = ""
    live: bool = False
    digits: Annotated[int, Field(ge=0, le=12)] = 1
    optional: bool = False

    @property
    def source(self) -> str:
        """The key in `info` that holds it."""
        return self.key or self.name

    @property
    def title(self) -> str:
        """What people read: the label, or the name in words."""
        return self.label or self.name.replace("_", " ")

    @property
    def heading(self) -> str:
        """The title with its unit, for a column."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    def text(self, value: Any) -> str:
        """Return a value with `digits` after the point; "-" for what is no number."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value:.{self.digits}f}" if isinstance(value, int | float) else "-"


def read_measures(
    world: str, measures: Iterable[Measure], info: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values of `measures` out of a world's `info`, by name and in their order.

    Raises:
        MeasureUnusable: a measure that the world declares is missing, or is not finite.
    """
    values = {}
    for measure in measures:
        source = measure.source
        if source in info:
            value = info[source]
            # the most common ones first: every step passes here
            if not (math.isfinite(value) if type(value) is float else _finite(value)):
                raise MeasureUnusable(
                    f'the world "{world}" gives {source}={value!r}; a measure is a finite '
                    "number, a truth value or a list of finite numbers"
                )
            values[measure.name] = value
        elif not measure.optional:
            raise MeasureUnusable(
                f'the world "{world}" declares the measure "{measure.name}" and its info has no '
                f'"{source}"; it has: {", ".join(sorted(info))}'
            )
    return values


_NUMBERS = {float, int, bool}


def _finite(value: Any) -> bool:
    if isinstance(value, int | float):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        plain = _NUMBERS.issuperset(map(type, value))
        return all(map(math.isfinite if plain else _finite, value))
    return isinstance(value, np.ndarray | np.generic) and bool(np.isfinite(value).all())
