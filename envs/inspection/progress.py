"""How far an inspection is: the looks made, and the parts reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmsight.contract.record import StepRecord
from helmsight.envs.inspection.looks import LOOKS, Look
from helmsight.envs.inspection.survey import Survey
from helmsight.envs.inspection.telemetry import joints_of, turntable_of


class Progress:
    """Counts looks and keeps the last report of every part. parts: those asked for."""

    def __init__(self, parts: Sequence[str]) -> None:
        self._parts, self.looks = tuple(parts), 0
        self.states: dict[str, str] = {}

    @classmethod
    def after(cls, parts: Sequence[str], past: Sequence[StepRecord]) -> Progress:
        """Return the progress of a run that was interrupted after some recorded steps."""
        progress = cls(parts)
        for record in past:
            progress.take(record.applied)
        return progress

    def take(self, applied: Mapping[str, Any]) -> None:
        """Take a command that was carried out."""
        if applied["do"] == "look":
            self.looks += 1
        elif applied["do"] == "report":
            self.states[applied["part"]] = applied["state"]

    @property
    def reported(self) -> int:
        """How many of the parts asked for are reported."""
        return sum(part in self.states for part in self._parts)

    @property
    def complete(self) -> bool:
        """Whether all are."""
        return self.reported == len(self._parts)


def stood(survey: Survey, past: Sequence[StepRecord]) -> tuple[tuple[float, ...], float] | None:
    """Return the arm's joints and the turntable's angle after recorded steps, rad.

    The record has them before its last command; a look is planned once more, from there. None
    where nothing tells.
    """
    if not past or "telemetry" not in past[-1].measures:
        return None
    telemetry, applied = past[-1].measures["telemetry"], past[-1].applied
    joints, turntable = joints_of(telemetry), turntable_of(telemetry)
    if applied["do"] == "look":
        visit = survey.visit(_look(applied), joints, turntable)
        if visit is not None:
            return visit.view.joints, visit.turntable
    return joints, turntable


def _look(applied: Mapping[str, Any]) -> Look:
    return LOOKS[applied["view"]]
