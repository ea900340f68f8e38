"""A solar panel: cells on a plate, of which one can be cracked or gone."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from helmsight.envs.inspection.plan import Defect
from helmsight.envs.inspection.satellite.marks import scorch
from helmsight.envs.inspection.shapes import Drawing, Owner, euler

HALF = (0.033, 0.042, 0.0012)  # m
COLUMNS, ROWS = 3, 4
YELLOW = (0.88, 0.70, 0.08)
CELL = (0.0097, 0.0094, 0.0005)  # half extents
PITCH = (0.0206, 0.0200)
TOP = HALF[2] + 2.0 * CELL[2]  # of the cells, above the middle of the plate


def draw_panel(drawing: Drawing, body: Any, part: str, side: int, defect: Defect | None) -> None:
    """Add a panel whose cells face z, y upward; side: 1 or -1, where along x it hangs."""
    owner = Owner(part)
    show, rod = partial(drawing.shape, body, owner), partial(drawing.rod, body, owner)
    show("box", HALF, look="substrate")
    show("box", (HALF[0] - 0.002, HALF[1] - 0.002, 0.0004), (0, 0, -HALF[2]), look="dark")
    for x in (-1, 1):
        start, end = (x * HALF[0], -HALF[1], 0.0), (x * HALF[0], HALF[1], 0.0)
        rod(start, end, 0.0016, look="metal")
        start, end = (-HALF[0], x * HALF[1], 0.0), (HALF[0], x * HALF[1], 0.0)
        rod(start, end, 0.0016, look="metal")
    for y in (-0.016, 0.016):  # the yoke
        rod((-side * HALF[0], y, 0.0), (-side * (HALF[0] + 0.012), 0.0, 0.0), 0.0018, look="metal")
    for y in (-0.02, 0.02):  # ribs of the back
        show("box", (HALF[0] - 0.004, 0.0016, 0.0012), (0, y, -HALF[2] - 0.001), look="substrate")
    for mark in range(1 if part == "panel A" else 2):  # by which one is told from the other
        at = (side * (HALF[0] - 0.008 - 0.010 * mark), -HALF[1], 0.0)
        show("box", (0.0032, 0.0021, 0.0021), at, colour=YELLOW)
    drawing.solid(body, owner, "box", (HALF[0] + 0.003, HALF[1] + 0.003, 0.005))
    wrong = _wrong_cell(defect)
    for column in range(COLUMNS):
        for row in range(ROWS):
            if (column, row) == wrong:
                continue
            show("box", CELL, (*_middle(column, row), HALF[2] + CELL[2]), look="cell")
    if defect is None:
        return
    if defect.kind == "scorch":
        at = ((defect.place[0] - 0.5) * 1.1 * HALF[0], (defect.place[1] - 0.5) * 1.1 * HALF[1], TOP)
        scorch(drawing, body, Owner(part, True), defect, at, euler(), 0.014, tone=2.2)
    elif wrong is not None and defect.kind == "missing cell":
        _gap(drawing, body, Owner(part, True), defect, _middle(*wrong))
    elif wrong is not None:
        _cracked(drawing, body, Owner(part, True), defect, _middle(*wrong))


def _middle(column: int, row: int) -> tuple[float, float]:
    x = (column - (COLUMNS - 1) / 2) * PITCH[0]
    y = (row - (ROWS - 1) / 2) * PITCH[1]
    return x, y


def _wrong_cell(defect: Defect | None) -> tuple[int, int] | None:
    if defect is None or defect.kind not in ("cracked cell", "missing cell"):
        return None
    return int(defect.place[0] * COLUMNS), int(defect.place[1] * ROWS)


def _gap(
    drawing: Drawing, body: Any, owner: Owner, defect: Defect, middle: tuple[float, float]
) -> None:
    """Add what a lost cell leaves: bare plate, dots of glue, its two tabs."""
    rng = np.random.default_rng(defect.seed)
    show = partial(drawing.shape, body, owner)
    x, y = middle
    show("box", (CELL[0], CELL[1], 0.00012), (x, y, HALF[2]), colour=(0.78, 0.70, 0.50))
    for dx in (-0.5, 0.5):
        for dy in (-0.55, 0.0, 0.55):
            at = (x + dx * CELL[0] + rng.normal(0, 4e-4), y + dy * CELL[1] + rng.normal(0, 4e-4))
            size = (rng.uniform(0.0010, 0.0017), 0.0001)
            show("cylinder", size, (*at, HALF[2] + 0.0002), colour=(0.45, 0.33, 0.20))
    for dx in (-0.5, 0.5):
        tab = (x + dx * CELL[0], y + 0.88 * CELL[1], HALF[2] + 0.0006)
        turn = euler(rng.uniform(0.3, 0.9))
        show("box", (0.0008, 0.0016, 0.0001), tab, turn=turn, look="metal")


def _cracked(
    drawing: Drawing, body: Any, owner: Owner, defect: Defect, middle: tuple[float, float]
) -> None:
    """Add a cell with jagged cracks from one point, and a chip broken off at its edge."""
    rng, show = np.random.default_rng(defect.seed), partial(drawing.shape, body, owner)
    show("box", CELL, (*middle, HALF[2] + CELL[2]), look="cell")
    width = 0.00017 + 0.00022 * defect.severity
    start = rng.uniform(-0.45, 0.45, 2) * CELL[:2]
    heading = rng.uniform(-np.pi, np.pi)
    for branch in range(3 + int(2.99 * defect.severity)):
        angle, at = heading + branch * 2.2 + rng.uniform(-0.4, 0.4), start.copy()
        while True:
            step = rng.uniform(0.0022, 0.0042)
            after = at + step * np.array([np.cos(angle), np.sin(angle)])
            inside = bool((np.abs(after) < np.array(CELL[:2]) - 0.0003).all())
            after = np.clip(after, -np.array(CELL[:2]), np.array(CELL[:2]))
            centre, way = (at + after) / 2 + middle, after - at
            show("box", (np.hypot(*way) / 2 + width, width, 0.00006), (*centre, TOP),
                turn=euler(0, 0, np.arctan2(way[1], way[0])), colour=(0.80, 0.82, 0.84)
            )  # fmt: skip
            if not inside:
                break
            at, angle = after, angle + rng.uniform(-0.7, 0.7)
    edge = np.array([rng.choice([-1.0, 1.0]) * CELL[0], rng.uniform(-0.7, 0.7) * CELL[1]]) + middle
    chip = 0.0010 + 0.0016 * defect.severity
    show(
        "box", (chip, chip, 0.00008), (*edge, TOP), turn=euler(0, 0, 0.6), colour=(0.74, 0.68, 0.52)
    )
