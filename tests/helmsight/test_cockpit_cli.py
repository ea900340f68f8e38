"""`helmsight cockpit`: flown by hand, told, recorded, refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware.errors import WindowUnavailable
from helmsight.hardware.keyboard import Keyboard
from helmsight.hardware.screen import find_window
from helmsight.tools.player import load_run

Start = Callable[..., tuple[Any, Keyboard]]
HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]


@pytest.fixture
def start(display: str, tmp_path: Path) -> Iterator[Start]:
    """Start `helmsight cockpit` with options; returns the process and a keyboard aimed at it."""
    opened: list[tuple[Any, Keyboard]] = []

    def begin(*options: str) -> tuple[Any, Keyboard]:
        process = subprocess.Popen(
            [*HELMSIGHT, "cockpit", "PE1-E1-I1", "--scale", "0.25", *options],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 600.0
        while True:
            try:
                window = find_window("Helmsight cockpit: PE1-E1-I1")
                break
            except WindowUnavailable:
                assert time.monotonic() < deadline, process.communicate()
                time.sleep(0.05)
        opened.append((process, Keyboard(window)))
        opened[-1][1].aim()
        return opened[-1]

    yield begin
    for process, keyboard in opened:
        keyboard.close()
        process.kill()
        process.communicate()


def ended(process: Any, keyboard: Keyboard) -> tuple[str, str]:
    """Press Esc and return what was written to stdout and stderr."""
    with suppress(WindowUnavailable):  # it may be gone before the key is up
        keyboard.tap("escape")
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out, err


@pytest.mark.slow
@pytest.mark.display
def test_every_flight_is_summed_up_and_recorded_as_a_run(start: Start, tmp_path: Path) -> None:
    process, keyboard = start("--seed", "3", "--record", "--out", "first", "--json")
    keyboard.hold({"h": 0.7}, 0.9)
    keyboard.tap("f5")
    keyboard.hold({"k": 0.7}, 0.8)
    out, err = ended(process, keyboard)
    told = [json.loads(line) for line in out.splitlines()]
    assert [one["reason"] for one in told] == ["interrupted", "interrupted"]
    assert all(one["seed"] == 3 and one["pilot"] == "person" for one in told)
    assert told[0]["fuel_kg"] > 0.0
    assert told[0]["steps"] >= 1
    (second,) = (tmp_path / "runs").iterdir()
    assert f"recording: runs/{second.name}" in err
    for folder, axis, sign in ((tmp_path / "first", "forward", 1), (second, "down", -1)):
        run = load_run(folder)
        assert run.spec.pilot == "person"
        assert sum(step.applied[axis] * sign for step in run.records) > 0.0
        assert (folder / "video.mp4").is_file()


@pytest.mark.slow
@pytest.mark.display
def test_the_referee_reports_while_it_is_flown(start: Start, tmp_path: Path) -> None:
    process, keyboard = start("--report", "account.jsonl")
    keyboard.hold({"h": 0.5}, 1.2)
    out, _ = ended(process, keyboard)
    lines = (tmp_path / "account.jsonl").read_text(encoding="utf-8").splitlines()
    reports = [json.loads(line) for line in lines]
    assert len(reports) > 3
    assert max(report["throttle"][0] for report in reports) == 1.0
    assert {"met", "range", "score", "captured", "closest_approach"} <= reports[-1].keys()
    assert "score" in out  # the table for people


@pytest.mark.slow
@pytest.mark.display
def test_ctrl_c_ends_it_with_the_summary_of_the_flight(start: Start) -> None:
    process, keyboard = start("--json", "--no-help-overlay")
    keyboard.hold({"n": 0.3}, 0.4)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 130
    assert json.loads(out)["reason"] == "interrupted"


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["", "dummy"])
def test_without_a_screen_it_says_how_to_get_one(
    run: Any, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", driver or "x11")
    result = run("cockpit")
    assert result.status == 1
    assert result.out == ""
    assert "xvfb-run" in result.err
    assert len(result.err.splitlines()) == 1


def test_unknown_scenarios_and_files_are_refused_before_a_window_opens(run: Any) -> None:
    assert "Did you mean PE1-E1-I2" in run("cockpit", "PE1-E1-I22").err
    result = run("cockpit", "--report", "no/such/folder/file")
    assert result.status == 2
    assert "--report no/such/folder/file" in result.err
