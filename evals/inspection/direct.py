"""The inspection without time: joints are put where a look has them, and a picture is drawn.

No dynamics, serial line, supervisor or camera class, and so no contacts: for quick development of
pilots. What holds of an inspection is measured in `helmsight/Inspection-v0`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.observation import Observation
from helmsight.envs.inspection.camera import CellSource
from helmsight.envs.inspection.cell import START
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.looks import LOOKS
from helmsight.envs.inspection.marking import Marking
from helmsight.envs.inspection.options import SIZE, checked_parts
from helmsight.envs.inspection.outlook import Outlook
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.plant import Plant
from helmsight.envs.inspection.progress import Progress
from helmsight.envs.inspection.stress import Stress
from helmsight.envs.inspection.survey import Survey
from helmsight.envs.inspection.task import inspection_task
from helmsight.envs.inspection.telemetry import vector
from helmsight.hardware.gl import mujoco
from helmsight.hardware.spec import load_spec

ROBOT = "so101"
FPS = 1000.0  # nobody waits for a picture


class StillPlant(Plant):
    """A cell in which nothing moves but by being put somewhere."""

    def put(self, joints: Sequence[float], turntable: float) -> None:
        """Put the arm and the turntable there, rad."""
        self._data.qpos[self.built.arm] = joints
        self._data.qpos[self.built.turntable] = turntable
        mujoco.mj_forward(self.built.model, self._data)


class DirectInspection(gym.Env[dict[str, Any], dict[str, Any]]):
    """The world of an inspection with the same commands and observations, at once.

    parts, budget_views, stress: as of `InspectionEnv`; of stress only what changes pictures.
    """

    observation_mode = "frame+telemetry"

    def __init__(self, parts: Sequence[str] = (), budget_views: int = 24, stress: str = "") -> None:
        self.clock = Clock(TimeRule.parse("realtime"))
        self.parts, self._budget = checked_parts(parts), budget_views
        self._stress, self._spec = Stress.parse(stress), load_spec(ROBOT)
        self.task = inspection_task(self._spec, self.parts, budget_views, None, "")
        self.action_space = InspectionCommand.space()
        self.observation_space = spaces.Dict(
            {
                "frame": spaces.Box(0, 255, (SIZE[1], SIZE[0], 3), np.uint8),
                "telemetry": spaces.Box(-np.inf, np.inf, (len(self.task.fields),), np.float64),
            }
        )
        self._source: CellSource | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Build the cell of a seed and look."""
        super().reset(seed=seed)
        self.close()
        plan = CellPlan.draw(0 if seed is None else seed)
        self._survey = Survey(plan)
        self._plant = StillPlant(self._stress.applied(plan))
        self._source = CellSource(self._plant, size=SIZE, fps=FPS, blur_px=self._stress.blur_px)
        self._source.open()
        self._outlook = Outlook(self._survey, SIZE, self.parts)
        self.task = replace(self.task, known=self._outlook.known)
        self._marking = Marking(self._plant, self._survey, self.parts)
        self._progress = Progress(self.parts)
        self._joints: tuple[float, ...] = START
        self._turntable = plan.turntable
        self._began, self._done = time.monotonic(), False
        return self._seen(0.0, InspectionCommand.null().model_dump(), ())

    def step(self, action: dict[str, Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Carry out a command and look again."""
        command, lag, notes = InspectionCommand.from_action(action), self.clock.lag(), []
        if command.do == "look" and (problem := self._look(str(command.view))):
            notes.append(problem)
            command = InspectionCommand.null()
        self._done = command.do == "done"
        applied = command.model_dump()
        self._progress.take(applied)
        observation, info = self._seen(lag, applied, notes)
        return observation, 0.0, self._done, False, info

    def close(self) -> None:
        """Let go of what draws. Idempotent."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _look(self, view: str) -> str:
        """Put the camera where a view is seen from; return why not, "" when it is there."""
        if self._progress.looks >= self._budget:
            return f'all {self._budget} looks are used up: no look at "{view}"'
        visit = self._survey.visit(LOOKS[view], self._joints, self._turntable)
        if visit is None:
            return f'no pose in reach shows "{view}" with a clear way there; nothing moved'
        self._joints, self._turntable = visit.view.joints, visit.turntable
        return ""

    def _seen(
        self, lag: float, applied: dict[str, Any], notes: Sequence[str]
    ) -> tuple[Observation, dict[str, Any]]:
        assert self._source is not None
        self._plant.put(self._joints, self._turntable)
        taken = self._source.read()
        assert taken is not None
        self._marking.look()
        spots = self._outlook.spots(self._joints, self._turntable)
        telemetry = vector(self._joints, self._turntable, self._progress.looks, spots)
        marks = self._marking.marks(self._progress.states)
        info = {
            "met": time.monotonic() - self._began,
            "lag": lag,
            "applied": applied,
            "notes": list(notes),
            "telemetry": telemetry.tolist(),
            "looks": self._progress.looks,
            "reported": self._progress.reported,
            "inspected": self._done and self._progress.complete,
            "interventions": 0,
            "way": 0.0,
            **{name: value for name, value in marks.items() if name != "touches"},
        }
        self.clock.observed()
        return {"frame": taken[0], "telemetry": telemetry}, info
