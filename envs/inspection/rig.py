"""What is opened for an inspection: arm, turntable and camera, of an emulated cell or there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from helmsight.envs.inspection.camera import CellSource
from helmsight.envs.inspection.emulated import EmulatedCell, Line
from helmsight.envs.inspection.options import Options
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.servos import CellServos
from helmsight.envs.inspection.survey import SAME_RAD
from helmsight.envs.robot.ending import Ending
from helmsight.envs.robot.eyes import LOOK_S, Eyes
from helmsight.envs.robot.news import News
from helmsight.envs.robot.travel import Travel
from helmsight.hardware.cameras import Camera, Checks
from helmsight.hardware.cameras.rendered import renderer
from helmsight.hardware.gl import mujoco
from helmsight.hardware.supervisor import Supervisor, supervised

TABLE = "turntable"
SETTLE_S = 1.0  # that the arm may take to stand before the turntable turns
CHECKS = Checks(max_age_s=3.0, frozen_s=2.0)  # of the emulated camera: drawing may take its time
DRAWN_S, FIRST_S = 10.0, 60.0  # that a picture of it may take, and the first one


@dataclass
class Rig:
    """Arm, turntable (None where there is none) and camera, each with what it tells.

    drawn: the turntable's angle where it cannot turn, rad. cell: where it is emulated.
    """

    arm: Supervisor
    news: News
    table: Supervisor | None
    table_news: News
    eyes: Eyes
    drawn: float = 0.0
    cell: EmulatedCell | None = None

    def __post_init__(self) -> None:
        self.robots = [self.arm] if self.table is None else [self.arm, self.table]
        self.ending = Ending(self.robots, self.news)
        self.travel = Travel(self.arm, self.news)
        self.turning = None if self.table is None else Travel(self.table, self.table_news)

    def open(self) -> None:
        """Open all that is not. Nothing moves. Raises HardwareError."""
        self.eyes.open()
        for robot in self.robots:
            robot.connect()
            if robot.is_stopped:
                robot.reset()

    def turntable(self) -> float:
        """Return the turntable's angle, rad: a fresh reading. Raises as Supervisor.state."""
        return self.drawn if self.table is None else self.table.state().positions[0]

    def turn(self, angle: float) -> None:
        """Turn the turntable, and wait until it stands. Raises as Supervisor.reach."""
        if self.turning is not None and abs(angle - self.turntable()) > SAME_RAD:
            self.travel.settle(SETTLE_S)  # the arm stands, and is held while it waits
            self.turning.reach((angle,))
            self.table_news.resting = True

    def slip(self, joint: str, by: float) -> None:
        """Let a joint of the emulated arm slip on its servo, rad."""
        assert self.cell is not None
        servos = self.cell.emulation.device
        assert isinstance(servos, CellServos)
        servos.slip(joint, by)

    def clear(self) -> None:
        """Forget what was told before a run."""
        self.news.clear()
        self.table_news.clear()

    def close(self) -> None:
        """Let go of all. Idempotent. Raises StopUnconfirmed as Ending.close."""
        try:
            self.ending.close()
        finally:
            self.eyes.close()
            cell, self.cell = self.cell, None
            if cell is not None:
                cell.close()


def there(options: Options) -> Rig:
    """Return the rig of a cell that is there, not opened."""
    return _rig(options, options.port, options.turntable_port, options.camera)


def emulated(options: Options, plan: CellPlan, joints: Sequence[float], turntable: float) -> Rig:
    """Return the rig of an emulated cell, served already, its arm and turntable standing so."""
    lines = _tcp() if sys.platform == "win32" else None
    cell = EmulatedCell(
        replace(plan, turntable=turntable), options.robot, lines=lines, faults=options.faults,
        seed=plan.seed, size=options.size, start=joints,
    ).start()  # fmt: skip
    try:
        stress = options.stress
        source = CellSource(cell.plant, size=options.size, fps=stress.fps, blur_px=stress.blur_px)
        rig = _rig(
            options,
            cell.port,
            cell.turntable_port,
            Camera(source, checks=CHECKS, opening_s=FIRST_S),
        )
    except BaseException:
        cell.close()
        raise
    rig.cell = cell
    return rig


def check_drawing() -> None:
    """Raise CameraUnavailable where nothing can be drawn on this machine."""
    renderer(mujoco.MjModel.from_xml_string("<mujoco/>"), (16, 16), "the inspection cell").close()


def _rig(options: Options, port: str, turntable_port: str, camera: str | Camera) -> Rig:
    news, table_news = News(), News()
    eyes = Eyes(camera, options.size, options.patience_s, DRAWN_S if options.own else LOOK_S)
    arm = supervised(options.robot, port, eyes, limits=options.limits, listeners=[news.heard])
    table = None
    if turntable_port:
        table = supervised(TABLE, turntable_port, eyes, listeners=[table_news.heard])
    return Rig(arm, news, table, table_news, eyes)


def _tcp() -> tuple[Line, Line]:
    """Return lines for where there are no pseudo-terminals."""
    from helmsight.hardware.emulators.tcp import tcp

    return tcp("127.0.0.1:0"), tcp("127.0.0.1:0")
