"""An emulated arm, a camera that shows what a test wants, and both as a world."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from helmsight.envs.robot.env import RobotEnv
from helmsight.hardware.cameras import Camera, Checks, Source
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation

WAIT_S = 600.0  # a deadline against hanging, no claim about speed


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """Devices, drivers and tests go by the tests' own clock."""


class Shown(Source):
    """Noise, until a test has it freeze, go black, be lost or come back."""

    lasting = True

    def __init__(self) -> None:
        super().__init__("shown")
        self.does = "noise"
        self._numbers = np.random.default_rng(1)
        self._frozen: NDArray[np.uint8] | None = None

    def open(self) -> None:
        if self.does == "lost":
            from helmsight.hardware.errors import CameraUnavailable

            raise CameraUnavailable("camera shown: not there")

    def read(self) -> tuple[NDArray[np.uint8], float] | None:
        time.sleep(0.005)
        if self.does == "lost":
            return None
        noise = self._numbers.integers(0, 255, (48, 64, 3), np.uint8)
        if self.does == "frozen":
            self._frozen = noise if self._frozen is None else self._frozen
            return self._frozen.copy(), time.monotonic()
        if self.does == "black":
            return noise // 100, time.monotonic()
        return noise, time.monotonic()

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def arm() -> Iterator[Emulation]:
    """Serve an emulated SO-101."""
    with emulate("so101") as served:
        yield served


@pytest.fixture
def source() -> Shown:
    """The source of the camera's pictures."""
    return Shown()


Make = Callable[..., RobotEnv]


@pytest.fixture
def make(arm: Emulation, source: Shown) -> Iterator[Make]:
    """Return a function that makes the world of the arm, with options; all are closed."""
    made: list[RobotEnv] = []

    def call(**options: Any) -> RobotEnv:
        camera = Camera(source, checks=Checks(max_age_s=1.0, frozen_s=0.5))
        usual: dict[str, Any] = {
            "robot": "so101",
            "port": arm.port,
            "camera": camera,
            "size": (64, 48),
        }
        made.append(RobotEnv(**(usual | options)))
        return made[-1]

    yield call
    for env in made:
        env.close()


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something is so."""

    def call(true: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not true():
            assert time.monotonic() < deadline, "did not happen"
            time.sleep(0.005)

    return call
