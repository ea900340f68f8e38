"""Ends commands at random moments, goes on with them, and compares with runs that nobody ended.

    python benchmarks/resume.py --kills 100 --terms 40 --json resume.json
    python benchmarks/resume.py --only fly,spatial --kills 20 --terms 8

Every command is run once undisturbed, and then again and again in a process of its own that gets
SIGKILL or SIGTERM: a fifth of the times while it starts, half of them in its middle, the others
while it writes its end. It is then gone on with as its help says, and three times in ten hit once
more before it may end. What is left is held against the undisturbed run, times aside: steps,
frames, page, answers, flights, rows, looks.

unread: after how many signals something could not be read. lost, more, differs: how often something
was so in the end. stuck: how often it could not be gone on with. left: how often a process outlived
its command. badly: how often SIGTERM was answered by another status than 143, or after over 30 s.

An emulated arm goes from place to place, each further than the one before: a command that is given
again after a signal would lead it back. An inspection makes no look again and leaves no part out.
Ctrl-C or SIGTERM ends the benchmark with what it has by then.

What is gone on with by a world that runs by itself is not the same to the digit, and not compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from helmsight.contract.signals import as_ctrl_c
from helmsight.contract.textfiles import read_lines, read_text
from helmsight.errors import status_of
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.figures import keep, say
from helmsight.evals.machine import Machine
from helmsight.evals.store import PARQUET, read_rows
from helmsight.evals.tables import table
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.testing.killing import (
    FAULTS,
    KILL,
    MOMENTS,
    TERM,
    Command,
    Hits,
    Trials,
    Unit,
    finish,
)
from helmsight.tools.player import load_run

KILLS, TERMS = 100, 40
SCENARIO, SEED = "PE1-E3-I3", 4
PARTS = ("dish", "mast")  # of an inspection
PLACES, BACK = 10, 0.02  # that an arm goes to; rad by which a way is one back
ANSWERS = """{"forward": 1, "right": 0, "down": 0}
{"forward": 0, "right": -1, "down": 0.2}
I cannot say.
{"forward": 0.5, "right": 0, "down": 0, "duration": 1.5}
"""
SUITE = """name: killed
pilots: [naive, "scripted:{answers}"]
scenarios: [PE1-E1-I2]
seeds: 2
times: ["fixed:0.5"]
max_steps: 12
record: all
"""
SHARES = {
    "fly rendezvous": 0.14,
    "fly scripted": 0.14,
    "fly bundled": 0.08,
    "replay --pilot": 0.10,
    "spatial": 0.14,
    "latency": 0.12,
    "evaluate": 0.12,
    "inspect": 0.08,
    "operate": 0.08,
}  # of all signals
COLUMNS = (
    "command", "SIGKILL", "SIGTERM", *MOMENTS, "again", *FAULTS, "TERM s", "run s", "held",
)  # fmt: skip


class Fly(Command):
    """A flight on the twin, filmed."""

    def __init__(self, root: Path, pilot: str, steps: int) -> None:
        super().__init__(root)
        self.name = f"fly {pilot}"
        self._pilot = f"{pilot}:{answered(root)}" if pilot == "scripted" else pilot
        self._steps = steps

    def begin(self, folder: Path) -> Sequence[object]:
        return (
            "fly", SCENARIO, "--pilot", self._pilot, "--seed", SEED, "--time", "paused",
            "--steps", self._steps, "--out", folder,
        )  # fmt: skip

    def go_on(self, folder: Path) -> Sequence[object]:
        return ("resume", folder) if (folder / "run.json").is_file() else self.begin(folder)

    def units(self, folder: Path) -> list[Unit]:
        return flown(folder)


class Replay(Command):
    """Another pilot's opinion of a run, which is read only."""

    name, log, begun = "replay --pilot", "", "../flown/run.json"

    def begin(self, folder: Path) -> Sequence[object]:
        return ("replay", self.root / "flown", "--pilot", "naive", "--json")

    def done(self, folder: Path) -> int:
        return 0

    def units(self, folder: Path) -> list[Unit]:
        files = sorted(path for path in (self.root / "flown").rglob("*") if path.is_file())
        return [(path.name, digest(path.read_bytes())) for path in files]

    @contextmanager
    def scene(self, folder: Path) -> Iterator[None]:
        if not (self.root / "flown").exists():
            finish(Fly(self.root, "rendezvous", 20).begin(self.root / "flown"))
        yield


