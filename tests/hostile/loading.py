"""Loads what stands in lines of JSON on standard input, each in a process of its own.

A process made by fork has everything imported, and is held to MOST_MB more memory and CPU_S of
processor time. What came of it is told in a line of JSON: `error` "" for none, `named` whether it
was one of ours, `mb` of memory that came on top. What reaches a limit has died, and is not named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helmsight.contract.errors import Error

MOST_MB, CPU_S = 1024, 30  # ends what would go on for ever; no claim about speed
HANGS_S = 30.0  # without any work
LONGEST = 4000  # characters of an error: more would be an error, too


def load_model(folder: str) -> None:
    from helmsight.agents.models.load import load_pilot

    load_pilot(folder, engine="torch")


def load_robot(path: str) -> None:
    from helmsight.hardware.drivers import make_robot
    from helmsight.hardware.kinematics import Kinematics
    from helmsight.hardware.spec import load_spec

    spec = load_spec(path)
    make_robot(spec, "/dev/null/none")
    Kinematics(spec)


KINDS: dict[str, Callable[[str], None]] = {"model": load_model, "robot": load_robot}


def within_limits(load: Callable[[str], None], path: str) -> dict[str, Any]:
    """Load `path` here and return what came of it."""
    import resource

    pages = int(open("/proc/self/statm").read().split()[0])  # noqa: SIM115
    held = pages * os.sysconf("SC_PAGE_SIZE") + (MOST_MB << 20)
    resource.setrlimit(resource.RLIMIT_AS, (held, held))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S + 1, CPU_S + 1))
    before = peak_mb()
    error, named = "", True
    try:
        load(path)
    except Error as ours:
        error = str(ours)[:LONGEST]
    except BaseException as other:
        error, named = f"{type(other).__name__}: {other}"[:500], False
    return {"error": error, "named": named, "mb": peak_mb() - before}


def peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def told(kind: str, path: str) -> dict[str, Any]:
    """Load `path` in a process of its own and return what came of it."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(sink, json.dumps(within_limits(KINDS[kind], path)).encode())
        os._exit(0)
    os.close(sink)
    deadline = time.monotonic() + HANGS_S
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
        if working(child):
            deadline = time.monotonic() + HANGS_S
        elif time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            os.close(source)
            return {"error": "it hangs", "named": False, "mb": 0.0}
        time.sleep(0.005)
    with open(source, "rb") as pipe:
        data = pipe.read()
    if not data:
        return {"error": f"it died ({ended[1]})", "named": False, "mb": MOST_MB}
    return dict(json.loads(data))


def working(process: int) -> bool:
    """Return whether a process wants a processor: on a busy machine it may have had none yet."""
    with open(f"/proc/{process}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] in ("R", "D")


@contextmanager
def loader(kind: str) -> Iterator[Callable[[Path], dict[str, Any]]]:
    """Yield a function that has a path loaded, by a process that has imported what it takes."""
    with subprocess.Popen(
        [sys.executable, __file__, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"},
        cwd=Path(__file__).parent,
    ) as process:  # fmt: skip
        asked, told = process.stdin, process.stdout
        assert asked is not None
        assert told is not None
        while told.readline().strip() != "ready":
            assert process.poll() is None

        def ask(path: Path) -> dict[str, Any]:
            print(json.dumps([kind, str(path)]), file=asked, flush=True)
            return dict(json.loads(told.readline()))

        yield ask
        asked.close()


def main() -> None:
    if "robot" in sys.argv:
        from helmsight.hardware.spec import shipped

        load_robot(str(shipped()["so101"]))
    if "model" in sys.argv:
        import torch

        from helmsight.agents.models.load import load_pilot

        torch.set_num_threads(1)  # no threads that a fork would lose
        load_pilot("bundled", engine="torch")
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(told(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
