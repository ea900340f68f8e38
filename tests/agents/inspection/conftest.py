"""A satellite on paper: every view shows what a table says, and eyes know the truth, or err."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from helmsight.agents.inspection.belief import Belief
from helmsight.agents.inspection.eyes import Asked, Fits, Spent
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.contract.task import Task
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.looks import LOOKS, NO_POSE
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.states import ABSENT, NOT_SEEN, SOUND
from helmsight.envs.inspection.task import inspection_task
from helmsight.envs.inspection.telemetry import Spot, vector
from helmsight.hardware.spec import load_spec

DARK = np.zeros((36, 48, 3), np.uint8)
LIT = np.random.default_rng(0).integers(40, 200, DARK.shape).astype(np.uint8)


class TruthfulEyes:
    """Knows the truth and errs in a share of the crops. asked: all that it was asked."""

    reads = False

    def __init__(
        self,
        truth: Mapping[str, str],
        wrong: float = 0.0,
        sizes: tuple[int, int] = (64, 64),
        sure: float = 0.9,
    ) -> None:
        self.truth, self.wrong, self.sizes, self.sure = truth, wrong, sizes, sure
        self.asked: list[tuple[Asked, int]] = []
        self.rng = np.random.default_rng(1)

    def look(
        self, frame: Any, crops: Sequence[Asked], size: int, spent: Spent, digest: Any
    ) -> list[Fits | None]:
        with spent.pass_over(len(crops)):
            self.asked += [(crop, size) for crop in crops]
            return [self.fits(crop, size) for crop in crops]

    def fits(self, crop: Asked, size: int) -> Fits:
        state = self.truth.get(crop.site, self.truth.get(crop.part, SOUND))
        state = NOT_SEEN if state == ABSENT else state
        if self.rng.random() < self.wrong:
            state = str(self.rng.choice(crop.states))
        sure = self.sure if size == self.sizes[1] else 0.55
        rest = (1.0 - sure) / (len(crop.states) - 1)
        return {each: sure if each == state else rest for each in crop.states}


class Paper:
    """A world that follows the loop's rules.

    unreachable: views that cannot be gone to. failing: views whose first look the arm does not
    make. dark: looks, by number, whose frame is dark.
    beside: what else a view shows, by its site. refusing: kinds of commands that are not done.
    """

    def __init__(
        self,
        parts: Sequence[str] = tuple(PARTS),
        budget: int = 24,
        *,
        unreachable: Sequence[str] = (),
        failing: Sequence[str] = (),
        dark: Sequence[int] = (),
        beside: Mapping[str, Sequence[str]] | None = None,
        refusing: Sequence[str] = (),
    ) -> None:
        task = inspection_task(load_spec("so101"), parts, budget, None, "")
        self.task: Task = replace(task, facts={**task.facts, "cell": 7})
        self.unreachable, self.dark, self.refusing = unreachable, dark, refusing
        self.beside, self.failing = beside or {}, list(failing)
        self.notes: tuple[str, ...] = ()
        self.done: list[InspectionCommand] = []
        self.raw: list[str] = []
        self.shown: list[Sighting] = []
        self.looks = 0
        self.at = ""

    def run(self, pilot: Pilot, most: int = 200) -> Paper:
        """Have a pilot inspect until it says done."""
        pilot.reset(self.task, 7)
        while not (self.done and self.done[-1].do == "done"):
            assert len(self.done) < most, "it hangs"
            self.step(pilot)
        return self

    def step(self, pilot: Pilot) -> None:
        self.shown.append(self.sighting())
        decision = pilot.decide(self.shown[-1])
        assert isinstance(decision.command, InspectionCommand)
        self.raw.append(decision.raw)
        command = decision.command
        if command.do in self.refusing:
            command = InspectionCommand.null()
        self.notes = ()
        if command.view in self.failing:
            self.failing.remove(str(command.view))
            self.notes = ("the arm did not get there in 30 s",)
        elif command.view in self.unreachable:
            self.notes = (f'{NO_POSE} "{command.view}" with a clear way there; nothing moved',)
        elif command.do == "look":
            assert self.looks < self.task.facts["budget_views"], "a look beyond the budget"
            self.looks, self.at = self.looks + 1, str(command.view)
        self.done.append(command)

    def sighting(self) -> Sighting:
        shown = {site.label: Spot() for site in SITES}
        if self.at:
            site = LOOKS[self.at].site.label
            for label in (site, *self.beside.get(site, ())):
                shown[label] = Spot(24.0, 18.0, 100.0, 0.9)
        frame = DARK if self.looks in self.dark else LIT
        observation: dict[str, Any] = {
            "frame": frame,
            "telemetry": vector((0.0,) * 6, 0.0, self.looks, shown),
        }
        past = tuple(self.done[-4:])
        return Sighting(observation, float(len(self.done)), history=past, notes=self.notes)

    @property
    def views(self) -> list[str]:
        return [str(command.view) for command in self.done if command.do == "look"]

    @property
    def reports(self) -> dict[str, InspectionCommand]:
        return {str(c.part): c for c in self.done if c.do == "report"}

    @property
    def states(self) -> dict[str, str]:
        return {part: str(report.state) for part, report in self.reports.items()}


@pytest.fixture
def paper() -> type[Paper]:
    return Paper


@pytest.fixture
def truthful() -> type[TruthfulEyes]:
    return TruthfulEyes


@pytest.fixture
def belief() -> Any:
    def of(part: str) -> Belief:
        return Belief(part, [site.label for site in SITES if site.part == part])

    return of
