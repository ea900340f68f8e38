"""How a look is made, by the drawing: the turntable's angle, where to look from, the way there.

Nothing here knows what is wrong with a satellite, or what is not there: see `CellPlan.sound`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.clearance import STEP_RAD, Joints
from helmsight.envs.inspection.looks import Look
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.routes import route
from helmsight.envs.inspection.satellite.assembly import CENTRE
from helmsight.envs.inspection.shapes import Array
from helmsight.envs.inspection.sites import SITES, Site
from helmsight.envs.inspection.viewpoints import BEST, Viewpoint, Viewpoints
from helmsight.hardware.spec import RobotSpec

ANGLES = tuple(float(angle) for angle in np.linspace(-3.0, 3.0, 17))  # of the turntable, rad
SAME_RAD = 0.02  # by which two angles of the turntable are one
FACING_RAD = 0.8  # by which a site may look past the arm and be seen as well as from before it
LEVEL = 0.3  # of an outward direction that has to be level to say where a site faces
SIDE_RAD = 0.3  # between the directions of two looks at a site from different sides, at least
FULL = 0.95  # share of a site that is all of it
MOSTLY = 0.1  # of a site that a closer look may miss
CLOSER_M = (0.085, 0.11)  # that closer looks are made from, where they can be
NEARER_M = 0.01  # by which a look has to be nearer than the usual one to be a closer one
TRIED, CLOSELY = 5, 3  # angles that a view, or a closer one, is chosen from


@dataclass(frozen=True)
class Visit:
    """How a look is made. turntable: rad. fold: places to go to before it turns; way: afterwards.

    view: the viewpoint, whose joints are the last place of the way.
    """

    look: Look
    turntable: float
    fold: tuple[Joints, ...]
    way: tuple[Joints, ...]
    view: Viewpoint


@dataclass(frozen=True)
class _Candidate:
    angle: float
    view: Viewpoint


class Survey:
    """Plans looks in the drawing of a cell. turns: whether there is a turntable that can turn.

    Viewpoints are found when they are asked for, and kept.
    """

    def __init__(self, plan: CellPlan, robot: RobotSpec | str = "so101", *, turns: bool = True):
        self.cell = Cell(plan.sound(), robot)
        self.views = Viewpoints(self.cell)
        self._angles = list(ANGLES) if turns else []
        self._found: dict[tuple[str, float, float], tuple[Viewpoint, ...]] = {}
        self._reachable: dict[str, bool] = {}

    def visit(self, look: Look, joints: Sequence[float], turntable: float) -> Visit | None:
        """Return how to make a look from where the arm and the turntable are.

        None where no pose in reach shows it. The same question has the same answer.
        """
        here = self._snapped(turntable)
        for candidate in self._candidates(look, here):
            made = self._way(look, tuple(joints), here, candidate)
            if made is not None:
                return made
        return None

    def reachable(self, site: Site) -> bool:
        """Return whether any pose shows a site, with a way there from the folded arm."""
        if site.label not in self._reachable:
            here = self._snapped(self.cell.plan.turntable)
            self._reachable[site.label] = self.visit(Look(site), START, here) is not None
        return self._reachable[site.label]

    def tour(self, parts: Sequence[str], turntable: float) -> tuple[str, ...]:
        """Return the labels of the sites of parts in an order that turns the turntable least."""
        angles = {s.label: self._ideal(s) for s in SITES if s.part in parts}
        up = sorted(angles, key=lambda label: angles[label])
        return tuple(up if turntable < 0.0 else up[::-1])

    def fold(self, joints: Sequence[float], turntable: float) -> tuple[Joints, ...] | None:
        """Return the way back to the folded arm, None where there is no clear one."""
        self.cell.place(turntable=turntable)
        return route(self.views.clearance, tuple(joints), START)

    # -- which view ---------------------------------------------------------------------------

    def _candidates(self, look: Look, here: float) -> Iterator[_Candidate]:
        """Yield what may serve for a look, the best first."""
        angles = self._facing(look.site, here)
        if look.way == "closer":
            few, usual = angles[:CLOSELY], next(self._plain(look.site, angles), None)
            within = np.inf if usual is None else usual.view.distance - NEARER_M
            near = [c for d in (*CLOSER_M, BEST) for c in self._all(look.site, few, d)]
            near = [c for c in near if c.view.distance <= within]
            most = max((c.view.share for c in near), default=0.0)
            good = [c for c in near if c.view.share >= most - MOSTLY]
            yield from sorted(good, key=lambda c: c.view.distance)
        elif look.way == "other side":
            first = next(self._plain(look.site, angles), None)
            if first is not None:
                others = self._all(look.site, angles[:TRIED], BEST)
                apart = {id(c): self._apart(c, first) for c in others}
                far = [c for c in others if apart[id(c)] >= SIDE_RAD]
                yield from sorted(far, key=lambda c: -apart[id(c)])
        else:
            yield from self._plain(look.site, angles)

    def _plain(self, site: Site, angles: Sequence[float]) -> Iterator[_Candidate]:
        """Yield the views that show most: of the first angle that shows all, else of a few."""
        few: list[_Candidate] = []
        for angle in angles[:TRIED]:
            few += self._all(site, [angle], BEST)
            if any(c.view.share >= FULL for c in few):
                break
        yield from sorted(few, key=lambda c: -c.view.share)
        for angle in angles[TRIED:]:
            yield from self._all(site, [angle], BEST)

    def _all(self, site: Site, angles: Sequence[float], distance: float) -> list[_Candidate]:
        found = []
        for angle in angles:
            key = (site.label, angle, distance)
            if key not in self._found:
                self.cell.place(START, angle)
                self._found[key] = self.views.of(site, distance=distance)
            found += [_Candidate(angle, view) for view in self._found[key]]
        return found

    def _apart(self, one: _Candidate, other: _Candidate) -> float:
        """Return the angle between the directions, seen from the site, of two views of it, rad."""
        ways = []
        for each in (one, other):
            self.cell.place(turntable=each.angle)
            middle = self.views.sight.place(each.view.site)[0].mean(axis=0)
            way = _turned(each.view.pose.at - middle, -each.angle)
            ways.append(way / np.linalg.norm(way))
        return float(np.arccos(np.clip(ways[0] @ ways[1], -1.0, 1.0)))

    # -- which angle --------------------------------------------------------------------------

    def _facing(self, site: Site, here: float) -> list[float]:
        """Return angles of the turntable, those first that have a site face the arm.

        Of these the ones first that are soon turned to.
        """
        if here not in self._angles:
            self._angles.append(here)
        ideal = self._ideal(site)

        def off(angle: float) -> float:
            return abs((angle - ideal + np.pi) % (2.0 * np.pi) - np.pi)

        return sorted(
            self._angles,
            key=lambda a: (0, abs(a - here)) if off(a) <= FACING_RAD else (1, off(a)),
        )

    def _ideal(self, site: Site) -> float:
        """Return the angle of the turntable at which a site faces the arm, within pi."""
        self.cell.place(turntable=0.0)
        points, outward = self.views.sight.place(site)
        way = outward[:2]
        if np.hypot(*way) < LEVEL or site.cone >= np.pi:  # it faces nowhere: bring it near
            way = points.mean(axis=0)[:2] - np.array(CENTRE[:2])
        angle = np.pi - float(np.arctan2(way[1], way[0]))  # the arm is on the side of -x
        return float((angle + np.pi) % (2.0 * np.pi) - np.pi)

    def _snapped(self, angle: float) -> float:
        """Return the angle that is meant by a reading of the turntable."""
        known = min(self._angles, key=lambda other: abs(other - angle), default=angle)
        return known if abs(known - angle) <= SAME_RAD else round(angle, 3)

    # -- which way ----------------------------------------------------------------------------

    def _way(self, look: Look, joints: Joints, here: float, to: _Candidate) -> Visit | None:
        clearance, turn = self.views.clearance, to.angle != here
        fold: tuple[Joints, ...] = ()
        if turn:
            back = self.fold(joints, here)
            if back is None or not self._sweeps(here, to.angle):
                return None
            fold, joints = back, START
        self.cell.place(turntable=to.angle)
        way = route(clearance, joints, to.view.joints)
        return None if way is None else Visit(look, to.angle, fold, way, to.view)

    def _sweeps(self, start: float, end: float) -> bool:
        """Return whether the folded arm is clear of all that turns."""
        steps = max(1, int(np.ceil(abs(end - start) / STEP_RAD)))
        for angle in np.linspace(start, end, steps + 1):
            self.cell.place(turntable=float(angle))
            if self.views.clearance.touches(START):
                return False
        return True


def _turned(way: Array, angle: float) -> Array:
    """Return a vector turned about the upright, rad."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([c * way[0] - s * way[1], s * way[0] + c * way[1], way[2]])
