"""Measures the operator's console: stops from the page, and what people who look cost the loop.

    python benchmarks/console.py --n 200 --json console.json

Stops: an emulated arm swings from side to side; a browser orders "stop" over HTTP. Measured is the
time from the order to its answer, which comes once standstill was read back. Spectators: the same
flight on the twin, alone and watched by ten streams of one console in another process; measured is
the ratio of the processor time of the loop's own thread a step, in turns of one after the other:
what the machine does besides is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from starlette.testclient import TestClient

import helmsight
from helmsight.console.app import application
from helmsight.console.desk import Desk
from helmsight.console.gate import KEY
from helmsight.console.pages import Pages
from helmsight.console.wire import HOME
from helmsight.errors import status_of
from helmsight.evals.machine import Machine
from helmsight.hardware.emulators import emulate

HERE = "http://127.0.0.1:8765"
SWING = [{"do": "joints", "joints": [side, None, None, None, None, None]} for side in (1.8, -1.8)]
STEPS, SPECTATORS, ROUNDS = 60, 10, 3


def stop_ms(folder: Path) -> float:
    """Return how long one stop of a moving arm took, ms."""
    pages = Pages(folder)
    browser = TestClient(
        application(pages), base_url=HERE, headers={"origin": HERE, KEY: pages.rules.key}
    )
    answers = folder / "answers.txt"
    answers.write_text("\n".join(map(json.dumps, SWING)), encoding="utf-8")
    desk = Desk(folder / "run")
    with emulate("so101") as arm:

        def operate() -> None:
            with suppress(helmsight.Error):  # that it was stopped
                helmsight.fly(
                    "helmsight/Robot-v0", f"scripted:{answers}", observation="telemetry",
                    world_options={"robot": "so101", "port": arm.port, "camera": "none"},
                    out=folder / "run", video=False, listeners=[desk], crew=desk,
                    agree=lambda what: None,
                )  # fmt: skip

        thread = threading.Thread(target=operate)
        thread.start()
        while not desk.record:
            time.sleep(0.01)
        time.sleep(0.3)
        began = time.perf_counter()
        answer = browser.post("/act/run", json={"id": "1", "by": "a person", "do": "stop"}).json()
        spent = (time.perf_counter() - began) * 1e3
        thread.join()
    if not answer["ok"]:
        raise SystemExit(f"the stop was not carried out: {answer['said']}")
    return spent


def step_ms(folder: Path, spectators: int) -> float:
    """Return the processor time of the loop for a step of the twin, ms, `spectators` looking on."""
    watchers: list[subprocess.Popen[str]] = []
    desk = Desk(folder / "run")
    desk.paused = "the benchmark"
    ends: list[float] = []

    class Clock:
        def start(self, spec: Any) -> None:
            pass

        def step(self, record: Any, frame: Any) -> None:
            ends.append(time.thread_time())

        def finish(self, reason: str, summary: Any) -> None:
            pass

    def fly() -> None:
        helmsight.fly(
            "PE1-E1-I1", "naive", steps=STEPS, time="paused", observation="frame+telemetry",
            out=folder / "run", video=False, listeners=[desk, Clock()], crew=desk,
        )  # fmt: skip

    thread = threading.Thread(target=fly)
    thread.start()
    while not (folder / "run" / "run.json").exists():
        time.sleep(0.01)
    if spectators:
        code = WATCH.format(folder=str(folder), spectators=spectators)
        watchers.append(
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        )
        assert watchers[0].stdout is not None
        watchers[0].stdout.readline()
    desk.order({"id": "go", "do": "resume"})
    thread.join()
    for watcher in watchers:
        watcher.kill()
    return (ends[-1] - ends[0]) / (len(ends) - 1) * 1e3


WATCH = """
import asyncio, sys
from pathlib import Path
from helmsight.console.live import _events
from helmsight.console.links import Links
links = Links()
link = links.find(str(Path({folder!r}).resolve() / "run"))
links.settle(link)

async def look():
    async for event in _events(link, lambda: False):
        pass

async def all_look():
    print("looking", flush=True)
    await asyncio.gather(*[look() for _ in range({spectators})])

asyncio.run(all_look())
"""


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what was measured."""
    stops: list[float] = []
    alone: list[float] = []
    watched: list[float] = []
    with TemporaryDirectory() as folder:
        os.environ[HOME] = str(Path(folder, "desks"))
        for number in range(arguments.n):
            Path(folder, f"stop{number}").mkdir()
            stops.append(stop_ms(Path(folder, f"stop{number}")))
        for number in range(ROUNDS):
            for spectators, times in ((0, alone), (SPECTATORS, watched)):
                place = Path(folder, f"look{number}-{spectators}")
                place.mkdir()
                times.append(step_ms(place, spectators))
    return {
        "n": len(stops),
        "stop_ms_p50": float(np.percentile(stops, 50)) if stops else None,
        "stop_ms_p99": float(np.percentile(stops, 99)) if stops else None,
        "step_ms_alone": alone,
        "step_ms_watched": watched,
        "watched_over_alone": float(np.median(watched) / np.median(alone)),
        "machine": Machine.here().to_dict(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20, help="stops")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    found = measure(arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    for name, value in found.items():
        print(f"{name:<20} {value}")


if __name__ == "__main__":
    sys.exit(status_of(main))
