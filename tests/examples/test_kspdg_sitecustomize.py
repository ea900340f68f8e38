"""KSPDG at other ports and on a faster clock, through what Python itself runs at its start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helmsight.envs.orbital.krpc import core
from helmsight.envs.orbital.krpc.serving import serve

pytestmark = pytest.mark.slow  # many short flights: together they are long

FOLDER = Path(__file__).parents[2] / "examples" / "kspdg"
MODULE = """
import multiprocessing
import time
import krpc

def name():
    with krpc.connect(name="kspdg_env") as conn:
        return conn.krpc.get_client_name()

def child(queue):
    began = time.time()
    time.sleep(40.0)
    queue.put((name(), time.time() - began))

def spawned():
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    told = queue.get(timeout=600)
    process.join()
    return told
"""


@pytest.fixture
def run(tmp_path):
    """Run a line of Python as a user of KSPDG would, with the folder on PYTHONPATH.

    The package is a stand-in: KSPDG itself is on no registry. It does what KSPDG does: it imports
    `time`, connects without ports, and works in a process of its own.
    """
    (tmp_path / "kspdg").mkdir()
    (tmp_path / "kspdg" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "kspdg" / "env.py").write_text(MODULE, encoding="utf-8")

    def run(line: str, **settings: str) -> str:
        paths = os.pathsep.join([str(FOLDER), str(tmp_path)])
        script = tmp_path / "agent.py"
        script.write_text(f"if __name__ == '__main__':\n    {line}\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, "PYTHONPATH": paths, **settings},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_kspdg_connects_to_the_ports_of_the_environment(run):
    with serve(rpc_port=0, stream_port=0, services=[core.service]) as server:
        ports = {
            "KRPC_RPC_PORT": str(server.rpc_port),
            "KRPC_STREAM_PORT": str(server.stream_port),
        }
        assert run("import kspdg.env; print(kspdg.env.name())", **ports) == "kspdg_env"


def test_processes_that_kspdg_starts_have_the_same_ports_and_clock(run):
    with serve(rpc_port=0, stream_port=0, services=[core.service]) as server:
        settings = {
            "KRPC_RPC_PORT": str(server.rpc_port),
            "KRPC_STREAM_PORT": str(server.stream_port),
            "KSPDG_RATE": "100",
        }
        line = "import kspdg.env; name, waited = kspdg.env.spawned(); print(name, waited >= 40.0)"
        assert run(line, **settings) == "kspdg_env True"


def test_only_kspdgs_clock_is_faster(run):
    line = (
        "import time, kspdg.env as k; now, faster = time.monotonic, k.time.monotonic;"
        "before, start, began = now(), faster(), now();"
        "time.sleep(0.1); k.time.sleep(1.0);"
        "ended, end, after = now(), faster(), now();"
        "print(0.2 <= ended - began, "
        "10 * (ended - began) - 1e-6 <= end - start <= 10 * (after - before) + 1e-6)"
    )
    assert run(line, KSPDG_RATE="10") == "True True"


def test_without_settings_nothing_changes(run):
    assert run("import time, kspdg.env as k; print(k.time is time)") == "True"
