"""How far along a joint-space step the tool point stays slow enough and within the workspace."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.spec import Box, RobotSpec
from helmsight.hardware.supervision.interventions import Rule

Array = NDArray[np.float64]
TURN = 0.1  # rad; joints together turn no more than this between two points that are looked at
WALL = 1e-3  # m; a tool this little outside stands on the wall: sideways is allowed
ROUNDED = 1e-9  # m of arithmetic


@dataclass(frozen=True)
class _Piece:
    """A piece of the way: shares of the whole at its ends, points (m), velocities (m a share).

    fastest: upper bound of the speed in it, m a share.
    """

    s0: float
    s1: float
    p0: Array
    p1: Array
    v0: Array
    v1: Array
    fastest: float


class ToolPath:
    """Looks along straight ways in joint space.

    Bounds of what happens between the points that are looked at, for joints that turn `phi` and
    slide `mu` in all between two of them and a tool no further than `reach` from any axis: the
    third derivative of the point is at most reach phi^3 + 3 mu phi^2, so speeds exceed those at
    the two ends by an eighth of it at most; positions are cubic Hermite curves up to
    reach phi^4 / 384, far below a micrometre.
    """

    def __init__(self, spec: RobotSpec, kinematics: Kinematics) -> None:
        self._kinematics = kinematics
        self._box: Box = spec.workspace
        self._speed = spec.limits.tool_speed
        self._chain = np.array(spec.chain, dtype=np.intp)
        self._turns = np.array([spec.joint[i].kind == "revolute" for i in spec.chain])
        joints = [spec.joint[i] for i in spec.chain]
        self._reach = math.hypot(*spec.tool.offset) + sum(
            math.hypot(*joint.origin)
            + (max(abs(joint.lower), abs(joint.upper)) if joint.kind == "prismatic" else 0.0)
            for joint in joints
        )

    def furthest(self, start: Array, end: Array, duration_s: float) -> tuple[float, Rule | None]:
        """Return the share of the way (0 to 1) that may be gone, and the rule that ends it.

        start, end: positions of all joints, rad or m; gone at even rates in `duration_s`.
        The workspace holds on the whole way. A tool that is outside already may only come closer.
        """
        if not (end - start)[self._chain].any():
            return 1.0, None
        # Walks along the way piece by piece and ends at the first that is not allowed. Going only a
        # share of the way takes the same time, so every speed shrinks with the share: what counts
        # is the fastest piece up to there, times the share.
        fastest = 0.0
        walls: tuple[Array, Array] | None = None
        for piece in self._pieces(start, end):
            if walls is None:
                walls = self._walls(piece.p0)
            fastest = max(fastest, piece.fastest)
            allowed, rule = piece.s1, None
            if fastest * piece.s1 > self._speed * duration_s * (1.0 + ROUNDED):
                allowed = max(piece.s0, self._speed * duration_s / fastest)
                rule = Rule.tool_speed
            inside = self._inside(piece, walls)
            if inside < allowed:
                allowed, rule = inside, Rule.workspace
            if rule is not None:
                return allowed, rule
        return 1.0, None

    def outside_m(self, point: Array) -> float:
        """Return how far a point is outside the workspace, m; 0 inside."""
        over = np.maximum(self._box.lower - point, point - self._box.upper)
        return float(np.linalg.norm(np.maximum(over, 0.0)))

    def _pieces(self, start: Array, end: Array) -> Iterator[_Piece]:
        way = (end - start)[self._chain]
        turn = float(np.abs(way[self._turns]).sum())
        slide = float(np.abs(way[~self._turns]).sum())
        count = max(1, math.ceil(turn / TURN))
        phi, mu = turn / count, slide / count
        between = count * (self._reach * phi**3 + 3.0 * mu * phi**2) / 8.0
        p0, v0 = self._point(start, way)
        for number in range(1, count + 1):
            s1 = number / count
            p1, v1 = self._point(start + s1 * (end - start), way)
            speed = max(math.hypot(*v0), math.hypot(*v1)) + between
            yield _Piece((number - 1) / count, s1, p0, p1, v0, v1, speed)
            p0, v0 = p1, v1

    def _point(self, positions: Array, way: Array) -> tuple[Array, Array]:
        point, J = self._kinematics.point(positions)
        return point, J[:3] @ way

    def _walls(self, start: Array) -> tuple[Array, Array]:
        """Return the box, widened to where the tool is if that is outside."""
        lower = np.minimum(np.asarray(self._box.lower), start) - ROUNDED
        return lower, np.maximum(np.asarray(self._box.upper), start) + ROUNDED

    def _inside(self, piece: _Piece, walls: tuple[Array, Array]) -> float:
        """Return the share up to which this piece of the way is allowed, its s1 for all of it."""
        # A tool that is outside may come back and nothing else: the walls are where it stands, and
        # a piece that ends further out, or sets out in that direction, is not begun.
        before, after = self.outside_m(piece.p0), self.outside_m(piece.p1)
        if before > WALL and (after >= before or self._turns_away(piece)):
            return piece.s0
        length = piece.s1 - piece.s0
        share = 1.0
        for axis in range(3):
            b = (piece.p0[axis], piece.p1[axis], piece.v0[axis] * length, piece.v1[axis] * length)
            share = min(share, _first_exit(*b, walls[0][axis], walls[1][axis]))
        return piece.s1 if share >= 1.0 else piece.s0 + share * length

    def _turns_away(self, piece: _Piece) -> bool:
        """Whether a tool that is outside gets further out at either end of a piece."""
        for point, velocity in ((piece.p0, piece.v0), (piece.p1, piece.v1)):
            over = np.maximum(point - self._box.upper, 0.0)
            under = np.maximum(self._box.lower - point, 0.0)
            if float((over - under) @ velocity) > ROUNDED:
                return True
        return False


def _first_exit(x0: float, x1: float, m0: float, m1: float, lower: float, upper: float) -> float:
    """Return where in [0, 1] a cubic Hermite curve first leaves [lower, upper]; 1.0 if nowhere.

    x0, x1: values at the ends; m0, m1: derivatives there.
    """
    # The curve lies in the hull of its Bezier control points: most pieces are done with that.
    controls = (x0, x0 + m0 / 3.0, x1 - m1 / 3.0, x1)
    if lower <= min(controls) and max(controls) <= upper:
        return 1.0
    cubic = np.array([m0 + m1 - 2.0 * (x1 - x0), 3.0 * (x1 - x0) - 2.0 * m0 - m1, m0, x0])
    # Between two crossings of a wall the curve is on one side of it: the middle says on which.
    places = {0.0, 1.0}
    for wall in (lower, upper):
        roots = np.roots(cubic - [0.0, 0.0, 0.0, wall])
        places |= {float(r.real) for r in roots if abs(r.imag) < 1e-6 and 0.0 < r.real < 1.0}
    ordered = sorted(places)
    for left, right in pairwise(ordered):
        middle = float(np.polyval(cubic, (left + right) / 2.0))
        if not lower <= middle <= upper:
            return left
    return 1.0
