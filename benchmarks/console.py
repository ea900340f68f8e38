"""Measures the operator's console as people use it: the command, a browser's requests, a browser.

    python benchmarks/console.py --json console.json
    python benchmarks/console.py --only stops,kills --n 20

stops: an emulated arm swings from side to side, and a browser orders "stop" of the console, which
passes it to the run: three processes. Measured is the time to the answer, which comes once
standstill was read back; the emulator is asked whether it stands.
spectators: a flight on the twin in blocks of steps, in turns with nobody there and with ten who
have its news and its pictures from a console. Measured is the ratio of the processor time of the
loop's thread a step, and of the time by the clock, in which the ten take processors from the loop.
index: a console that was just started opens an index of 1,000 runs.
scrub: Chromium scrubs over a run of 2,000 steps, one after the other and to and fro.
kills: a person flies, and console, browser or network go away at random moments of their orders;
each is sent again under its number. Counted are commands that were lost, doubled or another.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import helmsight
from helmsight.cli.running import BRISK_S
from helmsight.console.desk import Desk
from helmsight.console.gate import KEY
from helmsight.console.wire import HOME
from helmsight.contract.record import Listener
from helmsight.errors import status_of
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.machine import Machine
from helmsight.hardware.emulators import emulate
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder

MAIN = "from helmsight.cli import main; main()"
SWING = [{"do": "joints", "joints": [side, None, None, None, None, None]} for side in (1.8, -1.8)]
SPECTATORS, BLOCK, BLOCKS = 10, 40, 10
FLIGHT = 10  # blocks of one flight, which a scenario's time bounds
RUNS, STARTS = 1000, 5
STEPS, SEEKS = 2000, 300
HANG_S = 120.0
ASKED = {
    "stops": "p99 at most 150 ms", "spectators": "at most 1.02", "index": "at most 1 s",
    "scrub": "at least 30 pictures a second", "kills": "none lost, doubled or another",
}  # fmt: skip


class Console:
    """`helmsight console` in a process of its own, and a browser's way to it."""

    def __init__(self, runs: Path) -> None:
        words = ["console", "--runs", str(runs), "--port", "0", "--json"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *words], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = json.loads(self.process.stdout.readline())["address"].rstrip("/")
        self.host = self.address.partition("//")[2]
        self.key = ""

    def get(self, path: str) -> str:
        """Return a page."""
        link = HTTPConnection(self.host, timeout=HANG_S)
        link.request("GET", path)
        return link.getresponse().read().decode()

    def open(self) -> HTTPConnection:
        """Return the connection of a browser whose page is open."""
        found = re.search(r'name="key" content="([^"]+)"', self.get("/start"))
        assert found is not None
        self.key = found[1]
        link = HTTPConnection(self.host, timeout=HANG_S)
        link.connect()
        return link

    def post(self, link: HTTPConnection, order: dict[str, Any]) -> dict[str, Any]:
        """Order something of the run called "run", and return the answer."""
        headers = {"origin": self.address, KEY: self.key, "content-type": "application/json"}
        link.request("POST", "/act/run", json.dumps({"by": "ann", **order}), headers)
        answer: dict[str, Any] = json.loads(link.getresponse().read())
        return answer

    def watch(self, sign: bytes = b'"steps"') -> HTTPConnection:
        """Return a connection whose news of the run called "run" had `sign` in it."""
        end = time.monotonic() + HANG_S
        while time.monotonic() < end:
            link = HTTPConnection(self.host, timeout=HANG_S)
            link.request("GET", "/live/run")
            if (answer := link.getresponse()).status == 200:
                while sign not in answer.readline():
                    pass
                threading.Thread(target=self._look, args=(answer,), daemon=True).start()
                return link
            time.sleep(0.01)
        raise InvalidPlan("the run was not found by the console")

    def _look(self, news: Any) -> None:
        link, shown = HTTPConnection(self.host, timeout=HANG_S), ""
        with suppress(OSError, HTTPException, ValueError, AttributeError):
            while line := news.readline():
                found = re.search(rb'"picture":(\d+)', line)
                if found and (number := found[1].decode()) != shown:
                    shown = number
                    link.request("GET", f"/now/run?n={number}")
                    link.getresponse().read()

    def close(self) -> None:
        """End it, as a kill does."""
        self.process.kill()
        self.process.wait()


