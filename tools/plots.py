"""The plots of a run, as SVG that follows the light or dark scheme of whatever shows it."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.description import Description
from helmsight.contract.plots import PathPlot, TimePlot
from helmsight.contract.record import StepRecord

Painter = Callable[..., bool]  # of a figure and `records`: whether they hold what it draws

# Placeholder colours that matplotlib draws with, and the CSS variables they become.
INK, DIM, GRID = "#010101", "#020202", "#030303"
BLUE, ORANGE, GREEN, ROSE = "#040404", "#050505", "#060606", "#070707"
VARIABLES = {
    INK: "--ink", DIM: "--dim", GRID: "--grid",
    BLUE: "--blue", ORANGE: "--orange", GREEN: "--green", ROSE: "--rose",
}  # fmt: skip
COLOURS = (BLUE, ORANGE, GREEN, ROSE)
LIGHT = ("#1b2430", "#5d6876", "#e3e7ec", "#2f6fde", "#d9822b", "#2f9e6e", "#c9406f")
DARK = ("#e6eaf0", "#98a3b1", "#2a323d", "#6ea8ff", "#f0a95b", "#5fce9b", "#f07aa3")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"

STYLE: dict[str, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "helmsight", "font.family": "sans-serif",
    "font.size": 10, "axes.edgecolor": GRID, "axes.labelcolor": DIM, "axes.titlecolor": INK,
    "axes.titlesize": 11.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.titlepad": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": GRID, "grid.linewidth": 0.8, "axes.axisbelow": True, "xtick.color": DIM,
    "ytick.color": DIM, "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0,
    "ytick.minor.size": 0, "text.color": INK, "legend.frameon": False, "legend.fontsize": 9,
    "lines.linewidth": 1.8, "lines.solid_capstyle": "round", "figure.facecolor": "none",
    "axes.facecolor": "none", "savefig.facecolor": "none", "legend.labelcolor": DIM,
}  # fmt: skip
WIDE, TALL = 6.4, 3.3  # inches
PAPER = "#ffffff"


def colour_scheme(names: Sequence[str]) -> str:
    """Return CSS declarations of the plots' variables for `LIGHT` or `DARK`."""
    return ";".join(f"{v}:{c}" for v, c in zip(VARIABLES.values(), names, strict=True))


def picture_style() -> dict[str, Any]:
    """Return matplotlib settings for a picture of pixels: `STYLE` in `LIGHT` colours on white."""
    colours = dict(zip(VARIABLES, LIGHT, strict=True))
    paper = dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), PAPER)
    return {key: colours.get(str(value), value) for key, value in STYLE.items()} | paper


def log_scale(axes: Any) -> None:
    """Give an axis of plain numbers, powers of ten apart or closer, a logarithmic scale."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < 200 * low:  # too narrow for powers of ten alone
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def series(records: Sequence[StepRecord], key: str) -> NDArray[np.float64]:
    """Return one measure over the steps, float64 (n,); NaN where a step does not hold it."""
    values = [record.measures.get(key) for record in records]
    numbers = [float(value) if isinstance(value, int | float) else math.nan for value in values]
    return np.array(numbers, np.float64)


def draw(records: Sequence[StepRecord], task: Description) -> dict[str, str]:
    """Return the plots that the records have data for: name -> standalone SVG text.

    Those that the task declares come first, then the commands that were applied, in the body's
    axes, and the think times. Deterministic: the same records give the same bytes.
    """
    if not records:
        return {}
    painters: dict[str, Painter] = {
        plot.name: partial(_path, plot=plot)
        if isinstance(plot, PathPlot)
        else partial(_over_time, plot=plot)
        for plot in task.plots
    }
    painters |= {"commands": partial(_commands, task=task), "think": _think}
    pictures = {}
    for name, paint in painters.items():
        svg = drawn(partial(paint, records=records), name)
        if svg:
            pictures[name] = svg
    return pictures


def drawn(paint: Callable[[Any], bool], name: str, size: tuple[float, float] = (WIDE, TALL)) -> str:
    """Return what `paint` draws into a figure as standalone SVG text, "" where it has no data.

    It draws in the placeholder colours of this module. size: inches.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        if not paint(figure):
            return ""
        # savefig would draw everything once more to lay it out
        layout = figure.get_layout_engine()
        assert layout is not None
        layout.execute(figure)
        figure.set_layout_engine(None)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return _themed(text.getvalue(), name)


