"""Kills flights at random moments, goes on with them, and compares with flights that nobody killed.

    python benchmarks/resume.py --json resume.json

Every flight is a process of its own that gets SIGKILL once its step log has a random number of
lines; `helmsight resume` is then killed as well, some times, before it may end. What is left has to
be the run that was not killed: the same steps, times aside, and the same frames.

With --inspections N an inspection in the emulated cell is killed N times as well (half a minute
each): no look may be made again, no part left out, and its report has to be there.

An emulated arm is killed and gone on with as well. It goes from place to place, each further than
the one before: a command that is given again after a kill would lead it back, and a place that is
left out would be missing in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from helmsight.contract.textfiles import read_text
from helmsight.errors import status_of
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.figures import Figure, add_options, figure, show
from helmsight.hardware.emulators import emulate
from helmsight.tools.player import first_difference, load_run

SCENARIO, SEED = "PE1-E3-I3", 4
KILLS = 10  # a pilot
PARTS, INSPECTING = ("dish", "mast", "panel A"), 9  # of an inspection; steps until it is killed
PLACES, BACK = 15, 0.02  # that an arm goes to; rad by which a way is one back
AGAIN = 0.3  # the share of kills that hit the resumed flight once more
WAIT_S = 120.0
ANSWERS = """{"forward": 1, "right": 0, "down": 0}
{"forward": 0, "right": -1, "down": 0.2}
I cannot say.
{"forward": 0.5, "right": 0, "down": 0, "duration": 1.5}
"""


def pilots(folder: Path) -> dict[str, int]:
    """Return three pilots, each with the steps that it flies: law, scripted model, bundled one."""
    answers = folder / "answers.txt"
    answers.write_text(ANSWERS, encoding="utf-8")
    return {"rendezvous": 150, f"scripted:{answers}": 120, "bundled": 60}


def helmsight(*arguments: object) -> subprocess.Popen[bytes]:
    """Start a command of ours in a process of its own."""
    code = "from helmsight.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for a command; raises InvalidPlan with its last words when it failed."""
    _, words = process.communicate(timeout=WAIT_S)
    if process.returncode:
        raise InvalidPlan(f"a flight failed: {words.decode(errors='replace').strip()[-300:]}")


def kill_at(process: subprocess.Popen[bytes], log: Path, lines: int, delay_s: float) -> bool:
    """Kill a flight a moment after its log has `lines` lines; return whether it had not ended."""
    deadline = time.monotonic() + WAIT_S
    while process.poll() is None and time.monotonic() < deadline:
        if log.is_file() and log.read_bytes().count(b"\n") >= lines:
            break
        time.sleep(0.002)
    time.sleep(delay_s)
    killed = process.poll() is None
    if killed:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return killed


def ended(folder: Path) -> bool:
    """Return whether the run in a folder has come to its end, at least to its summary."""
    return (folder / "summary.json").exists()


def differences(folder: Path, whole: Path, *, filmed: bool) -> tuple[int, int]:
    """Return 1 where the steps are not those of the whole run, and how many frames are not.

    filmed: whether its frames are all there; else only those that there are have to be the same.
    """
    there, then = load_run(folder), load_run(whole)
    frames = (zip_longest if filmed else zip)(there.frames(), then.frames())
    wrong = sum(a is None or b is None or not np.array_equal(a, b) for a, b in frames)
    return int(first_difference(folder, whole) is not None), wrong


def trial(pilot: str, steps: int, folder: Path, kills: int, draw: np.random.Generator) -> Figure:
    """Fly `pilot` once undisturbed and `kills` times with SIGKILL, and count what differs."""
    flight = ("fly", SCENARIO, "--pilot", pilot, "--seed", SEED, "--time", "paused")
    chosen: list[object] = ["--steps", steps, "--no-video"]
    if pilot == "rendezvous":  # reads telemetry: have its frames recorded, too
        chosen += ["--observation", "frame+telemetry"]
    whole = folder / "whole"
    finish(helmsight(*flight, *chosen, "--out", whole))
    wrong: list[float] = []
    for number in range(kills):
        cut = folder / f"cut-{number}"
        log, at = cut / "steps.jsonl", int(draw.integers(1, steps))
        begun = helmsight(*flight, *chosen, "--out", cut)
        killed = kill_at(begun, log, at, float(draw.uniform(0.0, 0.05)))
        if draw.random() < AGAIN and at < steps - 1 and not ended(cut):
            later = int(draw.integers(at, steps))
            killed = kill_at(helmsight("resume", cut), log, later, float(draw.uniform(0.0, 0.05)))
        # A kill in the middle of the end costs the frames that wait then, as the recorder says.
        filmed = not (killed and ended(cut))
        if not ended(cut):
            finish(helmsight("resume", cut))
        wrong.append(float(sum(differences(cut, whole, filmed=filmed))))
    name = pilot.partition(":")[0]
    return figure(f"{name}: steps and frames that differ", "a kill", wrong, 0.0, of="p99")


