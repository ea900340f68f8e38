"""Where the camera stood about the satellite, drawn from above and from the side."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import cv2
import numpy as np

from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.satellite.assembly import CENTRE, REACH_M
from helmsight.envs.inspection.shapes import Array
from helmsight.evals.inspection.findings import Findings
from helmsight.evals.inspection.looks import Look
from helmsight.hardware.errors import HardwareError
from helmsight.tools.plots import (
    BLUE,
    DIM,
    GRID,
    INK,
    LIGHT,
    ORANGE,
    VARIABLES,
    drawn,
    picture_style,
)

SIZE = (9.6, 4.6)  # inches
AHEAD_M = 0.04  # how long the line of sight of a camera is drawn
FRONT = np.pi  # rad, how the satellite stands turned on its turntable at 0
BESIDE_M = 0.008  # places that are nearer to each other than this share one mark
SHORT = {f"thruster {number}": f"T{number}" for number in range(1, 5)} | {
    "star tracker": "tracker", "foil": "", "bus": "",
}  # fmt: skip
SIDEWAYS = SHORT | {
    "panel A": "panels", "panel B": "", "thruster 1": "T1 T2", "thruster 2": "",
    "thruster 3": "T3 T4", "thruster 4": "",
}  # fmt: skip
"""Names in the drawing: parts that stand behind each other share one."""
VIEWS = (
    ((0, 1), "From above", ("x, to the front", "y"), SHORT),
    ((0, 2), "From the side", ("x, to the front", "z, up"), SIDEWAYS),
)


def camera_map(findings: Findings) -> str:
    """Return the drawing as SVG for a page, "" where no look tells where its camera was."""
    return drawn(partial(_paint, findings=findings, colour=lambda name: name), "cameras", SIZE)


def camera_map_png(findings: Findings, dpi: int = 200) -> bytes:
    """Return the drawing as PNG on white, empty where no look tells where its camera was."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    light = dict(zip(VARIABLES, LIGHT, strict=True))
    with mpl.rc_context(picture_style()):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        if not _paint(figure, findings=findings, colour=lambda name: light[name]):
            return b""
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=dpi)
    return picture.getvalue()


def on_satellite(point: Sequence[float] | Array, turntable: float) -> Array:
    """Return a point of the base frame in the satellite's: x to its front, z up, m."""
    c, s = np.cos(-turntable - FRONT), np.sin(-turntable - FRONT)
    x, y, z = np.asarray(point, np.float64) - (CENTRE[0], CENTRE[1], 0.0)
    return np.array([c * x - s * y, s * x + c * y, z - CENTRE[2]])


def _paint(figure: Any, findings: Findings, colour: Any) -> bool:
    looks = [look for look in findings.looks if look.eye is not None and look.number > 0]
    if not looks:
        return False
    options = findings.run.spec.options
    seed = options.get("cell")
    parts = outlines(
        seed if isinstance(seed, int) else findings.run.spec.seed,
        str(options.get("robot", "so101")),
    )
    for axes, (across, title, names, labels) in zip(figure.subplots(1, 2), VIEWS, strict=True):
        _satellite(axes, parts, across, findings.asked, labels, colour)
        _cameras(axes, looks, across, colour)
        axes.set(title=title, xlabel=f"{names[0]}, m", ylabel=f"{names[1]}, m")
        axes.set_aspect("equal", adjustable="datalim")
        axes.margins(0.06)
    return True


def _satellite(
    axes: Any,
    parts: Mapping[str, Array],
    across: tuple[int, int],
    asked: Sequence[str],
    labels: Mapping[str, str],
    colour: Any,
) -> None:
    for part, points in parts.items():
        flat = points[:, list(across)].astype(np.float32)
        hull = cv2.convexHull(flat)[:, 0]
        strong = part in asked
        axes.fill(
            *hull.T, facecolor=colour(GRID), edgecolor=colour(DIM), linewidth=0.8,
            alpha=0.75 if strong else 0.3, zorder=1,
        )  # fmt: skip
        if label := labels.get(part, part):
            x, y = (hull.min(axis=0) + hull.max(axis=0)) / 2.0
            axes.text(x, y, label, size=7, color=colour(INK), ha="center", va="center", zorder=2)
    if across == (0, 1):
        angle = np.linspace(0.0, 2.0 * np.pi, 90)
        axes.plot(
            REACH_M * np.cos(angle), REACH_M * np.sin(angle), color=colour(GRID), linewidth=0.8
        )


def _cameras(axes: Any, looks: Sequence[Look], across: tuple[int, int], colour: Any) -> None:
    """Draw where each look was taken from, where it looked to, and in which order."""
    marks: list[tuple[Array, list[int]]] = []
    places = []
    for look in looks:
        assert look.eye is not None
        assert look.ahead is not None
        at = on_satellite(look.eye, look.turntable)[list(across)]
        ahead = np.add(look.eye, AHEAD_M * np.array(look.ahead))
        to = on_satellite(ahead, look.turntable)[list(across)]
        tone = colour(BLUE if look.usable else ORANGE)
        axes.plot((at[0], to[0]), (at[1], to[1]), color=tone, linewidth=1.6, zorder=4)
        axes.plot(*at, "o", color=tone, markersize=11, zorder=5)
        places.append(at)
        beside = [numbers for place, numbers in marks if np.hypot(*(place - at)) < BESIDE_M]
        if beside:
            beside[0].append(look.number)
        else:
            marks.append((at, [look.number]))
    for at, numbers in marks:
        axes.text(
            *at, " ".join(map(str, numbers)), size=7 if len(numbers) == 1 else 5, color="#ffffff",
            weight="bold", ha="center", va="center_baseline", zorder=6,
        )  # fmt: skip
    axes.plot(*np.array(places).T, color=colour(BLUE), linewidth=0.7, alpha=0.45, zorder=3)


@lru_cache(maxsize=2)
def outlines(seed: int, robot: str) -> Mapping[str, Array]:
    """Return the corners of the shapes of every part in the drawing of a seed, satellite's frame.

    Each is (n, 3), m. Empty where no model can be made here.
    """
    try:
        cell = Cell(CellPlan.draw(seed).sound(), robot)
    except HardwareError:
        return {}
    with cell:
        cell.place(turntable=0.0)
        corners: dict[str, list[Array]] = {part: [] for part in PARTS}
        signs = np.stack(np.meshgrid(*[(-1.0, 1.0)] * 3), axis=-1).reshape(-1, 3)
        model, data = cell.built.model, cell.data
        for geom, owner in enumerate(cell.built.owners):
            if owner.part in corners and not owner.defect:
                middle, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
                turn = data.geom_xmat[geom].reshape(3, 3)
                corners[owner.part].append(data.geom_xpos[geom] + (middle + signs * half) @ turn.T)
        return {
            part: np.stack([on_satellite(point, 0.0) for point in np.concatenate(rows)])
            for part, rows in corners.items()
            if rows
        }
