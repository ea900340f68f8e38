"""An inspection on paper: a run folder of looks and reports that are told, by the recorder."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.record import RunSpec, StepRecord
from helmsight.envs.inspection.cell import START
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.task import inspection_task
from helmsight.envs.inspection.telemetry import Spot, vector
from helmsight.hardware.spec import load_spec
from helmsight.tools.recorder import Recorder

SIZE = (480, 360)
LABELS = tuple(site.label for site in SITES)
TASK = inspection_task(load_spec("so101"), tuple(PARTS), 24, None, "")


def colour(label: str) -> tuple[int, int, int]:
    """Return the colour that a site has in the pictures of these runs."""
    at = LABELS.index(label)
    return 40 + 15 * at, 220 - 13 * at, 60 + 90 * (at % 3)


class Story:
    """Writes an inspection down as its world would; `look`, `report`, `blind` and `done` tell it.

    shown: of the picture that is there now, the share of each site by its label. refused: it is
    dark.
    """

    def __init__(self, folder: Path, *, frames: bool = True, **options: Any) -> None:
        self.folder, self.index, self.looks, self.told = folder, 0, 0, 0
        self.touches, self.interventions = 0, 0
        self.shown: dict[str, float] = {}
        self.refused = False
        self._recorder = Recorder(folder, frames=frames, video=False, page=False)
        self._recorder.start(
            RunSpec(
                "helmsight/Inspection-v0",
                "inspector",
                seed=7,
                options={"robot": "so101", "time": "realtime", "cell": None, **options},
                operator={"grounding": "combined+verified"},
                task=TASK.description(),
            )
        )

    def look(self, view: str, *notes: str, taken: bool = True) -> None:
        """Ask for a look; if it is taken, the next picture shows its site and nothing else."""
        self.step({"do": "look", "view": view}, *notes)
        if taken:
            self.looks += 1
            self.shown, self.refused = {view.partition(",")[0]: 0.9}, False

    def sees(self, **shares: float) -> None:
        """Have the picture that is there now show parts of names without spaces."""
        self.shown |= {label: shares[label.partition(":")[0]] for label in LABELS
                       if label.partition(":")[0] in shares}  # fmt: skip

    def report(
        self, part: str, state: str, sure: float = 0.9, view: int | None = None, why: str = "It is."
    ) -> None:
        self.told += 1
        self.step(
            {"do": "report", "part": part, "state": state, "confidence": sure, "view": view,
             "why": why}
        )  # fmt: skip

    def blind(self, *notes: str) -> None:
        """Be shown a dark picture, which is refused."""
        self.refused = True
        self.step({"do": "hold"}, *notes)
        self.refused = False

    def done(self, reason: str = "inspected", **summary: Any) -> Path:
        self.step({"do": "done", "verdict": "all reported"})
        return self.end(reason, **summary)

    def end(self, reason: str, **summary: Any) -> Path:
        """End the run with a summary."""
        self._recorder.finish(reason, {"scenario": "Inspection", "wall_s": 60.0, **summary})
        return self.folder

    def cut(self) -> Path:
        """Leave the run as SIGKILL does, once everything is on disk."""
        self._recorder.flush()
        return self.folder

    def step(self, command: Mapping[str, Any], *notes: str, **changes: Any) -> None:
        said = InspectionCommand.model_validate(dict(command)).model_dump()
        values: dict[str, Any] = {
            "index": self.index, "stamp": 2.0 * self.index, "sense_ms": 1.0,
            "think_ms": 0.0 if self.refused else 100.0, "act_ms": 1500.0, "prompt_hash": "",
            "raw": "", "wanted": None if self.refused else said, "applied": said,
            "repairs": {"stale": 1} if self.refused else {}, "clamped": [], "late": False,
            "relations": self.related(), "lag": 0.0, "notes": list(notes),
            "measures": {
                "met": 2.0 * self.index, "looks": self.looks, "reported": self.told,
                "touches": self.touches, "interventions": self.interventions,
                "way": 0.25 * self.looks, "telemetry": self.telemetry().tolist(),
            },
        }  # fmt: skip
        self._recorder.step(StepRecord(**(values | changes)), self.frame())
        self.index += 1

    def related(self) -> list[str]:
        parts = list(dict.fromkeys(label.partition(":")[0] for label in self.shown))
        return [f"the {a} is left of the {b}" for a, b in pairwise(parts)]

    def telemetry(self) -> NDArray[np.float64]:
        spots = {label: self.spot(label) for label in LABELS}
        joints = list(START)
        joints[0] += 0.05 * self.looks
        return vector(joints, 0.2, self.looks, spots)

    def spot(self, label: str) -> Spot:
        if label not in self.shown:
            return Spot()
        at = LABELS.index(label)
        return Spot(80.0 + 80.0 * (at % 5), 60.0 + 100.0 * (at // 5), 60.0, self.shown[label])

    def frame(self) -> NDArray[np.uint8]:
        picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        if self.refused:
            return picture
        picture[:, :, 1] = 30
        for label in self.shown:
            spot = self.spot(label)
            x, y, half = int(spot.x), int(spot.y), 30
            picture[y - half : y + half, x - half : x + half] = colour(label)
        return picture
