"""The plots of a run, as SVG that follows the light or dark scheme of whatever shows it."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.record import StepRecord, axes_of

# Placeholder colours that matplotlib draws with, and the CSS variables they become.
INK, DIM, GRID = "#010101", "#020202", "#030303"
BLUE, ORANGE, GREEN, ROSE = "#040404", "#050505", "#060606", "#070707"
VARIABLES = {
    INK: "--ink", DIM: "--dim", GRID: "--grid",
    BLUE: "--blue", ORANGE: "--orange", GREEN: "--green", ROSE: "--rose",
}  # fmt: skip
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
    return np.array(
        [float(v) if isinstance(v, int | float) else math.nan for v in values], np.float64
    )


def positions(records: Sequence[StepRecord]) -> NDArray[np.float64]:
    """Return (n, 3) metres in the target's orbital frame: radial, along-track, normal."""
    rows = [record.measures.get("relative_position") for record in records]
    kept = [row for row in rows if isinstance(row, list | tuple) and len(row) == 3]
    return np.array(kept, np.float64).reshape(-1, 3)


def draw(records: Sequence[StepRecord]) -> dict[str, str]:
    """Return the plots that the records have data for: name -> standalone SVG text.

    Deterministic: the same records give the same bytes. Axes are in metres, m/s, units of
    propellant and seconds of world time.
    """
    import matplotlib as mpl

    if not records:
        return {}
    painters: dict[str, Callable[[Any, Sequence[StepRecord]], bool]] = {
        "range": _range,
        "speed": _speed,
        "trajectory": _trajectory,
        "commands": _commands,
        "propellant": _propellant,
        "think": _think,
    }
    pictures = {}
    with mpl.rc_context(STYLE):
        for name, paint in painters.items():
            svg = _svg(paint, records)
            if svg:
                pictures[name] = _themed(svg, name)
    return pictures


def _svg(paint: Callable[[Any, Sequence[StepRecord]], bool], records: Sequence[StepRecord]) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDE, TALL), layout="constrained")
    FigureCanvasSVG(figure)
    if not paint(figure, records):
        return ""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


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


def _range(figure: Any, records: Sequence[StepRecord]) -> bool:
    time, values = series(records, "met"), series(records, "range")
    if not np.isfinite(values).any():
        return False
    axes = figure.subplots()
    axes.plot(time, values, color=BLUE)
    nearest = int(np.nanargmin(values))
    _point(axes, time[nearest], values[nearest], f"{values[nearest]:.3g} m", BLUE)
    log_scale(axes)
    _label(axes, "Range to the target", "m", time)
    return True


def _speed(figure: Any, records: Sequence[StepRecord]) -> bool:
    time, speed = series(records, "met"), series(records, "speed")
    closing = series(records, "closing")
    if not np.isfinite(speed).any():
        return False
    axes = figure.subplots()
    axes.plot(time, speed, color=BLUE, linewidth=3, alpha=0.55, label="relative speed")
    if np.isfinite(closing).any():
        axes.plot(time, closing, color=ORANGE, linewidth=1.4, label="closing speed")
        axes.axhline(0, color=DIM, linewidth=0.8)
    _label(axes, "Speed relative to the target", "m/s", time)
    axes.legend(loc="best")
    return True


def _propellant(figure: Any, records: Sequence[StepRecord]) -> bool:
    time, values = series(records, "met"), series(records, "propellant")
    if not np.isfinite(values).any():
        return False
    axes = figure.subplots()
    axes.plot(time, values, color=GREEN)
    low, high = np.nanmin(values), np.nanmax(values)
    axes.fill_between(time, values, low - 0.05 * (high - low), color=GREEN, alpha=0.12, linewidth=0)
    _label(axes, "Propellant left", "units", time)
    return True


def _commands(figure: Any, records: Sequence[StepRecord]) -> bool:
    names = list(axes_of(records[0].applied))
    if not names:
        return False
    rows = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    stamps = np.array([record.stamp for record in records])
    for axes, name, colour in zip(rows, names, (BLUE, ORANGE, GREEN, ROSE) * 8, strict=False):
        values = np.array([float(record.applied.get(name, math.nan)) for record in records])
        axes.step(stamps, values, where="post", color=colour, linewidth=1.2)
        axes.fill_between(stamps, values, step="post", color=colour, alpha=0.16, linewidth=0)
        axes.set_ylabel(name)
        axes.margins(x=0.01)
        if np.nanmax(np.abs(values)) <= 1:
            axes.set(ylim=(-1.15, 1.15), yticks=(-1, 0, 1))
    rows[0].set_title("Commands applied")
    rows[-1].set_xlabel("world time, s")
    return True


def _trajectory(figure: Any, records: Sequence[StepRecord]) -> bool:
    """Two views of the pursuer in the target's orbital frame, the target at the origin."""
    path = positions(records)
    if not len(path):
        return False
    radial, along, normal = path.T
    upper, lower = figure.subplots(2, 1, height_ratios=(2, 1))
    for axes, across, name in ((upper, radial, "radial, m"), (lower, normal, "normal, m")):
        axes.plot(along, across, color=BLUE, linewidth=1.6)
        axes.plot(along[0], across[0], "o", color=BLUE, markersize=5, label="start")
        axes.plot(along[-1], across[-1], "o", color=ORANGE, markersize=5, label="end")
        axes.plot(0, 0, "P", color=ROSE, markersize=7, label="target", zorder=3)
        axes.set_ylabel(name)
        axes.margins(0.04, 0.15)
        axes.set_aspect("equal", adjustable="datalim")
        axes.yaxis.get_major_locator().set_params(nbins=4)
    lower.set_xlabel("along-track, m")
    upper.set_title("Trajectory around the target")
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
