"""The looks of an inspection as its record has them: what was in which picture, and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from helmsight.contract.ranges import COUNT_OR_NONE
from helmsight.contract.record import StepRecord
from helmsight.envs.inspection.arm import CAMERA_AT, camera_rotation
from helmsight.envs.inspection.shapes import Array
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.telemetry import BEHIND, Spot, joints_of, spots_of, turntable_of
from helmsight.envs.inspection.views import Pose
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.spec import RobotSpec, load_spec

PART_OF = {site.label: site.part for site in SITES}
"""The part of every site, by the site's label."""
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """One picture from one place. number: 0 for the picture before the first look.

    step: of the record whose frame it is; asked_at: of the one that asked for it. usable: the
    picture was fit to act on. eye, ahead: the camera and its line of sight, base frame, m; tool:
    the tool point; None where the robot's description is not at hand.
    """

    number: int
    step: int
    view: str
    asked_at: int | None
    usable: bool
    stamp: float
    sites: Mapping[str, Spot]
    turntable: float
    relations: tuple[str, ...] = ()
    eye: Point | None = None
    ahead: Point | None = None
    tool: Point | None = None

    def best_of(self, part: str) -> str | None:
        """Return the site of a part of which it shows most, None where it shows none."""
        seen = {name: s.share for name, s in self.sites.items() if PART_OF[name] == part}
        best = max(seen, key=lambda name: seen[name], default=None)
        return best if best is not None and seen[best] > 0.0 else None


@dataclass(frozen=True)
class Places:
    """Where camera and tool are for joints of a robot, base frame, m."""

    spec: RobotSpec
    kinematics: Kinematics = field(repr=False)

    def eye(self, joints: Sequence[float]) -> Pose:
        """Return where the wrist camera is."""
        at, rotation = self.kinematics.pose(joints)
        offset = np.array(CAMERA_AT) - np.array(self.spec.tool.offset)
        return Pose(at + rotation @ offset, rotation @ camera_rotation())

    def tool(self, joints: Sequence[float]) -> Point:
        """Return where the tool point is."""
        return _point(self.kinematics.pose(joints)[0])


@lru_cache(maxsize=4)
def places_of(robot: str) -> Places | None:
    """Return where things are of a robot, None where its description cannot be read here."""
    try:
        spec = load_spec(robot)
    except HardwareError:
        return None
    return Places(spec, Kinematics(spec))


def looks_of(records: Sequence[StepRecord], robot: str) -> list[Look]:
    """Return the looks whose pictures are in the record, in their order.

    Of the steps at one look the first one with a usable picture counts.
    """
    first: dict[int, StepRecord] = {}
    for record in records:
        number = looks_at(record)
        if number is None:
            continue
        if number not in first or (not usable(first[number]) and usable(record)):
            first[number] = record
    asked = asked_looks(records)
    return [_look(number, record, asked, robot) for number, record in sorted(first.items())]


def looks_at(record: StepRecord) -> int | None:
    """Return the number of looks taken before a step; None where the step does not tell."""
    number = record.measures.get("looks")
    return int(number) if number is not None and COUNT_OR_NONE.holds(number) else None


def usable(record: StepRecord) -> bool:
    """Return whether the picture of a step was fit to act on."""
    return not record.repairs.get("stale")


def asked_looks(records: Sequence[StepRecord]) -> dict[int, StepRecord]:
    """Return the records that asked for a look that was taken, by the number of the look."""
    asked: dict[int, StepRecord] = {}
    for record, after in pairwise(records):
        before, now = looks_at(record), looks_at(after)
        if before is not None and now is not None and now > before:
            asked[now] = record
    return asked


def telemetry_of(record: StepRecord) -> list[float] | None:
    """Return the telemetry of a step, None where it holds none that could be an inspection's."""
    kept = record.measures.get("telemetry")
    if not isinstance(kept, list | tuple) or len(kept) < BEHIND:
        return None
    if not all(isinstance(value, int | float) for value in kept):
        return None
    return [float(value) for value in kept]


def _look(number: int, record: StepRecord, asked: Mapping[int, StepRecord], robot: str) -> Look:
    telemetry = telemetry_of(record)
    by = asked.get(number)
    look = Look(
        number=number,
        step=record.index,
        view=str(by.applied.get("view") or "") if by is not None else "",
        asked_at=by.index if by is not None else None,
        usable=usable(record),
        stamp=record.stamp,
        sites={k: s for k, s in spots_of(telemetry).items() if s.side > 0.0} if telemetry else {},
        turntable=turntable_of(telemetry) if telemetry else 0.0,
        relations=tuple(record.relations),
    )
    places, joints = places_of(robot), joints_of(telemetry) if telemetry else ()
    if places is None or len(joints) != len(places.spec.names):
        return look
    pose = places.eye(joints)
    eye, ahead = _point(pose.at), _point(-pose.rotation[:, 2])
    return replace(look, eye=eye, ahead=ahead, tool=places.tool(joints))


def _point(at: Array) -> Point:
    x, y, z = (float(value) for value in at)
    return x, y, z
