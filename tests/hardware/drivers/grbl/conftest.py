"""The grbl driver and the emulated controller at the other end of a real device node."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from helmsight.hardware.drivers.grbl import Grbl
from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import NoReply
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.spec import RobotSpec, load_spec, parse_spec, shipped

Bench = tuple[Grbl, GrblController, Emulation]


class Benches:
    """Makes a driver, its controller and the line between them, as often as a test calls it."""

    here = (0.14, 0.085, 0.02)  # where the gantry starts

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(
        self, *, faults: str = "", spec: RobotSpec | None = None, seed: int = 0, **options: Any
    ) -> Bench:
        spec = spec or load_spec("gantry")
        device = GrblController(spec, **{"homed": True} | options)
        emulation = self._stack.enter_context(Emulation(device, faults=faults, seed=seed))
        robot = Grbl(spec, emulation.port)
        self._stack.callback(robot.link.close)
        return robot, device, emulation

    @staticmethod
    def described(**device: str) -> RobotSpec:
        """Return the gantry with other keys in its device table."""
        text = shipped()["gantry"].read_text(encoding="utf-8")
        text += "".join(f"{key} = {value}\n" for key, value in device.items())
        return parse_spec(text)

    @staticmethod
    def until(condition: Callable[[], object], within_s: float = 600.0) -> None:
        """Wait until `condition` holds."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.005)

    @staticmethod
    def near(position: tuple[float, ...], metres: float = 1e-4) -> Any:
        """Return what equals every position as near as that."""
        return pytest.approx(position, abs=metres)

    @staticmethod
    def keep_moving(robot: Grbl) -> None:
        """Move to and fro until something raises."""
        for turn in range(1000):
            robot.move(JointTargets((0.14 + 0.005 * (turn % 2), 0.085, 0.02)))

    @staticmethod
    def patient(ask: Callable[[], Any]) -> Any:
        """Return what `ask` does once the controller is no longer deaf after an alarm."""
        for _ in range(20):
            try:
                return ask()
            except NoReply:
                continue
        raise AssertionError("it stays deaf")

    @staticmethod
    def mode_of(robot: Grbl) -> Mode | None:
        """Return the mode, or None while the controller is deaf."""
        try:
            return robot.state().mode
        except NoReply:
            return None


@pytest.fixture
def bench() -> Iterator[Benches]:
    with ExitStack() as stack:
        yield Benches(stack)