class Pilot:
    """A process in which runs are flown one after the other, with a desk, on its main thread."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--fly"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def tell(self, what: Any) -> None:
        """Say something, a line of JSON."""
        assert self.process.stdin is not None
        print(json.dumps(what), file=self.process.stdin, flush=True)

    def hear(self) -> Any:
        """Return what it says next."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Blocks:
    """A listener that tells the times of every `BLOCK` steps, and goes on when it is told to."""

    def start(self, spec: Any) -> None:
        """Begin a block."""
        self._ends: list[tuple[float, float]] = []

    def step(self, record: Any, frame: Any) -> None:
        """Keep when a step ended, by the processor and by the clock, s."""
        self._ends.append((time.thread_time(), time.perf_counter()))
        if len(self._ends) > BLOCK:
            said(np.diff(self._ends, axis=0).tolist())
            sys.stdin.readline()
            self._ends = [(time.thread_time(), time.perf_counter())]

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Nothing is left."""


def fly() -> None:
    """Fly what is asked for on standard input, run after run."""
    sys.setswitchinterval(BRISK_S)  # as the commands do
    for line in sys.stdin:
        job = json.loads(line)
        out = Path(job.pop("out"))
        desk = Desk(out)
        listeners: list[Listener] = [desk]
        if job.pop("blocks", False):
            listeners.append(Blocks())
        try:
            helmsight.fly(
                **job, out=out, video=False, listeners=listeners, crew=desk,
                agree=lambda what: None,
            )  # fmt: skip
        except (helmsight.Error, KeyboardInterrupt) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
        said("over")


def said(what: Any) -> None:
    """Say a line of JSON on standard output."""
    print(json.dumps(what), flush=True)


@contextmanager
def flown(runs: Path) -> Iterator[tuple[Pilot, Console]]:
    """Yield a pilot and a console of the folder `runs`."""
    pilot, console = Pilot(), Console(runs)
    try:
        yield pilot, console
    finally:
        pilot.close()
        console.close()


def until(holds: Callable[[], Any], what: str) -> Any:
    """Return what `holds` returns once that is something."""
    end = time.monotonic() + HANG_S
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.002)
    raise InvalidPlan(f"{what}: not within {HANG_S:g} s")


def stops(folder: Path, n: int) -> dict[str, Any]:
    """Return the times of stops from the page to confirmed standstill, ms."""
    answers = folder / "answers.txt"
    answers.write_text("\n".join(map(json.dumps, SWING)), encoding="utf-8")
    times, moved, chance = [], 0, Random(20)
    with flown(folder) as (pilot, console):
        for _ in range(n):
            shutil.rmtree(folder / "run", ignore_errors=True)
            with emulate("so101") as arm:
                world = {"robot": "so101", "port": arm.port, "camera": "none"}
                pilot.tell({
                    "scenario": "helmsight/Robot-v0", "pilot": f"scripted:{answers}",
                    "observation": "telemetry", "world_options": world, "out": str(folder / "run"),
                })  # fmt: skip
                until((folder / "run" / "run.json").exists, "the session has begun")
                watching, browser = console.watch(), console.open()
                until(lambda: not arm.device.standing, "the arm moves")
                time.sleep(chance.random() * 0.4)
                moved += not arm.device.standing
                began = time.perf_counter()
                answer = console.post(browser, {"id": "stop", "do": "stop"})
                times.append((time.perf_counter() - began) * 1e3)
                if not answer["ok"] or not arm.device.standing:
                    raise InvalidPlan(f"it was not stopped: {answer['said']}")
                pilot.hear()
                watching.close()
    return {**spread(times), "unit": "ms", "moving_when_asked": moved}


def spectators(folder: Path, n: int) -> dict[str, Any]:
    """Return what ten spectators make of the time of a step, as ratios of medians."""
    alone: list[Any] = []
    watched: list[Any] = []
    pilot = Pilot()
    try:
        for number in range(2 * n):
            if number % FLIGHT == 0:
                shutil.rmtree(folder / "run", ignore_errors=True)
                pilot.tell({
                    "scenario": "PE1-E1-I1", "pilot": "naive", "observation": "frame+telemetry",
                    "time": "paused", "steps": FLIGHT * BLOCK + 1, "out": str(folder / "run"),
                    "blocks": True,
                })  # fmt: skip
                alone += pilot.hear()
            elif number % 2:
                console = Console(folder)
                for _ in range(SPECTATORS):
                    console.watch()
                pilot.tell("go")
                watched += pilot.hear()
                console.close()
            else:
                pilot.tell("go")
                alone += pilot.hear()
            if number % FLIGHT == FLIGHT - 1 and number + 1 < 2 * n:
                pilot.tell("go")  # a last step, and the flight is over
                pilot.hear()
    finally:
        pilot.close()
    (own, clock), (own_watched, clock_watched) = (np.median(t, axis=0) for t in (alone, watched))
    return {
        "n": len(watched), "step_ms_alone": own * 1e3, "step_ms_watched": own_watched * 1e3,
        "processor_ratio": own_watched / own, "clock_ratio": clock_watched / clock,
        "step_ms_p25_p75": [
            [float(np.percentile(np.array(t)[:, 0], q) * 1e3) for q in (25, 75)]
            for t in (alone, watched)
        ],
    }  # fmt: skip


def index(folder: Path, n: int) -> dict[str, Any]:
    """Return how long an index of `RUNS` runs takes to open, first by a new console, s."""
    helmsight.fly(
        "PE1-E1-I1", "naive", steps=20, time="paused", out=folder / "r0", video=False,
        observation="telemetry",
    )  # fmt: skip
    for number in range(1, RUNS):
        shutil.copytree(folder / "r0", folder / f"r{number}")
    first: list[float] = []
    again: list[float] = []
    for _ in range(n):
        console = Console(folder)
        console.get("/start")  # what is imported once is
        for times in (first, again):
            began = time.perf_counter()
            page = console.get("/")
            times.append(time.perf_counter() - began)
            assert page.count('href="/run/r') == RUNS
        console.close()
    return {**spread(first), "unit": "s", "again_p50": float(np.median(again))}


SCRUB = """async ([order, steps]) => {
  const film = document.getElementById("film"), cursor = document.getElementById("cursor");
  const began = performance.now();
  for (const at of order) {
    const shown = new Promise(done => film.addEventListener("seeked", done, { once: true }));
    cursor.value = at % steps;
    cursor.dispatchEvent(new Event("input"));
    await shown;
  }
  return order.length / (performance.now() - began) * 1e3;
}"""


def scrub(folder: Path, n: int) -> dict[str, Any]:
    """Return how many pictures a second Chromium shows of a run of `STEPS` steps."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if chromium is None:
        raise InvalidPlan("scrub: no Chromium is installed; leave it out with --only")
    filmed(folder / "long")
    console = Console(folder)
    chance = Random(20)
    orders = {
        "one_by_one": list(range(n)),
        "to_and_fro": [chance.randrange(STEPS) for _ in range(n)],
    }
    try:
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{console.address}/run/long")
            rows = "document.querySelectorAll('#steps tbody tr').length"
            until(lambda: page.evaluate(rows) == STEPS, "the steps are there")
            ready = "document.getElementById('film').readyState"
            until(lambda: page.evaluate(ready) >= 2, "the film is there")
            found = {name: page.evaluate(SCRUB, [order, STEPS]) for name, order in orders.items()}
            browser.close()
    finally:
        console.close()
    return {"n": n, "unit": "pictures a second", **found}


