"""Thrusters with their caps, and the connector with its plug and cable."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from helmsight.envs.inspection.plan import Defect
from helmsight.envs.inspection.shapes import Drawing, Owner, along, between, euler, matrix

NOZZLE = ((0.0034, 0.0070), (0.0040, 0.0094), (0.0048, 0.0118), (0.0058, 0.0142))  # radius, height
EXIT = 0.0154  # from the bus to the end of a nozzle, m


def draw_thruster(drawing: Drawing, body: Any, part: str, defect: Defect | None) -> None:
    """Add a thruster along z with a cap on it, or without."""
    owner = Owner(part)
    show = partial(drawing.shape, body, owner)
    show("box", (0.0078, 0.0072, 0.0028), (0, 0, 0.0028), look="metal")
    for x in (-0.006, 0.006):
        show("cylinder", (0.0010, 0.0004), (x, 0.0055, 0.0058), look="bolt")
    for dot in range(int(part.split()[-1])):  # its number
        show("cylinder", (0.0012, 0.0003), (0.0036 * dot - 0.0054, -0.0054, 0.0058), look="white")
    for radius, height in NOZZLE:
        show("cylinder", (radius, 0.0013), (0, 0, height), look="bolt")
    drawing.solid(body, owner, "cylinder", (0.010, 0.012), (0, 0, 0.012))
    if defect is None:
        show("cylinder", (0.0074, 0.0040), (0, 0, 0.0145), look="cap")
        show("cylinder", (0.0064, 0.0008), (0, 0, 0.0193), look="cap")
        show(
            "box",
            (0.0016, 0.0004, 0.0062),
            (0.0070, 0, 0.0115),
            look="cap",
            turn=euler(0, -0.25, 0),
        )
        return
    bare = Owner(part, True)
    drawing.shape(body, bare, "cylinder", (0.0066, 0.0006), (0, 0, EXIT - 0.0004), look="copper")
    drawing.shape(body, bare, "cylinder", (0.0058, 0.0005), (0, 0, EXIT), colour=(0.09, 0.08, 0.08))
    drawing.shape(
        body, bare, "cylinder", (0.0042, 0.0005), (0, 0, EXIT + 0.0002), colour=(0.035, 0.03, 0.03)
    )
    drawing.shape(
        body,
        bare,
        "cylinder",
        (0.0016, 0.0005),
        (0, 0, EXIT + 0.0003),
        colour=(0.008, 0.008, 0.008),
    )


def draw_connector(drawing: Drawing, body: Any, part: str, defect: Defect | None) -> None:
    """Add a connector along z; its cable leaves toward -y, around the edge of the bus."""
    owner = Owner(part)
    show, rod = partial(drawing.shape, body, owner), partial(drawing.rod, body, owner)
    show("box", (0.0105, 0.0090, 0.0012), (0, 0, 0.0012), look="metal")
    for x in (-0.0085, 0.0085):
        for y in (-0.0068, 0.0068):
            show("cylinder", (0.0012, 0.0005), (x, y, 0.0028), look="bolt")
    show("cylinder", (0.0060, 0.0030), (0, 0, 0.0045), look="dark")
    show("cylinder", (0.0048, 0.0001), (0, 0, 0.0076), colour=(0.03, 0.09, 0.05))
    drawing.solid(body, owner, "cylinder", (0.012, 0.014), (0, 0, 0.014))
    whose, out, lean = owner, 0.0, euler()
    if defect is not None:
        whose, out = Owner(part, True), 0.0045 + 0.0065 * defect.severity
        angle, around = 0.14 + 0.3 * defect.severity, 2.0 * np.pi * defect.place[1]
        lean = along(
            (np.sin(angle) * np.cos(around), np.sin(angle) * np.sin(around), np.cos(angle))
        )
        for x, y in ((0, 0.0028), (0.0025, -0.0015), (-0.0025, -0.0015), (0, -0.0002)):
            drawing.rod(
                body, whose, (x, y, 0.0076), (x, y, 0.0076 + 0.7 * out), 0.0004, look="brass"
            )
    axis, foot = matrix(lean)[:, 2], np.array([0.0, 0.0, 0.0055 + out])
    for radius, start, end, look in (
        (0.0078, 0.0, 0.0040, "brass"), (0.0066, 0.0040, 0.0100, "servo"),
        (0.0074, 0.0050, 0.0062, "brass"), (0.0045, 0.0100, 0.0130, "dark")
    ):  # fmt: skip
        middle, half, turn = between(foot + start * axis, foot + end * axis)
        drawing.shape(body, whose, "cylinder", (radius, half), middle, turn=turn, look=look)
    at = foot + 0.0130 * axis
    for after in (
        at + 0.004 * axis + (0, -0.001, 0), at + 0.005 * axis + (0.001, -0.006, 0),
        (0.002, -0.016, 0.012), (0.001, -0.022, 0.003)
    ):  # fmt: skip
        rod(at, after, 0.0021, colour=(0.12, 0.12, 0.13))
        at = np.array(after, np.float64)