class Spatial(Command):
    """Every question of a data set, put to an oracle that errs."""

    name, log, begun = "spatial", "answers.jsonl", "answers.jsonl"

    def begin(self, folder: Path) -> Sequence[object]:
        data = self.root / "data"
        if not data.exists():
            finish(("spatial", "generate", "--out", data, "--n", 24, "--valid", 8, "--size", 96))
        return (
            "spatial", data / "test.jsonl", "--pilot", "oracle:flips=0.15", "--swaps", 6,
            "--out", folder,
        )  # fmt: skip

    def units(self, folder: Path) -> list[Unit]:
        found: list[Unit] = []
        for line in whole_lines(folder / self.log)[1:]:
            told = json.loads(line)
            del told["seconds"]
            name = f"answer {told['question']} {told['strategy']} {told['swapped']}"
            found.append((name, digest(json.dumps(told).encode())))
        if (folder / "report.md").is_file():
            found.append(("report", str(bool(read_text(folder / "report.md")))))
        return found


class Latency(Command):
    """A sweep of delays, two flights side by side."""

    name, log, begun = "latency", "", "fixed-0.json"

    def begin(self, folder: Path) -> Sequence[object]:
        return (
            "latency", SCENARIO, "--pilot", "rendezvous", "--delays", "0,1", "--seeds", 2,
            "--steps", 60, "--workers", 2, "--out", folder,
        )  # fmt: skip

    def done(self, folder: Path) -> int:
        files = folder.glob("fixed-*.json")
        return sum(path.read_bytes().count(b'"cell"') for path in files)

    def units(self, folder: Path) -> list[Unit]:
        import cv2

        found: list[Unit] = []
        for path in sorted(folder.glob("fixed-*.json")):
            for flight in json.loads(read_text(path))["flights"]:
                for measured in ("wall_s", "think_ms"):
                    del flight[measured]
                name = f"flight {path.stem} {flight['cell']}"
                found.append((name, digest(json.dumps(flight).encode())))
        if (folder / "latency.png").is_file():
            picture = cv2.imread(str(folder / "latency.png"))
            assert picture is not None, "latency.png is no picture"
            found.append(("picture", ""))
        return found


class Evaluate(Command):
    """A suite of recorded flights, two side by side."""

    name, log, begun = "evaluate", "rows.jsonl", "rows.jsonl"

    def begin(self, folder: Path) -> Sequence[object]:
        suite = self.root / "suite.yaml"
        suite.write_text(SUITE.format(answers=answered(self.root)), encoding="utf-8")
        return ("evaluate", suite, "--workers", 2, "--resume", "--out", folder)

    def units(self, folder: Path) -> list[Unit]:
        lines = whole_lines(folder / self.log)
        found = [(f"row {json.loads(line)['key']}", "") for line in lines]
        if not found:
            return []
        for row in read_rows(folder):
            told = json.dumps(row.outcome(), sort_keys=True)
            found.append((f"outcome {row.key}", digest(told.encode())))
            if row.run:
                found += [(f"{row.key} {name}", what) for name, what in flown(folder / row.run)]
        if (folder / PARQUET).is_file():
            found += [(f"column {row.key}", row.status) for row in read_rows(folder / PARQUET)]
        pages = [path for path in folder.glob("*/index.html") if read_text(path)]
        return found + [(f"page {path.parent.name}", "") for path in pages]


