"""Telemetry as a pilot thinks of it: from here, in the axes of the burns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from helmsight.contract.command import Rotation
from helmsight.envs.orbital.dynamics import Array, norm

Teller = Callable[[Array, Mapping[str, Rotation]], Sequence[str]]
AXES = ("forward", "right", "down")


@cache  # tasks of one family are the same task
def teller(*others: str, sun: bool = False) -> Teller:
    """Return what says KSPDG's telemetry (see `panel.kspdg_fields`) in words, a figure a line.

    `others` are the vessels besides the agent, in the order of the vector, in words; with `sun` the
    direction to the sun comes last. Vectors are told in the body's axes where the rotation
    "inertial" is known. The telemetry does not hold the roll, so that without it only parts along
    and across the line of sight are told.
    """

    def told(telemetry: Array, rotations: Mapping[str, Rotation]) -> list[str]:
        met, mass, propellant, *states = map(float, telemetry)
        body = np.asarray(rotations["inertial"]) if "inertial" in rotations else None
        vessels = np.array(states[: 6 * (1 + len(others))]).reshape(-1, 2, 3)
        lines = [
            f"mission time {met:.1f} s",
            f"propellant {propellant:.2f} units, mass {mass:.0f} kg",
        ]
        for name, state in zip(others, vessels[1:], strict=True):
            gap, velocity = state[0] - vessels[0, 0], vessels[0, 1] - state[1]
            lines += _seen_from_here(name, gap, velocity, body)
        if sun and body is not None:
            lines.append(f"direction to the sun: {_vector(body @ np.array(states[-3:]), 3)}")
        return lines

    return told


def _seen_from_here(name: str, gap: Array, velocity: Array, body: Array | None) -> list[str]:
    """Return what is to be said of one vessel: `gap` to it, m, our `velocity` past it, m/s."""
    distance, speed = float(norm(gap)), float(norm(velocity))
    closing = float(velocity @ gap) / max(distance, 1e-9)
    lines = [f"distance to {name} {distance:.1f} m, closing speed {closing:+.2f} m/s"]
    if body is not None:
        lines.append(f"{name} is at {_vector(body @ gap, 1)} m from you")
        lines.append(f"you move past {name} with {_vector(body @ velocity, 2)} m/s")
    else:
        lines.append(
            f"speed across the line to {name} {np.sqrt(max(0.0, speed**2 - closing**2)):.2f} m/s"
        )
    if closing > 0:
        ahead = distance * closing / speed**2
        miss = np.sqrt(max(0.0, distance**2 - (ahead * speed) ** 2))
        lines.append(f"without a burn you pass {name} in {ahead:.1f} s at {miss:.1f} m")
    return lines


def _vector(vector: Array, digits: int) -> str:
    return ", ".join(f"{axis} {part:+.{digits}f}" for axis, part in zip(AXES, vector, strict=True))
