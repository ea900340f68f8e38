"""The bus and the foil around it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from helmsight.envs.inspection.plan import Defect
from helmsight.envs.inspection.satellite.marks import scorch
from helmsight.envs.inspection.shapes import (
    Array,
    Drawing,
    Owner,
    Vector,
    along,
    euler,
    matrix,
    turned,
)

HALF = (0.038, 0.042, 0.046)  # of the bus, m
SHEETS = {  # of the foil: where on the bus, which way it faces, half extents along its x and y
    "back": ((-HALF[0], 0.0, 0.006), euler(0, -np.pi / 2, 0), (0.036, 0.038)),
    "left": ((0.0, HALF[1], 0.0), euler(-np.pi / 2, 0, 0), (0.034, 0.042)),
    "right": ((0.0, -HALF[1], 0.0), euler(np.pi / 2, 0, 0), (0.034, 0.042)),
}
THICK = 0.0008


def draw_bus(drawing: Drawing, body: Any, part: str, defect: Defect | None) -> None:
    """Add the bus with its edges, hatches and screws."""
    owner = Owner(part)
    show, rod = partial(drawing.shape, body, owner), partial(drawing.rod, body, owner)
    show("box", HALF, look="skin")
    drawing.solid(body, owner, "box", (HALF[0] + 0.002, HALF[1] + 0.002, HALF[2]))
    for x in (-1.0, 1.0):
        for y in (-1.0, 1.0):
            foot = (x * HALF[0], y * HALF[1], -HALF[2])
            rod(foot, (foot[0], foot[1], HALF[2]), 0.0022, look="metal")
    for z in (-1.0, 1.0):
        for x in (-1.0, 1.0):
            end = (x * HALF[0], HALF[1], z * HALF[2])
            rod((end[0], -end[1], end[2]), end, 0.0022, look="metal")
        for y in (-1.0, 1.0):
            end = (HALF[0], y * HALF[1], z * HALF[2])
            rod((-end[0], end[1], end[2]), end, 0.0022, look="metal")
    top = HALF[2]
    show("box", (0.030, 0.034, 0.0006), (0, 0, top), look="skin")
    for x in (-0.028, 0.028):
        for y in (-0.031, 0.0, 0.031):
            show("cylinder", (0.0016, 0.0006), (x, y, top + 0.0009), look="bolt")
    for y in (-0.034, 0.034):
        for z in (0.0, 0.038):
            show("cylinder", (0.0016, 0.0006), (HALF[0], y, z), turn=along((1, 0, 0)), look="bolt")
    if defect is not None:
        x = 0.012 * (2.0 * defect.place[0] - 1.0)
        y = 0.016 * (2.0 * defect.place[1] - 1.0)
        scorch(drawing, body, Owner(part, True), defect, (x, y, top + 0.0007), euler(), 0.014)


def side_of(defect: Defect) -> str:
    """Return on which sheet of the foil a defect is."""
    return "back" if defect.place[0] < 0.5 else "left" if defect.place[0] < 0.75 else "right"


def draw_foil(drawing: Drawing, body: Any, part: str, defect: Defect | None) -> None:
    """Add the blanket: three sheets, taped at their edges; its frame is the bus's."""
    owner = Owner(part)
    show = partial(drawing.shape, body, owner)
    for at, turn, half in SHEETS.values():
        show("box", (*half, THICK), at, turn=turn, look="foil")
        rotation = matrix(turn)
        for sign in (-1, 1):
            tape = np.array(at) + rotation @ (0.0, sign * half[1], THICK)
            show("box", (half[0], 0.0022, 0.0003), tape, turn=turn, look="brass")
    if defect is None:
        return
    at, turn, half = SHEETS[side_of(defect)]
    rng = np.random.default_rng(defect.seed)
    # clear of the panels' yokes on the sides and of the thrusters on the back
    across = np.array([rng.uniform(-0.35, 0.5), rng.uniform(0.25, 0.6) * rng.choice([-1.0, 1.0])])
    if side_of(defect) == "back":
        across = np.array([rng.uniform(-0.5, 0.4), rng.uniform(-0.5, 0.5)])
    place = np.array(at) + matrix(turn) @ (across[0] * half[0], across[1] * half[1], THICK)
    if defect.kind == "scorch":
        scorch(drawing, body, Owner(part, True), defect, place, turn, 0.013)
    else:
        _tear(drawing, body, Owner(part, True), defect, place, turn, rng)


def _tear(
    drawing: Drawing, body: Any, owner: Owner, defect: Defect, at: Array, turn: Array,
    rng: np.random.Generator
) -> None:  # fmt: skip
    """Add a slit that gapes: the dark below, and flaps that stand off on both of its sides."""
    slit = matrix(turn) @ matrix(euler(0, 0, rng.uniform(-0.8, 0.8)))  # x along it, z outward
    long, pieces = 0.010 + 0.009 * defect.severity, 7

    def add(half: Vector, place: Vector, spin: Array, colour: Vector) -> None:
        drawing.shape(
            body, owner, "box", half, at + slit @ np.array(place, np.float64),
            turn=turned(slit @ matrix(spin)), colour=colour,
        )  # fmt: skip

    for index in range(pieces):
        share = (index + 0.5) / pieces * 2.0 - 1.0
        gape = (0.0016 + 0.0040 * defect.severity) * (1.0 - share**2) + 0.0006
        x, y = share * long, rng.normal(0.0, 0.0004)
        half = (long / pieces * 1.15, gape, 0.00005 + 0.00001 * index)
        add(half, (x, y, 1e-4), euler(0, 0, rng.uniform(-0.25, 0.25)), (0.035, 0.03, 0.03))
        for side in (-1, 1):
            flap, lift = gape * rng.uniform(0.7, 1.3), rng.uniform(0.4, 1.3)
            silver = rng.random() < 0.6
            place = (x, y + side * (gape + flap * np.cos(lift)), flap * np.sin(lift))
            spin = euler(side * lift, 0, rng.uniform(-0.2, 0.2))
            colour = (0.74, 0.74, 0.76) if silver else (0.66, 0.48, 0.20)
            add((long / pieces, flap, 0.00012), place, spin, colour)