class Inspect(Command):
    """An inspection in the emulated cell, whose report is made again where its end was hit."""

    name = "inspect"

    def begin(self, folder: Path) -> Sequence[object]:
        return (
            "inspect", "--pilot", "coverage", "--seed", 0, "--parts", ",".join(PARTS),
            "--no-video", "--out", folder,
        )  # fmt: skip

    def go_on(self, folder: Path) -> Sequence[object]:
        if not (folder / "run.json").is_file():
            return self.begin(folder)
        run = load_run(folder)
        ended = run.summary is not None and run.reason not in ("interrupted", "steps")
        whole = ended and not run.unfinished
        return ("inspect", "--report", folder) if whole else ("resume", folder)

    def units(self, folder: Path) -> list[Unit]:
        run = load_run(folder)
        looks = [record.applied["view"] for record in run.records if record.applied["do"] == "look"]
        found = [(f"look {view}", "") for view in looks]
        if (folder / "inspection.json").is_file():
            parts = json.loads(read_text(folder / "inspection.json"))["parts"]
            found += [(f"part {part['part']}", "") for part in parts]
            papers = [folder / name for name in ("inspection.pdf", "inspection.html")]
            ends = (paper.read_bytes() for paper in papers if paper.is_file())
            found += [("paper", str(data[-6:].strip())[:9]) for data in ends if data]
        return found


class Operate(Command):
    """An emulated arm that a scripted model leads from place to place."""

    name = "operate"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._arm: Emulation | None = None
        self._along = [round(0.1 + 0.09 * number, 2) for number in range(PLACES)]
        places = [f'{{"do": "joints", "joints": [{place}{", null" * 5}]}}' for place in self._along]
        self._answers = root / "places.txt"
        text = "\n".join([*places, '{"do": "done"}', ""])
        self._answers.write_text(text, encoding="utf-8")

    @contextmanager
    def scene(self, folder: Path) -> Iterator[None]:
        with emulate("so101") as self._arm:
            yield

    def begin(self, folder: Path) -> Sequence[object]:
        assert self._arm is not None
        return (
            "operate", "--robot", "so101", "--port", self._arm.port, "--camera", "none", "--yes",
            "--pilot", f"scripted:{self._answers}", "--out", folder,
        )  # fmt: skip

    def go_on(self, folder: Path) -> Sequence[object]:
        started = (folder / "run.json").is_file()
        return ("resume", folder, "--yes") if started else self.begin(folder)

    def units(self, folder: Path) -> list[Unit]:
        assert self._arm is not None
        moves = [e.positions[0] for e in self._arm.device.journal if e.kind == "move"]
        back = [(then, now) for then, now in pairwise(moves) if now < then - BACK]
        commands = [record.command["joints"] for record in load_run(folder).records]
        reached = {joints[0] for joints in commands if joints is not None}
        told = [(f"place {place}", "") for place in sorted(reached)]
        return told + [(f"back from {then:.3f} to {now:.3f}", "") for then, now in back]


def commands(root: Path) -> list[Command]:
    """Return the commands that are hit."""
    flights = {"rendezvous": 40, "scripted": 40, "bundled": 20}
    filmed = [Fly(root, pilot, steps) for pilot, steps in flights.items()]
    others = (Replay, Spatial, Latency, Evaluate, Inspect, Operate)
    return [*filmed, *(kind(root) for kind in others)]


def answered(root: Path) -> Path:
    """Return a file with the answers of a scripted model."""
    answers = root / "answers.txt"
    answers.write_text(ANSWERS, encoding="utf-8")
    return answers


def digest(data: bytes) -> str:
    """Return what tells `data` from other data, in short."""
    return hashlib.sha256(data).hexdigest()[:12]


def whole_lines(log: Path) -> list[str]:
    """Return the lines of a log without a last one that a kill has cut off."""
    if not log.is_file():
        return []
    lines = read_lines(log)
    return lines if log.read_bytes().endswith(b"\n") else lines[:-1]


