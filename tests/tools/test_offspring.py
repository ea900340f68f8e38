"""Workers of a killed process end, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from helmsight.tools.offspring import end_with_parent

def work(pipe):
    with open(pipe, "w") as told:  # held open as long as this process lives
        told.write("x")
        told.flush()
        time.sleep(600)

if __name__ == "__main__":
    import sys
    crew = ProcessPoolExecutor(1, get_context("spawn"), end_with_parent)
    crew.submit(work, sys.argv[1]).result()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in the file system")
def test_a_worker_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    import os

    pipe, program = tmp_path / "alive", tmp_path / "program.py"
    os.mkfifo(pipe)
    program.write_text(PROGRAM, encoding="utf-8")
    parent = subprocess.Popen([sys.executable, str(program), str(pipe)])
    with pipe.open() as told:  # as soon as the worker is there
        assert told.read(1) == "x"
        parent.kill()
        parent.wait()
        assert told.read() == ""  # the end of the pipe: nobody holds it any more


DEAF = """
import signal
from multiprocessing import get_context
from helmsight.tools.offspring import deaf_to_ctrl_c

def work(told):
    told.send(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set()))

if __name__ == "__main__":
    context = get_context("spawn")
    for _ in range(2):  # with the first one the tracker of resources begins
        mine, theirs = context.Pipe()
        with deaf_to_ctrl_c():
            process = context.Process(target=work, args=(theirs,))
            process.start()
        print(mine.recv(), signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set()))
        process.join()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C to no process of its own")
def test_processes_started_deaf_do_not_hear_ctrl_c_and_their_parent_does(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(DEAF, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True", "False"] * 2