def filmed(folder: Path) -> None:
    """Record a run of `STEPS` steps with a film, out of a shorter flight."""
    seen: list[Any] = []

    class Kept:
        def start(self, spec: Any) -> None:
            self.spec = spec

        def step(self, record: Any, frame: Any) -> None:
            seen.append((record, frame))

        def finish(self, reason: str, summary: dict[str, Any]) -> None:
            self.summary = summary

    kept = Kept()
    helmsight.fly(
        "PE1-E1-I2", "rendezvous", steps=100, time="paused", observation="frame+telemetry",
        listeners=[kept],
    )  # fmt: skip
    recorder = Recorder(folder, frames=False, page=False)
    recorder.start(kept.spec)
    for number in range(STEPS):
        record, frame = seen[min(number % 200, 199 - number % 200)]
        recorder.step(replace(record, index=number, stamp=0.5 * number), frame)
    recorder.finish("steps", {**kept.summary, "steps": STEPS})


def kills(folder: Path, n: int) -> dict[str, Any]:
    """Return what became of commands whose console, browser or network went away meanwhile."""
    chance, counts = Random(20), {"console": 0, "browser": 0, "network": 0}
    words = [
        "fly", "PE1-E1-I1", "--pilot", "naive", "--time", "paused", "--observation", "telemetry",
        "--no-video", "--console", "--json", "--out", str(folder / "run"), "--approve",
    ]  # fmt: skip
    run = subprocess.Popen(
        [sys.executable, "-c", MAIN, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    console = Console(folder)
    try:
        console.watch(b'"waiting":{')
        console.post(console.open(), {"id": "take", "do": "take over"})
        steps = 1  # whoever takes the helm refuses the command that waited, which is a step
        until(lambda: lines(folder / "run") == steps, "the run waits for a person's command")
        for number in range(n):
            kind = chance.choice(list(counts))
            counts[kind] += 1
            order = {"id": f"kill {number}", "do": "fly", "command": burn(number)}
            went = cut(console, order, kind, chance.random() * 0.012)
            console = Console(folder) if went else console
            until(partial(asked_again, console, order), "the order is answered")
            until(
                lambda: lines(folder / "run") > steps + number,  # noqa: B023
                "the command is flown once",
            )
        goes_on = run.poll() is None
        console.post(console.open(), {"id": "stop", "do": "stop"})
        run.wait(HANG_S)
    finally:
        console.close()
        run.kill()
    flown_ = [record.applied for record in load_run(folder / "run").records[steps:]]
    wanted = [burn(number) for number in range(n)]
    return {
        "n": n, "kills": counts, "flown": len(flown_), "wrong": sum(
            any(abs(got[key] - asked[key]) > 1e-9 for key in ("forward", "right", "down"))
            for got, asked in zip(flown_, wanted, strict=False)
        ) + abs(len(flown_) - n), "went_on": goes_on,
    }  # fmt: skip


def burn(number: int) -> dict[str, Any]:
    """Return a command that no other number has."""
    right = 0.001 * (number + 1)
    return {"forward": 0.0, "right": right, "down": 0.0, "duration": 0.5, "frame": "body"}


def lines(run: Path) -> int:
    """Return how many steps are written down."""
    return (run / "steps.jsonl").read_bytes().count(b"\n")


def cut(console: Console, order: dict[str, Any], kind: str, after_s: float) -> bool:
    """Send an order, and have something go away after so many seconds; return if the console did.

    A browser that is killed resets its connection, a network that fails closes both ways.
    """
    link = console.open()
    below = link.sock

    def end() -> None:
        if kind == "console":
            console.process.kill()
        elif kind == "browser":
            below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            below.close()
        else:
            below.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(after_s, end)
    timer.start()
    with suppress(OSError, HTTPException, ValueError):
        console.post(link, order)
    timer.join()
    if kind == "console":
        console.process.wait()
    return kind == "console"


def asked_again(console: Console, order: dict[str, Any]) -> bool:
    """Return whether an order that is sent once more, under its number, was carried out."""
    with suppress(OSError, HTTPException, ValueError):
        return bool(console.post(console.open(), order)["ok"])
    return False


def spread(values: list[float]) -> dict[str, Any]:
    """Return number, quartiles, 99th percentile and maximum."""
    return {"n": len(values), "max": max(values)} | {
        f"p{q}": float(np.percentile(values, q)) for q in (25, 50, 75, 99)
    }


PARTS: dict[str, tuple[Callable[[Path, int], dict[str, Any]], int]] = {
    "stops": (stops, 200), "spectators": (spectators, BLOCKS), "index": (index, STARTS),
    "scrub": (scrub, SEEKS), "kills": (kills, 50),
}  # fmt: skip


def measure(names: list[str], n: int | None = None) -> dict[str, Any]:
    """Return what was measured, part by part; `n` instead of each part's own number."""
    found: dict[str, Any] = {"machine": Machine.here().to_dict()}
    for name in names:
        work, usual = PARTS[name]
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            os.environ[HOME] = str(Path(folder, "desks"))
            runs = Path(folder, "runs")
            runs.mkdir()
            found[name] = {"asked": ASKED[name], **work(runs, n or usual)}
        print(f"{name}: {json.dumps(found[name])}", flush=True)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--n", type=int, help="of each part, instead of its own")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--fly", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fly:
        fly()
        return
    names = arguments.only.split(",")
    if unknown := set(names) - PARTS.keys():
        raise InvalidPlan(f"--only {', '.join(unknown)}: the parts are {', '.join(PARTS)}")
    found = measure(names, arguments.n)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    for line in Machine.here().lines():
        print(line)


if __name__ == "__main__":
    sys.exit(status_of(main))