def flown(folder: Path) -> list[Unit]:
    """Return what the folder of a flight on the twin holds."""
    import av

    run = load_run(folder)
    found: list[Unit] = []
    for line in whole_lines(folder / "steps.jsonl")[: len(run.records)]:
        step = json.loads(line)
        del step["times"]
        for call in step.get("calls", ()):
            call.pop("seconds", None)
        found.append((f"step {step['index']}", digest(json.dumps(step).encode())))
    found += [
        (f"frame {number}", digest(frame.tobytes())) for number, frame in enumerate(run.frames())
    ]
    if run.summary is None or run.reason == "interrupted":
        return found
    told = {key: run.summary.get(key) for key in ("reason", "steps", "score", "success")}
    found.append(("summary", json.dumps(told)))
    if not run.unfinished:
        problems = run.summary["recording"].get("problems", {})
        found += [(f"problem {part}", why) for part, why in problems.items()]
        if (folder / "video.mp4").is_file():
            with av.open(str(folder / "video.mp4")) as video:
                found.append(("film", str(sum(1 for _ in video.decode(video=0)))))
        read_text(folder / "index.html")
        found += [(f"plot {path.stem}", "") for path in (folder / "plots").iterdir()]
    return found


def words(hits: Hits) -> tuple[str, ...]:
    """Return what came of the signals to a command, one entry for each of COLUMNS."""
    counts = (hits.kills, hits.terms, *hits.moments.values(), hits.again)
    leaves = f"{max(hits.leaves_s):.1f}" if hits.leaves_s else "-"
    return (
        hits.command, *map(str, counts), *(str(len(hits.found[fault])) for fault in FAULTS),
        leaves, f"{sum(hits.seconds):.1f}", "yes" if hits.held else "NO",
    )  # fmt: skip


def measure(kills: int, terms: int, only: Sequence[str], seed: int) -> Iterator[list[Hits]]:
    """Hit the commands in turn; yield what came of it so far, whenever one has been hit."""
    taken: list[Hits] = []
    with TemporaryDirectory(prefix="helmsight-") as name:
        turns: list[Iterator[Hits]] = []
        for number, command in enumerate(commands(Path(name))):
            if not only or command.name.partition(" ")[0] in only:
                share = 1.0 if only else SHARES[command.name]
                signals = [KILL] * round(share * kills) + [TERM] * round(share * terms)
                draw = np.random.default_rng((seed, number))
                draw.shuffle(signals)
                turns.append(hit(command, Path(name) / str(number), signals, draw))
        while turns:
            for turn in list(turns):
                hits = next(turn, None)
                if hits is None:
                    turns.remove(turn)
                    continue
                if hits not in taken:
                    taken.append(hits)
                yield taken


def hit(
    command: Command, root: Path, signals: Sequence[int], draw: np.random.Generator
) -> Iterator[Hits]:
    """Yield what came of the signals to a command, after each of them."""
    if signals:
        root.mkdir()
        trials = Trials(command, root, draw)
        for number, sent in enumerate(signals):
            trials.run(number, sent)
            say(f"{command.name}: {number + 1} of {len(signals)}")
            yield trials.hits


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=KILLS, help=f"SIGKILLs in all ({KILLS})")
    parser.add_argument("--terms", type=int, default=TERMS, help=f"SIGTERMs in all ({TERMS})")
    parser.add_argument("--only", default="", help="these commands, and so many each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args(arguments)
    if min(options.kills, options.terms) < 0 or sys.platform == "win32":
        raise InvalidPlan("expected --kills and --terms from 0 on, and a system with signals")
    machine = Machine.here()
    taken: list[Hits] = []
    only = options.only.split(",") if options.only else []
    with as_ctrl_c(), suppress(KeyboardInterrupt):  # what there is so far is told
        for so_far in measure(options.kills, options.terms, only, options.seed):
            taken = so_far
    date = f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    lines = (*machine.lines(), f"Date: {date}. Seed: {options.seed}. Load in the end: {load}.")
    print(*lines, sep="\n", end="\n\n")
    print(table(COLUMNS, [words(hits) for hits in taken], markdown=options.markdown))
    for hits in taken:
        for fault, all_ in hits.found.items():
            for what in all_[:5]:
                print(f"{hits.command}: {fault}: {what}")
    if options.json is not None:
        keep(options.json, machine, date, commands=taken)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
