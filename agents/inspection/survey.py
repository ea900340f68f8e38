"""What any inspector does: follows what was done, sees, goes on to a view, reports, and ends."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.inspection.itinerary import ASIDE, CLOSER, USUAL, Itinerary
from helmsight.contract.calls import Call
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.crops import SMALLEST, Square
from helmsight.envs.inspection.looks import NO_MORE, NO_POSE
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.telemetry import looks_of, spots_of

Pixels = NDArray[np.uint8]
ASKED, COVERED = 0.6, 0.7  # shares of a site from which a crop is judged, and counts as a good one
NEAR_PX = 90.0  # side of a square in which a small defect shows well
CLEAR_PX = 50.0  # side below which a site is looked at again
DARK, FLAT = 6.0, 3.0  # mean and standard deviation of grey below which nothing is to be seen
TWICE = 2  # times that something is asked for that is not done


@dataclass(frozen=True)
class Place:
    """A site in a frame: the square where it should be, and the share of it that should be seen."""

    site: str
    part: str
    square: Square
    share: float

    @property
    def near(self) -> float:
        """How many of the pixels there are that a small defect needs, 1 for enough."""
        return min(1.0, self.square.side / NEAR_PX)

    @property
    def good(self) -> bool:
        """Whether it is seen well enough not to be looked for any more."""
        return self.share >= COVERED and self.square.side >= CLEAR_PX


@dataclass(frozen=True)
class Finding:
    """What is reported of a part. view: number of the look that shows it best, None for none."""

    state: str
    confidence: float
    view: int | None
    why: str


class Survey(ABC):
    """A pilot of the inspection.

    What it did is read from the history that it is shown, not remembered: a person may have
    changed a command, a look may have been refused, and after a resume others were at the controls.
    """

    needs: ObservationMode = "frame+telemetry"
    command = InspectionCommand
    remembers = True
    name = ""

    def reset(self, task: Task, seed: int) -> None:
        """Forget the last inspection; read what is asked for out of the task's facts.

        These are `parts`, `budget_views`, `tour` (an order of sites) and `cell` (see `cell_of`).
        """
        self.task = task
        self.parts: tuple[str, ...] = tuple(task.facts["parts"])
        budget = task.facts.get("budget_views")
        tour = task.facts.get("tour") or [site.label for site in SITES]
        sites = [label for label in tour if part_of(label) in self.parts]
        self.itinerary = Itinerary(sites, 10**6 if budget is None else budget)
        self.covered: set[str] = set()
        self._looks, self._reported, self._refused = 0, set[str](), Counter[str]()
        self._last: InspectionCommand | None = None
        self.begin()

    def decide(self, sighting: Sighting) -> Decision:
        """Take in what the frame shows, and answer the next look, report, or the end."""
        frame, telemetry = (sighting.observation[key] for key in ("frame", "telemetry"))
        looks, digest = looks_of(telemetry), hashlib.sha256(telemetry.tobytes())
        view = self._follow(sighting.history, looks, sighting.notes)
        repairs: Counter[str] = Counter()
        raw: dict[str, Any] = {"look": looks}
        if looks > self._looks:
            self._looks = looks
            if visible(frame):
                places = self.places(telemetry)
                raw["seen"], repairs = self.see(frame, telemetry, looks, places, digest)
            else:
                raw["seen"] = "nothing: the frame is dark or empty"
                if view:
                    self.itinerary.dark(view)
        raw["spent"] = dict(self.costs())
        self._last = command = self._next()
        return Decision(command, json.dumps(raw), repairs, digest.hexdigest(), self.taken())

    def taken(self) -> tuple[Call, ...]:
        """Return the requests to a model since this was last called."""
        return ()

    # -- for who inspects ---------------------------------------------------------------------

    @abstractmethod
    def begin(self) -> None:
        """Prepare for an inspection."""

    @abstractmethod
    def see(
        self, frame: Pixels, telemetry: NDArray[np.float64], look: int, places: Sequence[Place],
        digest: Any,
    ) -> tuple[Any, Counter[str]]:  # fmt: skip
        """Judge the places of a new frame; return what was made of them, and the repairs."""

    @abstractmethod
    def wanted(self) -> str | None:
        """Return the view to go to next, None where enough was seen."""

    @abstractmethod
    def finding(self, part: str) -> Finding:
        """Return what is to be reported of a part."""

    def verdict(self, told: Mapping[str, str]) -> str:
        """Return the summary: what is wrong, what is not known. told: the state by part."""
        bad = [f"{part}: {state}" for part, state in told.items() if state != "sound"]
        well = len(told) - len(bad)
        return f"{well} of {len(told)} parts sound" + (f"; {'; '.join(bad)}" if bad else "")

    def costs(self) -> Mapping[str, Any]:
        """Return what looking cost so far."""
        return {}

    # -- the same for all ---------------------------------------------------------------------

    def places(self, telemetry: NDArray[np.float64]) -> list[Place]:
        """Return the sites asked for of which the frame should show enough to be judged."""
        spots, found = spots_of(telemetry), []
        for site in SITES:
            spot = spots[site.label]
            if site.part in self.parts and spot.share >= ASKED and spot.side >= SMALLEST:
                square = Square(spot.x, spot.y, spot.side)
                found.append(Place(site.label, site.part, square, spot.share))
        return found

    def uncovered(self) -> str | None:
        """Return the first view of a site that was not seen well, and was not tried yet.

        Parts that lack little come first, so that a small budget sees whole parts.
        """
        left = [site for site in self.itinerary.sites if site not in self.covered]
        lacking = Counter(part_of(site) for site in left)
        left.sort(key=lambda site: lacking[part_of(site)])
        views = (self.itinerary.untried(site, (USUAL, ASIDE, CLOSER)) for site in left)
        return next((view for view in views if view), None) or self.itinerary.again(left)

    def _follow(self, history: Sequence[Any], looks: int, notes: Sequence[str]) -> str:
        """Take note of what was done since the last decision; return the view of a new look.

        One that was asked for and not made, for a fault of the arm, say, is asked for once more.
        """
        past = [each for each in (*history, *(() if history else (self._last,))) if each]
        done, went = (past or [None])[-1], [each for each in past if each.do == "look"]
        if done is not None and done.do == "report":
            self._reported.add(done.part)
        if went and (looks > self._looks or done is went[-1]):
            view = str(went[-1].view)
            self.itinerary.went(view)
            in_vain = any(words in note for words in (NO_POSE, NO_MORE) for note in notes)
            if looks <= self._looks and not in_vain:
                self.itinerary.failed(view)
            return view
        if self._last is not None and self._last != done:
            self._missed(self._last)
        return ""

    def _missed(self, wanted: InspectionCommand) -> None:
        """Take note that something else was done than was wanted: once it is asked for again."""
        self._refused[wanted.text()] += 1
        if self._refused[wanted.text()] >= TWICE:
            if wanted.do == "look":
                self.itinerary.went(str(wanted.view))
            elif wanted.do == "report":
                self._reported.add(str(wanted.part))

    def _next(self) -> InspectionCommand:
        looking = self._looks < self.itinerary.budget and not self._reported
        if looking and (view := self.wanted()) is not None:
            return InspectionCommand(do="look", view=view)
        part = next((part for part in self.parts if part not in self._reported), None)
        if part is None:
            told = {part: self.finding(part).state for part in self.parts}
            return InspectionCommand(do="done", verdict=self.verdict(told))
        found = self.finding(part)
        return InspectionCommand(
            do="report", part=part, state=found.state, confidence=round(found.confidence, 4),
            view=found.view, why=found.why,
        )  # fmt: skip


def cell_of(task: Task, seed: int) -> int:
    """Return the seed of the cell whose drawing a task goes by: the episode's, unless it says."""
    cell = task.facts.get("cell")
    return seed if cell is None else int(cell)


def part_of(label: str) -> str:
    """Return the part that a site is of, by its label."""
    return label.partition(":")[0]


def visible(frame: Pixels) -> bool:
    """Return whether anything is to be seen in a frame (H, W, 3)."""
    grey = frame[::4, ::4].mean(axis=2)
    return bool(grey.mean() >= DARK and grey.std() >= FLAT)
