"""A whole cell as other programs meet it: serial ports and the address of a camera.

>>> with EmulatedCell(seed=3) as cell, supervised("so101", cell.port) as robot:
...     camera = cell.camera()  # or open_camera(cell.address) from another program
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from helmsight.envs.inspection.camera import CellSource
from helmsight.envs.inspection.cell import START
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.plant import Plant
from helmsight.envs.inspection.servos import CellServos, TableServo
from helmsight.envs.inspection.stream import CameraServer
from helmsight.hardware.cameras.camera import Camera
from helmsight.hardware.cameras.source import Size
from helmsight.hardware.emulators.faults import Faults
from helmsight.hardware.emulators.serve import Emulation, Wire
from helmsight.hardware.spec import RobotSpec

Line = Callable[[], Wire]


class EmulatedCell:
    """A plant behind the arm's bus, the turntable's bus and, if asked for, a camera's address.

    plan: or the seed of one. link: path of the arm's device node, the turntable's has
    `-turntable` after it; lines: makes both lines instead, as `Emulation` has it. faults, seed: of
    the arm's line. start: where the arm stands, rad. camera_port: of the wrist camera, 0 for a free
    one; None: it is not served.

    Raises:
        InvalidOption: what does not fit. CameraUnavailable: nothing to draw with.
    """

    def __init__(
        self,
        plan: CellPlan | int = 0,
        robot: RobotSpec | str = "so101",
        *,
        link: str | Path | None = None,
        lines: tuple[Line, Line] | None = None,
        faults: Faults | str = "",
        seed: int = 0,
        camera_port: int | None = None,
        size: Size = (480, 360),
        start: Sequence[float] = START,
    ) -> None:
        self.plant = Plant(plan, robot, start)
        self._size = size
        arm, table = lines or (None, None)
        self.emulation = Emulation(CellServos(self.plant), link, faults=faults, seed=seed, wire=arm)
        with ExitStack() as undo:
            undo.callback(self.emulation.close)
            beside = None if link is None else f"{link}-turntable"
            self._table = Emulation(TableServo(self.plant), beside, wire=table)
            undo.callback(self._table.close)
            self._server = None
            if camera_port is not None:
                self._server = CameraServer(self.camera(), camera_port)
            undo.pop_all()

    @property
    def port(self) -> str:
        """Where the arm's bus is."""
        return self.emulation.port

    @property
    def turntable_port(self) -> str:
        """Where the turntable's bus is; its description is `turntable`."""
        return self._table.port

    @property
    def address(self) -> str | None:
        """Where the wrist camera is served, for `open_camera`."""
        return None if self._server is None else self._server.address

    def camera(self, name: str = "wrist", size: Size | None = None, fps: float = 15.0) -> Camera:
        """Return a camera of the cell, not yet reading; `source.trouble` of it can be set."""
        return Camera(CellSource(self.plant, name, size or self._size, fps))

    def run(self) -> None:
        """Serve until `close` is called from another thread or a signal handler."""
        self._table.start()
        self.emulation.run()

    def start(self) -> Self:
        """Serve in threads."""
        self._table.start()
        self.emulation.start()
        return self

    def close(self) -> None:
        """Stop serving. Raises what made an emulator fail, if so."""
        with ExitStack() as stack:
            stack.callback(self.emulation.close)
            stack.callback(self._table.close)
            if self._server is not None:
                stack.callback(self._server.close)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
