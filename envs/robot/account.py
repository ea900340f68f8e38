"""What is told of a robot besides its picture: where it is, and what became of commands."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from helmsight.contract.record import StepRecord
from helmsight.envs.robot.command import RobotCommand
from helmsight.envs.robot.news import News
from helmsight.envs.robot.task import TOOL_POINT, telemetry
from helmsight.hardware.motion import RobotState
from helmsight.hardware.supervision.reaching import NEAR
from helmsight.hardware.supervisor import Supervisor


class Account:
    """The readings of a run, and what they add up to.

    `way` joins the places at which the robot was looked at, m. `blind` counts refused pictures.
    `past` are the recorded steps of an interrupted run, which count as well.
    """

    def __init__(
        self,
        robot: Supervisor,
        news: News,
        met: float,
        state: RobotState,
        past: Sequence[StepRecord] = (),
    ) -> None:
        self._robot, self._news = robot, news
        self._began = time.monotonic() - met
        self.state, self.way = state, past[-1].measured("way") if past else 0.0
        self.blind = sum("stale" in record.repairs for record in past)
        self._before = int(past[-1].measured("interventions")) if past else 0
        over = past[-1].applied if past and past[-1].ended else {}
        self.done, self.verdict = over.get("do") == "done", str(over.get("verdict") or "")
        self._point = robot.kinematics.pose(state.positions)[0]

    @property
    def met(self) -> float:
        """World time, s."""
        return time.monotonic() - self._began

    def read(self, state: RobotState) -> None:
        """Take a new reading."""
        point = self._robot.kinematics.pose(state.positions)[0]
        self.way += float(np.linalg.norm(point - self._point))
        self.state, self._point = state, point

    def ended(self, *, done: bool, verdict: str | None) -> None:
        """Take a command that was carried out: the last one has a verdict."""
        self.done, self.verdict = done, verdict or ""

    def told(self) -> dict[str, Any]:
        """Return the measures, the outcome and the notes, as a world's `info` holds them."""
        notes = self._news.take()
        return {
            "met": self.met,
            "notes": notes,
            "way": self.way,
            "interventions": self._news.count + self._before,
            "blind": self.blind,
            "done": self.done,
            "about": {"verdict": self.verdict} if self.verdict else {},
        }


class RobotAccount(Account):
    """The same of a robot that is moved as its pilot says."""

    def way_gone(self, kind: type[RobotCommand], before: tuple[float, ...]) -> dict[str, Any]:
        """Return what became of a command that failed, as a command: joints that moved, if any."""
        triples = zip(self._robot.spec.joint, before, self.state.positions, strict=True)
        moved = [at if abs(at - was) > NEAR[joint.kind] else None for joint, was, at in triples]
        null = kind.null().model_dump()
        if any(place is not None for place in moved):
            return null | {"do": "joints", "joints": moved, "duration": None}
        return null

    def told(self) -> dict[str, Any]:
        """Return the same, with joints, tool point and telemetry."""
        spec, state = self._robot.spec, self.state
        return {
            **super().told(),
            **dict(zip(spec.names, state.positions, strict=True)),
            **dict(zip(TOOL_POINT, map(float, self._point), strict=True)),
            "tool_point": [float(x) for x in self._point],
            "telemetry": telemetry(state, self._robot.kinematics).tolist(),
        }
