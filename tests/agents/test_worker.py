"""Ends of processes in which a local model still computes for somebody who gave it up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # torch is loaded

PROGRAM = """
import atexit, sys, threading
import torch
from helmsight.agents import worker
from helmsight.cli import _end_at_once

begun = threading.Event()

def think():
    begun.set()
    x = torch.ones(8, 8)
    for _ in range(int(sys.argv[1])):
        x = torch.cat([x, x])[:8]
    print("over", flush=True)

if sys.argv[2:]:
    atexit.unregister(worker.all_over)
    atexit.register(_end_at_once, [int(sys.argv[2])])
    atexit.register(worker.all_over, 0.1)
try:
    worker.Worker(alone=True).call(think, 0.0)
except TimeoutError:
    begun.wait()
"""


def ended(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(program), *map(str, arguments)], capture_output=True, text=True
    )


def test_a_process_waits_for_the_last_pass_of_a_local_model(tmp_path: Path) -> None:
    done = ended(tmp_path, 20_000)
    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")


def test_a_command_ends_with_its_status_while_a_local_model_goes_on(tmp_path: Path) -> None:
    done = ended(tmp_path, 10**12, 130)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
