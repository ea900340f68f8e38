"""Commands of an inspection carried out: looks are planned and driven, the arm is folded."""

from __future__ import annotations

from collections.abc import Sequence

from helmsight.envs.inspection.clearance import Joints
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.looks import LOOKS, NO_MORE, NO_POSE
from helmsight.envs.inspection.options import Options
from helmsight.envs.inspection.progress import Progress
from helmsight.envs.inspection.rig import Rig
from helmsight.envs.inspection.survey import Survey, Visit
from helmsight.envs.robot.account import Account
from helmsight.hardware.errors import HardwareError, RobotStopped


class Visiting:
    """Carries commands out, one at a time, in the loop's own thread."""

    def __init__(
        self, survey: Survey, rig: Rig, options: Options, account: Account, progress: Progress
    ) -> None:
        self._survey, self._rig, self._options = survey, rig, options
        self._account, self._progress = account, progress
        self._moved = False

    def carry_out(self, command: InspectionCommand) -> bool:
        """Do what a command says; return whether it was done. If not, nothing moved.

        Raises:
            HardwareError: what kept it from being done; the supervisors have held or stopped.
        """
        if command.do == "look":
            return self._look(str(command.view))
        self._check_free()
        if command.do == "done":
            self._fold()
        else:
            self._rig.arm.hold()
        return True

    def _look(self, view: str) -> bool:
        spent = self._spent()
        if spent:
            self._say(f'{spent}: no look at "{view}"; {NO_MORE}')
            return False
        visit = self._survey.visit(LOOKS[view], self._rig.travel.here(), self._rig.turntable())
        if visit is None:
            self._say(f'{NO_POSE} "{view}" with a clear way there; nothing moved')
            return False
        self._drive(visit)
        return True

    def _spent(self) -> str:
        """Return which budget is used up, "" for none."""
        views, seconds = self._options.budget_views, self._options.budget_seconds
        if self._progress.looks >= views:
            return f"all {views} looks are used up"
        if seconds is not None and self._account.met >= seconds:
            return f"the {seconds:g} s are over"
        return ""

    def _drive(self, visit: Visit) -> None:
        self._moved = True
        self._go(visit.fold)
        self._rig.turn(visit.turntable)
        self._go(visit.way)

    def _fold(self) -> None:
        """Bring the arm back to where it can be let go of, if it was moved."""
        if not self._moved:
            return
        way = self._survey.fold(self._rig.travel.here(), self._rig.turntable())
        if way is None:
            self._say("the arm was not folded: there is no clear way back")
            return
        try:
            self._go(way)
        except HardwareError as error:
            if error.halts:
                raise
            self._say(f"the arm was not folded: {error}")

    def _go(self, places: Sequence[Joints]) -> None:
        for place in places:
            self._account.read(self._rig.travel.reach(place))

    def _check_free(self) -> None:
        """Raise RobotStopped where somebody stopped a robot: no command of a run goes on."""
        for robot in self._rig.robots:
            if robot.is_stopped:
                raise RobotStopped(f"{robot.spec.name} was stopped")

    def _say(self, text: str) -> None:
        self._rig.news.say(text)
