"""Where each part stands on the satellite, and the satellite on its turntable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan, Shift
from helmsight.envs.inspection.satellite import dish, fittings, panels, skin, top
from helmsight.envs.inspection.shapes import Array, Drawing, Vector, euler, turned

CENTRE = (0.32, 0.0, 0.108)  # of the bus, base frame of the arm, m
DECK_M = 0.022  # height of the turntable's disc
REACH_M = 0.135  # radius of all that turns, m


def draw_satellite(drawing: Drawing, turntable: Any, plan: CellPlan) -> None:
    """Add the satellite to the body of the turntable, whose origin is on the table."""
    deck = CENTRE[2]
    body = turntable.add_body(
        name="satellite", pos=(*plan.place, deck), quat=euler(plan.lean[0], plan.lean[1], np.pi)
    )
    for part in PARTS:
        seat = body.add_body(name=part, **_seat(part, plan))
        if part not in plan.absent:
            _DRAW[PARTS[part]](drawing, seat, part, plan)


def _seat(part: str, plan: CellPlan) -> dict[str, Any]:
    """Return where a part stands in the frame of the bus, its z outward."""
    x, y, z = skin.HALF
    shift = plan.shifts.get(part, Shift(0.0, 0.0, 0.0))
    if PARTS[part] in ("bus", "foil"):
        return {}
    if PARTS[part] == "panel":
        side = 1 if part == "panel A" else -1
        tilt = plan.tilt[0] if side == 1 else plan.tilt[1]
        normal = np.array([np.cos(tilt), 0.0, np.sin(tilt)])
        up = np.cross(normal, [0.0, 1.0, 0.0])
        frame = np.stack([[0.0, 1.0, 0.0], up, normal], axis=1)
        at = (shift.across, side * (y + 0.012 + panels.HALF[0]), 0.006 + shift.along)
        return {"pos": at, "quat": turned(frame)}
    at, outward, upward = {
        "dish": ((x, 0.0, 0.015), (1.0, 0.0, 0.06), (0, 0, 1)),
        "connector": ((x, 0.0, -0.030), (1, 0, 0), (0, 1, 0)),
        "mast": ((-0.020, 0.024, z), (-0.42, 0.34, 1.0), (1, 0, 0)),
        "star tracker": ((0.016, -0.020, z), (0.40, -0.30, 1.0), (0, -1, 0)),
        "thruster 1": ((x, 0.030, -0.037), (1, 0, 0), (0, 0, 1)),
        "thruster 2": ((x, -0.030, -0.037), (1, 0, 0), (0, 0, 1)),
        "thruster 3": ((-x, 0.030, -0.040), (-1, 0, 0), (0, 0, 1)),
        "thruster 4": ((-x, -0.030, -0.040), (-1, 0, 0), (0, 0, 1)),
    }[part]
    rotation = _facing(outward, upward) @ _spin(shift.turn)
    along = rotation @ (shift.across, shift.along, 0.0)
    return {"pos": np.array(at) + along, "quat": turned(rotation)}


def _facing(outward: Vector, upward: Vector) -> Array:
    """Return the rotation whose z is `outward` and whose y is as near to `upward` as can be."""
    z = np.array(outward, np.float64) / np.linalg.norm(outward)
    x = np.cross(upward, z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _spin(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _panel(drawing: Drawing, body: Any, part: str, plan: CellPlan) -> None:
    side = 1 if part == "panel A" else -1
    panels.draw_panel(drawing, body, part, side, plan.defect_of(part))


_DRAW: dict[str, Callable[[Drawing, Any, str, CellPlan], None]] = {
    "bus": lambda d, b, p, plan: skin.draw_bus(d, b, p, plan.defect_of(p)),
    "foil": lambda d, b, p, plan: skin.draw_foil(d, b, p, plan.defect_of(p)),
    "panel": _panel,
    "dish": lambda d, b, p, plan: dish.draw_dish(d, b, p, plan.defect_of(p)),
    "mast": lambda d, b, p, plan: top.draw_mast(d, b, p, plan.defect_of(p)),
    "star tracker": lambda d, b, p, plan: top.draw_tracker(d, b, p, plan.defect_of(p)),
    "thruster": lambda d, b, p, plan: fittings.draw_thruster(d, b, p, plan.defect_of(p)),
    "connector": lambda d, b, p, plan: fittings.draw_connector(d, b, p, plan.defect_of(p)),
}
