"""Arcs of an emulated grbl as chords."""

from __future__ import annotations

import math

CHORDS = 65_535  # the firmware counts them in 16 bits
Point = tuple[float, ...]


class Refused(Exception):
    """A line that is not carried out; `code` is grbl's error number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def center_of(x: float, y: float, radius: float, clockwise: bool) -> tuple[float, float]:
    """Return the centre of an arc from (0, 0) to (x, y), mm.

    A negative radius asks for the longer of the two arcs. Raises Refused.
    """
    apart = math.hypot(x, y)
    if apart == 0.0:
        raise Refused(33)
    if 2.0 * abs(radius) < apart:
        raise Refused(34)
    away = math.sqrt(radius**2 - (apart / 2.0) ** 2)
    side = math.copysign(1.0, radius) * (-1.0 if clockwise else 1.0)
    return x / 2.0 - side * away * y / apart, y / 2.0 + side * away * x / apart


def chords(
    start: Point,
    target: Point,
    plane: tuple[int, int, int],
    center: tuple[float, ...],
    clockwise: bool,
    tolerance: float,
) -> tuple[list[Point], float]:
    """Return the ends of the chords of an arc and its length, mm.

    plane: the two axes of the arc and the one across. center: relative to the start. tolerance: mm
    that a chord may leave the circle. Raises Refused for an end that is not on the circle.
    """
    first, second, third = plane
    i, j = center
    x, y = target[first] - start[first], target[second] - start[second]
    radius = math.hypot(i, j)
    apart = abs(radius - math.hypot(x - i, y - j))
    if apart > 0.005 and (apart > 0.5 or apart > 0.001 * radius):
        raise Refused(33)
    sweep = math.atan2(-i * (y - j) + j * (x - i), -i * (x - i) - j * (y - j))
    if clockwise and sweep >= -5e-7:
        sweep -= 2.0 * math.pi
    elif not clockwise and sweep <= 5e-7:
        sweep += 2.0 * math.pi
    chord = math.sqrt(max(1e-12, tolerance * (2.0 * radius - tolerance)))
    count = max(1, min(CHORDS, int(abs(0.5 * sweep * radius) / chord)))
    rise = target[third] - start[third]
    points: list[Point] = []
    for step in range(1, count):
        angle = math.atan2(-j, -i) + sweep * step / count
        point = list(start)
        point[first] = start[first] + i + radius * math.cos(angle)
        point[second] = start[second] + j + radius * math.sin(angle)
        point[third] += rise * step / count
        points.append(tuple(point))
    return [*points, target], math.hypot(sweep * radius, rise)
