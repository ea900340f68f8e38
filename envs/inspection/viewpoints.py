"""Poses of the arm from which the wrist camera sees a part: found by sampling, refined, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from helmsight.envs.inspection.arm import CAMERA_AT, camera_rotation
from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.clearance import MARGIN_M, Clearance, Joints
from helmsight.envs.inspection.shapes import Array
from helmsight.envs.inspection.sites import SITES, Sight, Site
from helmsight.envs.inspection.views import Pose
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.spec import RobotSpec

NEAREST, FARTHEST, BEST = 0.08, 0.25, 0.14  # m, of the camera from what it looks at
SAMPLES = 20000  # poses of the arm that are tried for all sites
OFF_AXIS = 0.3  # rad: from where refining starts
TRIED = 60  # of the best samples a site
APART_M = 0.03  # two viewpoints of one site differ by this at least
ENOUGH = 0.6  # share of a site that one view has to show
CLOSE_M = 0.001  # of what a view is aimed at, where refining ends
ROOM_M = 0.006  # beside the margin of ways, at a viewpoint
FLOOR_M = 0.015  # neither camera nor tool point comes lower
JAW = START[-1]  # the gripper stays as it is


@dataclass(frozen=True)
class Viewpoint:
    """Where to look from. joints: of the description, rad. share: of the site that is seen."""

    site: Site
    joints: Joints
    pose: Pose
    distance: float
    share: float


@dataclass(frozen=True)
class _Samples:
    """Poses of the wrist camera for joints drawn at random: (n, chain), (n, 3), (n, 3, 3)."""

    joints: Array
    at: Array
    rotation: Array


class Viewpoints:
    """Finds viewpoints in the present state of a cell: its turntable where it is."""

    def __init__(self, cell: Cell, kinematics: Kinematics | None = None) -> None:
        self._cell = cell
        self._kinematics = kinematics or Kinematics(cell.spec)
        self._samples = _sampled(cell.spec.model_dump_json())
        self.clearance = Clearance(cell)
        self.sight = Sight(cell)

    def of(self, site: Site, most: int = 3, distance: float = BEST) -> tuple[Viewpoint, ...]:
        """Return up to `most` viewpoints of a site, the best first; none when none is in reach.

        distance: from which it should be looked at, m, as far as that can be.
        """
        found: list[Viewpoint] = []
        for chain in self._promising(site, distance):
            view = self._checked(site, self._refined(site, chain), found)
            if view is not None:
                found.append(view)
                if len(found) == most:
                    break
        return tuple(sorted(found, key=lambda view: -view.share))

    def all(self, most: int = 1, sites: Sequence[Site] = SITES) -> dict[str, tuple[Viewpoint, ...]]:
        """Return the viewpoints of every site, by `part: site`."""
        return {site.label: self.of(site, most) for site in sites}

    def pose(self, joints: Sequence[float]) -> Pose:
        """Return where the wrist camera is with the arm at `joints`."""
        at, rotation = self._kinematics.pose(joints)
        offset = np.array(CAMERA_AT) - np.array(self._cell.spec.tool.offset)
        return Pose(at + rotation @ offset, rotation @ camera_rotation())

    def _promising(self, site: Site, distance: float) -> Iterator[Array]:
        """Yield the chains of samples that look at a site more or less, the best first."""
        points, outward = self.sight.place(site)
        middle, samples = points.mean(axis=0), self._samples
        way = middle - samples.at
        far = np.linalg.norm(way, axis=1)
        ahead = -samples.rotation[:, :, 2]
        off = np.arccos(np.clip((way * ahead).sum(axis=1) / far, -1.0, 1.0))
        frontal = -(way @ outward) / far
        good = (far > NEAREST) & (far < FARTHEST) & (off < OFF_AXIS)
        good &= frontal > np.cos(min(site.cone, np.pi))
        wanted = 0.0 if site.cone >= np.pi else 1.0  # a mast is best seen from its side
        score = np.abs(frontal - wanted) + 4.0 * np.abs(far - distance) + 0.5 * off
        best = np.flatnonzero(good)
        for index in best[np.argsort(score[best])][:TRIED]:
            yield samples.joints[index]

    def _refined(self, site: Site, chain: Array) -> Joints:
        """Return joints near by that have the site in the middle of the picture.

        Damped least squares on where the site's middle is in the camera frame; the distance is
        kept as it was.
        """
        spec = self._cell.spec
        target = self.sight.place(site)[0].mean(axis=0)
        joints = np.array(START, np.float64)
        joints[list(spec.chain)], joints[-1] = chain, JAW
        lower = np.array([joint.lower for joint in spec.joint]) + 0.03
        upper = np.array([joint.upper for joint in spec.joint]) - 0.03
        wanted: float | None = None
        for _ in range(6):
            pose = self.pose(tuple(joints))
            tool, J = self._kinematics.point(tuple(joints))
            arm, way = pose.at - tool, target - pose.at
            linear = J[:3] - _crossing(arm) @ J[3:]
            change = pose.rotation.T @ (_crossing(way) @ J[3:] - linear)
            local = pose.rotation.T @ way
            wanted = float(np.clip(-local[2], NEAREST, FARTHEST)) if wanted is None else wanted
            error = np.array([0.0, 0.0, -wanted]) - local
            if error @ error < CLOSE_M**2:
                break
            step = change.T @ np.linalg.solve(change @ change.T + 1e-5 * np.eye(3), error)
            joints[list(spec.chain)] += np.clip(step, -0.2, 0.2)
            joints = np.clip(joints, lower, upper)
        return tuple(float(value) for value in joints)

    def _checked(self, site: Site, joints: Joints, found: list[Viewpoint]) -> Viewpoint | None:
        pose = self.pose(joints)
        points, _ = self.sight.place(site)
        far = float(np.linalg.norm(points.mean(axis=0) - pose.at))
        tool, _ = self._kinematics.pose(joints)
        box = self._cell.spec.workspace
        inside = bool((tool > np.array(box.lower)).all() and (tool < np.array(box.upper)).all())
        if not NEAREST <= far <= FARTHEST or not inside or min(pose.at[2], tool[2]) < FLOOR_M:
            return None
        if any(np.linalg.norm(pose.at - other.pose.at) < APART_M for other in found):
            return None
        # servos sag and overshoot a little: where an arm stands it has to be clear all the same
        if self.clearance.touches(joints, MARGIN_M + ROOM_M):
            return None
        # the arm itself can stand in the way
        self._cell.place(joints)
        share = self.sight.share(site, pose)
        return Viewpoint(site, joints, pose, far, share) if share >= ENOUGH else None


def _crossing(a: Array) -> Array:
    """Return the matrix (3, 3) that makes the cross product of `a` with a vector."""
    return np.array([[0.0, -a[2], a[1]], [a[2], 0.0, -a[0]], [-a[1], a[0], 0.0]])


@lru_cache(maxsize=4)
def _sampled(description: str) -> _Samples:
    """Return poses of the camera all over the arm's range, those below the table left out.

    description: the robot's, as JSON (what is cached by has to be hashable).
    """
    spec = RobotSpec.model_validate_json(description)
    rng, kinematics = np.random.default_rng(0), Kinematics(spec)
    lower = np.array([spec.joint[i].lower for i in spec.chain])
    upper = np.array([spec.joint[i].upper for i in spec.chain])
    lower[0], upper[0] = max(lower[0], -1.0), min(upper[0], 1.0)  # the satellite is before it
    joints = rng.uniform(lower, upper, (SAMPLES, len(lower)))
    whole = np.tile(np.array(START), (SAMPLES, 1))
    whole[:, list(spec.chain)] = joints
    offset, mount = np.array(CAMERA_AT) - np.array(spec.tool.offset), camera_rotation()
    poses = [kinematics.pose(row) for row in whole]
    tool, turn = np.stack([p for p, _ in poses]), np.stack([r for _, r in poses])
    at = tool + turn @ offset
    keep = (at[:, 2] > FLOOR_M) & (tool[:, 2] > FLOOR_M) & (at[:, 0] > -0.1)
    return _Samples(joints[keep], at[keep], (turn @ mount)[keep])
