"""Run folders and a console of them, asked as a browser asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from helmsight.console.app import application
from helmsight.console.gate import KEY, Rules
from helmsight.console.pages import Pages
from helmsight.contract.record import RunSpec, StepRecord
from helmsight.envs.orbital.task import pursuit_task
from helmsight.tools.recorder import Recorder

HERE = "http://127.0.0.1:8765"
TASK = pursuit_task("PE1-E1-I2", {})
BURN = {"forward": 0.5, "right": 0.0, "down": -0.2, "duration": 0.5, "frame": "body"}


def spec_of(**changes: Any) -> RunSpec:
    values: dict[str, Any] = {
        "environment": "helmsight/PE1-E1-I2-v0",
        "pilot": "naive",
        "options": {"observation": "frame", "time": "paused"},
        "task": TASK.description(),
    }
    return RunSpec(**(values | changes))


def step_of(index: int, **changes: Any) -> StepRecord:
    values: dict[str, Any] = {
        "index": index, "stamp": 0.5 * index, "sense_ms": 0.1, "think_ms": 40.0, "act_ms": 8.0,
        "prompt_hash": "", "raw": "answer", "wanted": BURN, "applied": BURN, "repairs": {},
        "clamped": [], "late": False, "relations": [], "lag": 0.0,
        "measures": {"range": 900.0 - index, "relative_position": [1.0, -900.0, 0.0]},
    }  # fmt: skip
    return StepRecord(**(values | changes))


Record = Callable[..., Path]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def record(runs: Path) -> Record:
    """Return a function that writes a run folder: its spec, steps and, unless None, its end."""

    def written(
        name: str = "one",
        steps: int = 3,
        reason: str | None = "captured",
        frames: bool = False,
        change: Callable[[int], dict[str, Any]] = lambda index: {},
        **spec: Any,
    ) -> Path:
        recorder = Recorder(runs / name, frames=frames, video=False, page=False)
        recorder.start(spec_of(**spec))
        for index in range(steps):
            frame = np.full((48, 64, 3), 40 * index % 256, np.uint8)
            recorder.step(step_of(index, **change(index)), frame if frames else None)
        recorder.flush()
        if reason is not None:
            summary = {"scenario": "PE1-E1-I2", "score": 4.5, "steps": steps, "captured": True}
            recorder.finish(reason, summary)
        return runs / name

    return written


@pytest.fixture
def pages(runs: Path) -> Pages:
    return Pages(runs)


@pytest.fixture
def browser(pages: Pages) -> TestClient:
    """Return a browser on this machine, with the key that pages of the console hold."""
    return browser_of(pages)


def browser_of(pages: Pages) -> TestClient:
    headers = {"origin": HERE, KEY: pages.rules.key}
    return TestClient(
        application(pages), base_url=HERE, headers=headers, raise_server_exceptions=True
    )


def guarded(runs: Path, token: str) -> Pages:
    return Pages(runs, Rules(token))
