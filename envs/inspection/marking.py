"""What an inspection came to where the truth is known: in an emulated cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmsight.contract.record import StepRecord
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.plant import Plant
from helmsight.envs.inspection.sites import SITES, Sight
from helmsight.envs.inspection.states import ABSENT, NOT_SEEN, SOUND, UNSURE
from helmsight.envs.inspection.survey import Survey
from helmsight.envs.inspection.telemetry import joints_of, turntable_of
from helmsight.envs.inspection.viewpoints import ENOUGH
from helmsight.envs.inspection.views import PartTruth

STALE = "stale"  # a step at which there was no picture
NO_CLAIM = frozenset({SOUND, NOT_SEEN, UNSURE})


class Marking:
    """Marks coverage and reports. parts: those asked for.

    No pilot is told anything of it: it goes into the outcome of a run.
    """

    def __init__(self, plant: Plant, survey: Survey, parts: Sequence[str]) -> None:
        self._plant, self._survey, self._parts = plant, survey, tuple(parts)
        self._cell = Cell(plant.plan, plant.spec, built=plant.built)
        self._sight = Sight(self._cell)
        self._seen: set[str] = set()
        self._before = 0
        self.truth = {truth.name: state_of(truth) for truth in self._cell.truth}

    def recorded(self, past: Sequence[StepRecord]) -> None:
        """Take what recorded steps saw and touched."""
        for record in past:
            telemetry = record.measures.get("telemetry")
            if telemetry is not None and STALE not in record.repairs:
                self._look(joints_of(telemetry), turntable_of(telemetry))
        self._before = int(past[-1].measured("touches")) if past else 0

    def look(self) -> None:
        """Take the present picture: what of the satellite is in it."""
        joints = tuple(self._plant.position(i) for i in range(len(self._plant.spec.joint)))
        self._look(joints, self._plant.turntable)

    def _look(self, joints: Sequence[float], turntable: float) -> None:
        self._cell.place(joints, turntable)
        pose = self._survey.views.pose(joints)
        for site in SITES:
            if site.label not in self._seen and self._sight.share(site, pose) >= ENOUGH:
                self._seen.add(site.label)

    @property
    def touches(self) -> int:
        """How often the arm touched the satellite."""
        return self._before + sum(touch.what == "satellite" for touch in self._plant.touches)

    @property
    def coverage(self) -> float:
        """The share of parts all of whose sites were seen, of those that can be seen at all."""
        sites = {part: [s for s in SITES if s.part == part] for part in self._parts}
        seen = {p: all(s.label in self._seen for s in sites[p]) for p in self._parts}
        possible = [
            part
            for part in self._parts
            if seen[part] or all(self._survey.reachable(site) for site in sites[part])
        ]
        return sum(seen[part] for part in possible) / len(possible) if possible else 1.0

    def marks(self, states: Mapping[str, str]) -> dict[str, Any]:
        """Return the marks for reports, by the names of the outcome's terms."""
        touches = self.touches
        truth = {part: self.truth[part] for part in self._parts}
        right = sum(states.get(part) == state for part, state in truth.items())
        f1 = micro_f1(truth, states)
        quiet = f1 == 1.0 and all(state == SOUND for state in truth.values())
        score = right / len(truth) if quiet else f1
        return {
            "touches": touches,
            "coverage": self.coverage,
            "states_right": right / len(truth),
            "f1": f1,
            "score": 0.0 if touches else score,
        }


def state_of(truth: PartTruth) -> str:
    """Return the state in which a part is rightly reported."""
    if not truth.present:
        return ABSENT
    return SOUND if truth.state == SOUND else truth.defect


def micro_f1(truth: Mapping[str, str], states: Mapping[str, str]) -> float:
    """Return F1 of what is wrong, over all parts: a hit is a part with the right kind of it.

    A part that is not there counts as something wrong with it. 1 where nothing is wrong and
    nothing was said to be.
    """
    wrong = {part: state for part, state in truth.items() if state != SOUND}
    claimed = {p: s for p, s in states.items() if p in truth and s not in NO_CLAIM}
    hits = sum(wrong.get(part) == state for part, state in claimed.items())
    return 2.0 * hits / (len(wrong) + len(claimed)) if wrong or claimed else 1.0
