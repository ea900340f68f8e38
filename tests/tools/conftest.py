"""A synthetic flight for the recorder and its player: records and small drawn frames."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from helmsight.contract.record import RunSpec, StepRecord
from helmsight.envs.orbital.task import pursuit_task
from helmsight.tools.recorder import Recorder

Frame = NDArray[np.uint8]
TASK = pursuit_task("PE1-E1-I3", {})


def fake_record(index: int, **changes: Any) -> StepRecord:
    distance = 1000.0 - 10.0 * index
    command = {"forward": 0.5, "right": 0.0, "down": -0.2, "duration": 0.5, "frame": "body"}
    values: dict[str, Any] = {
        "index": index,
        "stamp": 0.5 * index,
        "sense_ms": 0.2,
        "think_ms": 40.0 + index,
        "act_ms": 8.0,
        "prompt_hash": "0" * 64,
        "raw": '{"forward": 0.5, "right": 0, "down": -0.2, "duration": 0.5}',
        "wanted": command,
        "applied": command,
        "repairs": {},
        "clamped": [],
        "late": False,
        "relations": ["the prograde marker is left of the target marker"],
        "measures": {
            "met": 0.5 * index,
            "range": distance,
            "speed": 20.0,
            "closing": 19.5,
            "propellant": 1200.0 - index,
            "mass": 6685.0 - 4 * index,
            "fuel_used": 4.0 * index,
            "relative_position": [10.0, -distance, 0.5 * index],
            "telemetry": [0.5 * index, 6685.0, 1200.0 - index, *range(12)],
        },
        "lag": 0.04,
    }
    return StepRecord(**(values | changes))


def fake_frame(index: int, height: int = 96, width: int = 160) -> Frame:
    y, x = np.mgrid[:height, :width]
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 2] = (x // 4).astype(np.uint8)
    frame[..., 0] = np.where((x - 5 * index - 20) ** 2 + (y - 40) ** 2 < 100, 240, 0)
    return frame


def fake_spec(**changes: Any) -> RunSpec:
    values: dict[str, Any] = {
        "environment": "helmsight/PE1-E1-I3-v0",
        "pilot": "bundled",
        "seed": 3,
        "options": {"observation": "frame", "time": "paused"},
        "operator": {"history": 2, "limits": {"max_speed": 40.0}},
        "versions": {"helmsight": "0.1.0", "python": "3.11"},
        "task": TASK.description(),
    }
    return RunSpec(**(values | changes))


SUMMARY = {
    "scenario": "PE1-E1-I3",
    "pilot": "bundled",
    "seed": 3,
    "score": math.pi,
    "closest_approach_m": 4.2,
    "captured": True,
    "repairs": {"local": 2},
}


@pytest.fixture
def record() -> Callable[..., StepRecord]:
    return fake_record


@pytest.fixture
def frame() -> Callable[..., Frame]:
    return fake_frame


@pytest.fixture
def spec() -> Callable[..., RunSpec]:
    return fake_spec


@pytest.fixture
def fly(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that records a synthetic flight of `steps` steps and returns its folder.

    With `wait`, each step is on disk before the next one is flown.
    """

    def flown(
        name: str = "run",
        steps: int = 6,
        finish: bool = True,
        frames: bool = True,
        video: bool = False,
        page: bool = False,
        wait: bool = False,
        change: Callable[[int], dict[str, Any]] = lambda index: {},
    ) -> Path:
        recorder = Recorder(tmp_path / name, frames=frames, video=video, page=page)
        recorder.start(fake_spec())
        for index in range(steps):
            recorder.step(fake_record(index, **change(index)), fake_frame(index))
            if wait:
                recorder.flush()
        if finish:
            recorder.finish("captured", dict(SUMMARY))
        return tmp_path / name

    return flown
