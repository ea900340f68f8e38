"""A robot whose run is killed at a chosen moment goes on, and never back through what it did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.tools.folder import BEGUN
from helmsight.tools.player import load_run

pytestmark = [
    pytest.mark.serial,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's"),
]
WAIT_S = 600.0
KILLED = """
import os, signal, sys
from importlib import import_module

module, kind, name, number, done = sys.argv[1:6]
kind, left = getattr(import_module(f"helmsight.{module}"), kind), int(number)
usual = getattr(kind, name)

def hit(*given, **named):
    global left
    left -= 1
    result = usual(*given, **named) if left or done == "after" else None
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(kind, name, hit)
from helmsight.cli import main
sys.argv[1:] = sys.argv[6:]
main()
"""
AT = "0.2, -0.3, 0.5, 0.3, 1.0"
SCRIPT = f"""{{"do": "joints", "joints": [0.1, {AT}]}}
{{"do": "joints", "joints": [0.4, {AT}]}}
{{"do": "twist", "vz": 0.05, "duration": 0.4}}
{{"do": "done", "verdict": "all of it"}}
"""
KINDS = ["joints", "joints", "twist", "done"]
RECORDER, LOG = ("tools.recorder", "Recorder"), ("tools.steplog", "StepLog")


@pytest.fixture
def arm() -> Iterator[Emulation]:
    with emulate("so101") as served:
        yield served


def moved(arm: Emulation) -> list[tuple[float, ...]]:
    return [entry.positions for entry in arm.device.journal if entry.kind == "move"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name", "number", "done", "recorded", "left"),
    [
        (RECORDER, "begins", 2, "after", 1, {0.4}),  # the second place was not yet asked for
        (RECORDER, "step", 2, "before", 1, {0.4}),  # it was reached, and nobody wrote that down
        (RECORDER, "step", 3, "before", 2, set()),  # the tool was lifted: once is enough
        (LOG, "write", 4, "after", 4, set()),  # all was done, but for the summary
    ],
)
def test_what_a_killed_run_did_is_not_done_again(
    run: Any, tmp_path: Path, arm: Emulation, kind: tuple[str, str], name: str, number: int,
    done: str, recorded: int, left: set[float],
) -> None:  # fmt: skip
    out, script = tmp_path / "run", tmp_path / "script.txt"
    script.write_text(SCRIPT, encoding="utf-8")
    hit = [sys.executable, "-c", KILLED, *kind, name, str(number), done]
    asked = ["operate", "--robot", "so101", "--port", arm.port, "--camera", "none", "--yes"]
    more = ["--pilot", f"scripted:{script}", "--out", str(out)]
    ended = subprocess.run([*hit, *asked, *more], stdin=subprocess.DEVNULL, timeout=WAIT_S)
    assert ended.returncode == -9
    assert len(load_run(out).records) == recorded
    arm.device.journal.clear()
    result = run("resume", out, "--yes", "--json")
    assert result.status == 0, result.err
    records = load_run(out).records
    assert [record.command["do"] for record in records] == KINDS
    pans = [place[0] for place in moved(arm)]
    assert all(later > earlier - 0.02 for earlier, later in pairwise(pans))
    if left:
        assert max(pans) == pytest.approx(max(left), abs=0.02)
    else:
        assert pans == []
    told = json.loads(result.out)
    assert (told["reason"], told["verdict"]) == ("done", "all of it")
    assert told["way_m"] > 0.01
    assert not (out / BEGUN).exists()
