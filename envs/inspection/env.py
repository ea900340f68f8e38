"""The inspection of a satellite by an arm with a wrist camera, as a gymnasium environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.observation import Observation, observation_mode
from helmsight.contract.record import StepRecord
from helmsight.envs.inspection import rig as rigs
from helmsight.envs.inspection.cell import START, fitting
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.marking import Marking
from helmsight.envs.inspection.options import SIZE, checked
from helmsight.envs.inspection.outlook import Outlook
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.progress import Progress, stood
from helmsight.envs.inspection.rig import Rig
from helmsight.envs.inspection.survey import Survey
from helmsight.envs.inspection.task import inspection_task
from helmsight.envs.inspection.telemetry import vector
from helmsight.envs.inspection.visiting import Visiting
from helmsight.envs.robot.account import Account
from helmsight.envs.robot.ending import Ending
from helmsight.envs.robot.eyes import Blindfold
from helmsight.envs.robot.news import News
from helmsight.envs.robot.options import check_well
from helmsight.envs.robot.world import RobotWorld
from helmsight.hardware.cameras import Camera
from helmsight.hardware.errors import HardwareError
from helmsight.hardware.supervisor import supervised

TRIES = 3  # cells that are built where a busy machine keeps one from answering in time


class InspectionEnv(RobotWorld[InspectionCommand]):
    """An arm with a wrist camera before a satellite on a turntable. A real one MOVES.

    Observations hold "frame", a fresh picture, and/or "telemetry" (see `inspection.telemetry`).
    A look is planned in the drawing of the cell, its plan with nothing wrong, and driven through
    supervisors; see RobotWorld for what is told of it. A look that cannot be made moves nothing,
    does not count, and is told in `info["notes"]`. `done` folds the arm.

    Args:
        cell: seed of the emulated cell, None for that of `reset`. With `port`: of the drawing.
        robot: a description with the joints of an SO-101.
        port, turntable_port, camera: of a cell that is there; without, all of it is emulated
            behind ports of its own. Without `turntable_port` the turntable stands as drawn.
        parts: what is asked for; none named: all.
        budget_views, budget_seconds: after so many looks, or seconds, no look is made any more.
        faults: of the emulated arm's line, as `drop=0.01,flip=0.005`.
        stress: what is made harder in the emulated cell, see `inspection.stress`.
        limits: tighter ones than the description's, as of `Supervisor`.
        size: (width, height) of the frame.
        observation: "frame", "telemetry" or "frame+telemetry". time: "realtime" only.
        settle_s: how long the arm may be waited for to come to rest before a picture.
        patience_s: after so long without a usable picture the run ends.
        render_mode: None or "rgb_array".

    The reward is 0; the outcome has the marks, where the truth is known.
    """

    _survey: Survey
    _outlook: Outlook
    _progress: Progress
    _visiting: Visiting
    _turntable: float
    _telemetry: NDArray[np.float64]
    _tour: tuple[str, ...]
    _slips: tuple[str, float] | None

    def __init__(
        self,
        cell: int | None = None,
        robot: str = "so101",
        port: str = "",
        turntable_port: str = "",
        camera: str | Camera = "",
        parts: Sequence[str] = (),
        budget_views: int = 24,
        budget_seconds: float | None = None,
        faults: str = "",
        stress: str = "",
        limits: Mapping[str, Any] | None = None,
        size: tuple[int, int] = SIZE,
        observation: str = "frame+telemetry",
        time: str = "realtime",
        settle_s: float = 0.6,
        patience_s: float = 30.0,
        render_mode: str | None = None,
    ) -> None:
        self.observation_mode = observation_mode(observation)
        self.clock = Clock(TimeRule.parse(time))
        self.options = checked(
            cell, robot, port, turntable_port, camera, parts, budget_views, budget_seconds, faults,
            size, self.observation_mode, self.clock.rule, settle_s, patience_s, limits, stress,
        )  # fmt: skip
        super().__init__(self.options.size, settle_s, render_mode)
        spec = supervised(fitting(robot), port or "emulated", limits=limits).spec
        moves = f"{spec.name} at {port}" + f" and the turntable at {turntable_port}" * bool(
            turntable_port
        )
        consent = "" if self.options.own else f"{moves} will move"
        self.task = inspection_task(spec, self.options.parts, budget_views, budget_seconds, consent)
        self._kind, self.action_space = InspectionCommand, InspectionCommand.space()
        width, height = self.options.size
        shown: dict[str, spaces.Space[Any]] = {
            "frame": spaces.Box(0, 255, (height, width, 3), np.uint8),
            "telemetry": spaces.Box(-np.inf, np.inf, (len(self.task.fields),), np.float64),
        }
        self.observation_space = spaces.Dict(
            {key: shown[key] for key in self.observation_mode.split("+")}
        )
        self.news, self.eyes = News(), Blindfold()
        self._ending = Ending((), self.news)
        self._rig: Rig | None = None if self.options.own else self._taken(rigs.there(self.options))
        self._marking: Marking | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Open arm, turntable and camera, and look. Nothing moves.

        An emulated cell is built anew, up to `TRIES` times where it does not answer. options:
        {"met": seconds, "past": recorded steps} has an interrupted run go on from there: what was
        looked at and reported counts, and an emulated cell stands as those steps left it.

        Raises:
            RecordUnusable: a recorded step holds no command of an inspection.
            RobotStopped: somebody stopped a robot that is there; `env.robot.reset()` lets it move.
            HardwareError: what is not there, not set up, or in alarm.
        """
        super().reset(seed=seed)
        given = options or {}
        past: Sequence[StepRecord] = given.get("past", ())
        for record in past:
            record.took_effect(self._kind)
        plan = CellPlan.draw(self._seed(seed))
        self._survey = Survey(plan, self.options.robot, turns=self.options.turns)
        if not self.options.own:
            self._ending.begin()
        self._slips = self.options.stress.slips(plan.seed)
        failed: list[str] = []
        while True:
            try:
                return self._begun(plan, float(given.get("met", 0.0)), past, failed)
            except BaseException as error:
                if not self.options.own:
                    raise
                with suppress(HardwareError):  # nobody knows of it yet
                    self._let_go()
                if len(failed) + 1 == TRIES or not isinstance(error, HardwareError):
                    raise
                failed.append(f"the emulated cell was built again: {error}")

    def check_ready(self) -> None:
        """Raise CameraUnavailable where the emulated cell cannot be drawn on this machine."""
        if self.options.own:
            rigs.check_drawing()

    def close(self) -> None:
        """Hold, end as the descriptions say, let go of robots, camera and cell. Idempotent.

        Raises:
            StopUnconfirmed: a stop of this run was not confirmed: cut the power.
        """
        self._running = False
        self._let_go()

    # -- beginning ----------------------------------------------------------------------------

    def _seed(self, seed: int | None) -> int:
        """Return the seed of the cell; without any, one is drawn."""
        for known in (self.options.cell, seed):
            if known is not None:
                return known
        return int(self.np_random.integers(2**31))

    def _begun(
        self, plan: CellPlan, met: float, past: Sequence[StepRecord], failed: Sequence[str]
    ) -> tuple[Observation, dict[str, Any]]:
        """Open all, and return what is seen first.

        failed: why the emulated cells before this one did not begin.
        """
        if self.options.own:
            self._emulate(plan, past)
        rig = self._opened
        rig.drawn = plan.turntable
        rig.open()
        self._begin(rig, met, past)
        for text in failed:
            self.news.say(text)
        return self._first()

    def _emulate(self, plan: CellPlan, past: Sequence[StepRecord]) -> None:
        """Build the cell of a plan, standing as recorded steps left it."""
        self._let_go()
        joints, turntable = stood(self._survey, past) or (START, plan.turntable)
        made = rigs.emulated(self.options, self.options.stress.applied(plan), joints, turntable)
        self._rig = self._taken(made)

    def _taken(self, rig: Rig) -> Rig:
        """Have what stops, looks and tells be that of a rig."""
        self.robot, self.eyes, self.news = rig.arm, rig.eyes, rig.news
        self._ending, self._travel = rig.ending, rig.travel
        return rig

    def _begin(self, rig: Rig, met: float, past: Sequence[StepRecord]) -> None:
        """Take the first readings, and what recorded steps came to."""
        state = self._travel.settle(self._settle_s)
        check_well(state, self.robot.spec.name)
        rig.clear()
        self._turntable = rig.turntable()
        self._account = Account(self.robot, self.news, met, state, past)
        self._progress = Progress.after(self.options.parts, past)
        self._outlook = Outlook(self._survey, self.options.size, self.options.parts)
        self._tour = self._survey.tour(self.options.parts, self._turntable)
        cell = self._survey.cell.plan.seed  # whose drawing the pilot may know, too
        facts = {**self.task.facts, "tour": self._tour, "cell": cell}
        outlook = self._outlook
        self.task = replace(self.task, facts=facts, known=outlook.known, in_view=outlook.in_view)
        self._visiting = Visiting(self._survey, rig, self.options, self._account, self._progress)
        self._marking = None
        if rig.cell is not None:
            self._marking = Marking(rig.cell.plant, self._survey, self.options.parts)
            self._marking.recorded(past)

    @property
    def _opened(self) -> Rig:
        assert self._rig is not None
        return self._rig

    def _let_go(self) -> None:
        rig = self._rig
        if rig is None:
            return
        if self.options.own:
            self._rig = None
        rig.close()

    # -- commands -----------------------------------------------------------------------------

    def _command(self, action: dict[str, Any]) -> InspectionCommand:
        return InspectionCommand.from_action(action)

    def _carry_out(self, command: InspectionCommand) -> dict[str, Any]:
        if command.do == "look":
            self._slip()
        done = self._visiting.carry_out(command)
        applied = (command if done else self._kind.null()).model_dump()
        self._progress.take(applied)
        self._account.ended(done=command.do == "done", verdict=command.verdict)
        return applied

    def _instead(self, before: tuple[float, ...]) -> dict[str, Any]:
        return self._kind.null().model_dump()

    def _slip(self) -> None:
        """Let a joint slip half way, once, where that is the trial."""
        half = min(self.options.budget_views, len(self._tour)) // 2
        if self._slips is not None and self._progress.looks >= half:
            self._opened.slip(*self._slips)
            self._slips = None

    # -- what is seen and told ----------------------------------------------------------------

    def _look(self) -> None:
        """Read turntable and arm, and take a picture that is newer than the readings."""
        self._turntable = self._opened.turntable()
        super()._look()
        if self._marking is not None and not self._glance.refused:
            self._marking.look()

    def _shown(self) -> NDArray[np.float64]:
        joints = self._account.state.positions
        spots = self._outlook.spots(joints, self._turntable)
        self._telemetry = vector(joints, self._turntable, self._progress.looks, spots)
        return self._telemetry

    def _told(self) -> dict[str, Any]:
        told, table = super()._told(), self._opened.table_news
        told["notes"] = (*told["notes"], *table.take())
        told["interventions"] += table.count
        marks = {} if self._marking is None else self._marking.marks(self._progress.states)
        return {
            **told,
            "telemetry": self._telemetry.tolist(),
            "looks": self._progress.looks,
            "reported": self._progress.reported,
            "inspected": self._account.done and self._progress.complete,
            **marks,
        }
