"""Measures inspections: how right, how complete, how safe and how costly they are, by pilot.

    python benchmarks/inspection.py --processes 8 --results inspection.jsonl
    python benchmarks/inspection.py --faults drop=0.005,flip=0.005
    python benchmarks/inspection.py --pilots inspector --look adaptive,fixed --stress dim,blur
    python benchmarks/inspection.py --pilots coverage --seeds 10 --direct

Each seed is an emulated cell that no pilot was trained in: arm and turntable behind serial lines,
through supervisors and drivers, pictures through the camera class. That runs in real time: a look
takes 1.5 to 4 s and an inspection of some 20 looks about a minute, besides the pilot, so that 50
seeds and two pilots take about 100 minutes in one process. Processes wait most of the time: as
many as there are cores can be had, and pictures are then refused as stale if there are too few.
`--direct` puts joints where they are to be and draws a picture: some 15 s a seed for development,
no contacts, no line; it is NOT the measure of what an inspection must hold, and the table says so.

What is done is kept in `--results`, a line for each inspection, and not done again, unless
conditions, code or weights changed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from helmsight.errors import status_of
from helmsight.evals.inspection.tables import (
    COLUMNS,
    LEGEND,
    PAIRS,
    PAIRS_LEGEND,
    pairs,
    rows,
)
from helmsight.evals.inspection.trials import Conditions, Kept, plan_trials, run_trials
from helmsight.evals.machine import Machine
from helmsight.evals.naming import names
from helmsight.evals.tables import table

DIRECT = (
    "DIRECT: joints were put, without dynamics, serial line, supervisor or camera class; contacts "
    "are not measured. For development, not the measure of what must hold."
)


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the tables on standard output."""
    chosen = options(arguments)
    conditions = Conditions(chosen.faults, chosen.stress, chosen.budget_views, chosen.direct)
    conditions.world().close()  # what it cannot have is told before anything is loaded
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    trials = plan_trials(names(chosen.pilots), names(chosen.look), seeds)
    kept = Kept(chosen.results, conditions)
    machine, missing = Machine.here(), kept.missing(trials)
    print(f"{len(trials)} inspections, {len(missing)} of them to be made", file=sys.stderr)
    for trial, mark in run_trials(missing, conditions, chosen.processes):
        kept.add(trial, mark)
        print(
            f"{trial.name} seed {trial.seed}: {mark.reason}, {mark.right} of {mark.parts} right, "
            f"{mark.hits} hits, {mark.false} false, {mark.missed} missed, {mark.looks} looks, "
            f"{mark.touches} contacts, {mark.wall_s:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    results = kept.of(trials)
    print(*machine.lines(), sep="\n")
    print(f"Date: {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}. {describe(conditions)}")
    if conditions.direct:
        print(DIRECT)
    print("", table(COLUMNS, rows(results), markdown=chosen.markdown), "", LEGEND, sep="\n")
    if paired := pairs(results):
        print("", table(PAIRS, paired, markdown=chosen.markdown), "", PAIRS_LEGEND, sep="\n")


def describe(conditions: Conditions) -> str:
    """Return the conditions in words."""
    line = f"line with {conditions.faults}" if conditions.faults else "line without faults"
    stress = f"stress {conditions.stress}" if conditions.stress else "no stress"
    return f"At most {conditions.budget_views} looks, {line}, {stress}."


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the arguments, read."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--pilots", default="inspector,coverage", help="by name, with commas between")
    add("--look", default="", help="adaptive, fixed or both with a comma; inspectors only")
    add("--seeds", type=int, default=50, help="how many cells (50)")
    add("--first-seed", type=int, default=0, help="the first cell's (0)")
    add("--budget-views", type=int, default=24, help="looks that may be taken (24)")
    add("--faults", default="", help="of the arm's line, as drop=0.005,flip=0.005")
    add("--stress", default="", help='as "dim,blur,slip,missing:dish"')
    add("--direct", action="store_true", help="without dynamics and line, for development")
    add("--processes", type=int, default=1, help="inspections side by side (1)")
    add("--results", type=Path, help="file that is gone on with")
    add("--markdown", action="store_true", help="print tables as Markdown")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
