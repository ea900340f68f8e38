"""Plots as data: what a world wants drawn of its measures, drawn by whoever shows a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from helmsight.contract.measures import FROZEN

PlotName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$")]
"""What a plot is kept under: part of the name of a file."""


@dataclass(frozen=True, config=FROZEN)
class Curve:
    """One measure in a plot over time; `label` stands in the legend."""

    measure: str
    label: str = ""


@dataclass(frozen=True, config=FROZEN)
class TimePlot:
    """Measures over world time, in `unit`.

    `log` scales the axis by powers of ten. `mark` writes the lowest or highest value beside the
    first curve. `fill` shades below it. `zero` draws the line at nought.
    """

    name: PlotName
    title: str
    unit: str
    curves: tuple[Curve, ...]
    log: bool = False
    mark: Literal["", "lowest", "highest"] = ""
    fill: bool = False
    zero: bool = False
    colour: int = 0
    kind: Literal["time"] = "time"


@dataclass(frozen=True, config=FROZEN)
class PathPlot:
    """The way of a vector measure (3,) in space, seen from two sides, around the `origin`.

    `axes` name its three components. The second runs from left to right; the first stands upright
    in the upper view and the third in the lower one.
    """

    name: PlotName
    title: str
    unit: str
    measure: str
    axes: tuple[str, str, str]
    origin: str = ""
    kind: Literal["path"] = "path"


Plot = TimePlot | PathPlot