def _themed(svg: str, name: str) -> str:
    """Return matplotlib's SVG with CSS variables for colours and ids of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg).replace("xlink:href", "href")
    svg = re.sub(r' xmlns:xlink="[^"]*"', "", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', _opening, svg, count=1)
    svg = re.sub(r"font-family: [^;\"]*", f"font-family: {FONT}", svg)
    for placeholder, variable in VARIABLES.items():
        svg = svg.replace(placeholder, f"var({variable})")
    return svg


def _opening(match: re.Match[str]) -> str:
    light, dark = colour_scheme(LIGHT), colour_scheme(DARK)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{match[1]}" role="img">\n'
        f" <style>svg:root{{{light}}}\n"
        f" @media (prefers-color-scheme: dark){{svg:root{{{dark}}}}}</style>"
    )


def _over_time(figure: Any, records: Sequence[StepRecord], plot: TimePlot) -> bool:
    time = np.array([record.stamp for record in records])
    curves = [(curve, series(records, curve.measure)) for curve in plot.curves]
    curves = [(curve, values) for curve, values in curves if np.isfinite(values).any()]
    if not curves:
        return False
    axes = figure.subplots()
    for number, (curve, values) in enumerate(curves):
        # the first of several is broad and pale, so that the others are seen where they meet it
        first = {"linewidth": 3, "alpha": 0.55} if len(curves) > 1 else {}
        look = {"linewidth": 1.4} if number else first
        colour = COLOURS[(plot.colour + number) % len(COLOURS)]
        axes.plot(time, values, color=colour, label=curve.label or curve.measure, **look)
    _, values = curves[0]
    colour = COLOURS[plot.colour % len(COLOURS)]
    if plot.mark:
        at = int(np.nanargmin(values) if plot.mark == "lowest" else np.nanargmax(values))
        _point(axes, time[at], values[at], f"{values[at]:.3g} {plot.unit}".rstrip(), colour)
    if plot.fill:
        low, high = np.nanmin(values), np.nanmax(values)
        bottom = low - 0.05 * (high - low)
        axes.fill_between(time, values, bottom, color=colour, alpha=0.12, linewidth=0)
    if plot.zero:
        axes.axhline(0, color=DIM, linewidth=0.8)
    if plot.log and np.nanmin(values) > 0:
        log_scale(axes)
    _label(axes, plot.title, plot.unit, time)
    if len(curves) > 1:
        axes.legend(loc="best")
    return True


def _commands(figure: Any, records: Sequence[StepRecord], task: Description) -> bool:
    commands = [record.shown(record.applied, task) for record in records]
    names = list(dict.fromkeys(name for command in commands for name in command))
    if not names:
        return False
    rows = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    stamps = np.array([record.stamp for record in records])
    for axes, name, colour in zip(rows, names, COLOURS * len(names), strict=False):
        values = np.array([command.get(name, math.nan) for command in commands])
        axes.step(stamps, values, where="post", color=colour, linewidth=1.2)
        axes.fill_between(stamps, values, step="post", color=colour, alpha=0.16, linewidth=0)
        axes.set_ylabel(name)
        axes.margins(x=0.01)
        full = task.command.full
        if full is not None and np.nanmax(np.abs(values)) <= full:
            axes.set(ylim=(-1.15 * full, 1.15 * full), yticks=(-full, 0, full))
        else:
            axes.yaxis.get_major_locator().set_params(nbins=2)
    rows[0].set_title("Commands applied")
    rows[-1].set_xlabel("world time, s")
    return True


def _path(figure: Any, records: Sequence[StepRecord], plot: PathPlot) -> bool:
    """Two views of the way of a vector, around the origin."""
    rows = [record.measures.get(plot.measure) for record in records]
    kept = [row for row in rows if isinstance(row, list | tuple) and len(row) == 3]
    if not kept:
        return False
    upright, along, deep = np.array(kept, np.float64).T
    upper, lower = figure.subplots(2, 1, height_ratios=(2, 1))
    for axes, across, name in ((upper, upright, plot.axes[0]), (lower, deep, plot.axes[2])):
        axes.plot(along, across, color=BLUE, linewidth=1.6)
        axes.plot(along[0], across[0], "o", color=BLUE, markersize=5, label="start")
        axes.plot(along[-1], across[-1], "o", color=ORANGE, markersize=5, label="end")
        if plot.origin:
            axes.plot(0, 0, "P", color=ROSE, markersize=7, label=plot.origin, zorder=3)
        axes.set_ylabel(f"{name}, {plot.unit}")
        axes.margins(0.04, 0.15)
        axes.set_aspect("equal", adjustable="datalim")
        axes.yaxis.get_major_locator().set_params(nbins=4)
    lower.set_xlabel(f"{plot.axes[1]}, {plot.unit}")
    upper.set_title(plot.title)
    upper.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0)
    return True


def _think(figure: Any, records: Sequence[StepRecord]) -> bool:
    axes = figure.subplots()
    stamps = np.array([record.stamp for record in records])
    think = np.array([record.think_ms for record in records])
    axes.plot(stamps, think, ".", color=ROSE, markersize=4)
    axes.axhline(float(np.median(think)), color=DIM, linewidth=1)
    axes.set_ylim(bottom=0)
    _label(axes, f"Think time, median {np.median(think):.3g} ms", "ms", stamps)
    return True


def _point(axes: Any, x: float, y: float, text: str, colour: str) -> None:
    axes.plot(x, y, "o", color=colour, markersize=5)
    axes.annotate(text, (x, y), (-6, 7), textcoords="offset points", ha="right", color=INK)


def _label(axes: Any, title: str, unit: str, time: NDArray[np.float64]) -> None:
    axes.set_title(title)
    axes.set_ylabel(unit)
    axes.set_xlabel("world time, s")
    axes.margins(x=0.01)