def places(folder: Path) -> tuple[str, list[float]]:
    """Return a model that leads an arm's first joint from place to place, and the places, rad."""
    along = [round(0.1 + 0.09 * number, 2) for number in range(PLACES)]
    lines = [
        f'{{"do": "joints", "joints": [{place}, null, null, null, null, null]}}' for place in along
    ]
    answers = folder / "places.txt"
    answers.write_text("\n".join([*lines, '{"do": "done"}', ""]), encoding="utf-8")
    return f"scripted:{answers}", along


def robot_trial(folder: Path, kills: int, draw: np.random.Generator) -> Figure:
    """Kill an operated arm `kills` times, and count moves that lead back and places left out."""
    pilot, along = places(folder)
    wrong: list[float] = []
    for number in range(kills):
        cut = folder / f"arm-{number}"
        with emulate("so101") as arm:
            robot = ("--robot", "so101", "--port", arm.port, "--camera", "none", "--yes")
            operated = helmsight("operate", *robot, "--pilot", pilot, "--out", cut)
            at, delay_s = int(draw.integers(1, PLACES)), float(draw.uniform(0.0, 0.3))
            kill_at(operated, cut / "steps.jsonl", at, delay_s)
            if not ended(cut):
                finish(helmsight("resume", cut, "--yes"))
            moves = [entry.positions[0] for entry in arm.device.journal if entry.kind == "move"]
        back = sum(then < before - BACK for before, then in pairwise(moves))
        commands = [record.command["joints"] for record in load_run(cut).records]
        reached = {joints[0] for joints in commands if joints is not None}
        wrong.append(float(back + len(set(along) - reached)))
    return figure("robot: moves given again, places left out", "a kill", wrong, 0.0, of="p99")


def inspection_trial(folder: Path, kills: int, draw: np.random.Generator) -> Figure:
    """Kill an inspection `kills` times, and count looks made again and parts that are left out."""
    wrong: list[float] = []
    for number in range(kills):
        cut = folder / f"inspection-{number}"
        begun = helmsight(
            "inspect", "--pilot", "coverage", "--seed", number, "--parts", ",".join(PARTS),
            "--no-video", "--out", cut,
        )  # fmt: skip
        at, delay_s = int(draw.integers(1, INSPECTING)), float(draw.uniform(0.0, 1.5))
        kill_at(begun, cut / "steps.jsonl", at, delay_s)
        before = load_run(cut).records
        finish(helmsight("inspect", "--report", cut) if ended(cut) else helmsight("resume", cut))
        after, report = load_run(cut).records, read_text(cut / "inspection.json")
        looks = [record.applied["view"] for record in after if record.applied["do"] == "look"]
        changed = sum(
            old.applied != new.applied
            for old, new in zip(before, after[: len(before)], strict=True)
        )
        missing = set(PARTS) - {part["part"] for part in json.loads(report)["parts"]}
        wrong.append(float(len(looks) - len(set(looks)) + changed + len(missing)))
    return figure("inspection: looks again, parts left out", "a kill", wrong, 0.0, of="p99")


def measure(scale: float = 1.0, inspections: int = 0) -> Iterator[Figure]:
    """Yield what differs after the kills of each pilot."""
    kills = max(1, round(KILLS * scale))
    with TemporaryDirectory(prefix="helmsight-") as name:
        for number, (pilot, steps) in enumerate(pilots(Path(name)).items()):
            folder = Path(name) / str(number)
            folder.mkdir()
            yield trial(pilot, steps, folder, kills, np.random.default_rng(number))
        yield robot_trial(Path(name), 2 * kills, np.random.default_rng(0))
        if inspections:
            yield inspection_trial(Path(name), inspections, np.random.default_rng(1))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(options)
    options.add_argument(
        "--inspections", type=int, default=0, help="killed, each half a minute (0)"
    )
    chosen = options.parse_args(arguments)
    show(measure(chosen.scale, chosen.inspections), chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
