"""A robot that is stopped and taken over from the console, by the command that people use."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helmsight.console.links import Link, Links
from helmsight.console.wire import HOME
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation

FAR = '{"do": "joints", "joints": [1.8, null, null, null, null, null]}\n'
BACK = '{"do": "joints", "joints": [-1.8, null, null, null, null, null]}\n'

pytestmark = [pytest.mark.serial, pytest.mark.slow]


@pytest.fixture
def arm() -> Iterator[Emulation]:
    with emulate("so101") as served:
        yield served


def until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.005)
    raise AssertionError("it did not come about")


def test_it_is_taken_over_and_stopped_and_stands(
    arm: Emulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "desks"))
    answers = tmp_path / "answers.txt"
    answers.write_text(FAR + BACK, encoding="utf-8")
    words = [
        "operate", "--robot", "so101", "--port", arm.port, "--camera", "none", "--yes", "--json",
        "--pilot", f"scripted:{answers}", "--console", "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", "from helmsight.cli import main; main()", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        links = Links()
        link: Link = until(lambda: links.find(str((tmp_path / "run").resolve())))
        until(lambda: link.news.get("steps"))
        assert link.order({"id": "1", "by": "ann", "do": "take over"})["ok"]
        steps = link.news["steps"]
        hold = {"do": "joints", "joints": [0.1, None, None, None, None, None]}
        until(
            lambda: link.order({"id": str(time.time()), "by": "ann", "do": "fly", "command": hold})[
                "ok"
            ]
        )
        until(lambda: link.news["steps"] > steps + 1)
        assert link.order({"id": "3", "by": "ann", "do": "hand back"})["ok"]
        assert link.order({"id": "4", "by": "ann", "do": "stop"}) == {"ok": True, "said": "stopped"}
        assert process.wait(600) == 130
    finally:
        process.kill()
    summary = json.loads(process.stdout.read())
    assert "confirmed by read-back" in summary["stop"]
    assert summary["reason"] == "interrupted"
    lines = (tmp_path / "run" / "steps.jsonl").read_text(encoding="utf-8")
    assert '"did":"flew"' in lines
    assert "stopped the run" in lines + json.dumps(summary)
