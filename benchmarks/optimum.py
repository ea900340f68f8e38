"""Prints how near pilots come to what a pursuit can be flown for, scenario by scenario.

    python benchmarks/optimum.py --pilots rendezvous,navball --seeds 10 --json optimum.json

For every scenario and seed plans that know the evader's burns beforehand are flown on the twin, the
bot in the loop (`helmsight.evals.optimum`); the best flight is the reference. Then the pilots fly
the same seeds through the loop of `helmsight fly`, and their scores are divided by it. With --json
FILE the references are kept there, and a second call finds only what is missing. Against
E2 a reference is weak (a ratio may be below one): its random burns are others in every flight. A
reference takes a few seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helmsight.envs.orbital.scenarios import PURSUITS, find_pursuit
from helmsight.errors import status_of
from helmsight.evals.figures import say
from helmsight.evals.flights import Conditions, fly_cells, grid
from helmsight.evals.naming import names
from helmsight.evals.optimum.ratios import LEGEND, load, missing, ratio_table
from helmsight.evals.tables import flight_line

SCENARIOS = ",".join(name for name, scenario in PURSUITS.items() if scenario.public)


def parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--pilots", type=names, default=names("rendezvous"), help="rendezvous")
    options.add_argument(
        "--scenarios", type=names, default=names(SCENARIOS), help="KSPDG's sixteen pursuits"
    )
    options.add_argument("--seeds", type=int, default=10, help="how many (10)")
    options.add_argument("--first", type=int, default=0, help="the first of them (0)")
    options.add_argument("--time", default="paused", help="paused, fixed:S, measured, runner")
    options.add_argument("--json", type=Path, metavar="FILE", help="keep references, and go on")
    options.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    return options


def run(arguments: Sequence[str]) -> None:
    """Find and fly what `arguments` ask for and print the table on standard output."""
    options = parser().parse_args(arguments)
    for name in options.scenarios:
        find_pursuit(name)
    cells = grid(
        options.pilots, options.scenarios, range(options.first, options.first + options.seeds)
    )
    references = load(options.json)
    keys = list(dict.fromkeys((cell.scenario, cell.seed) for cell in cells))
    for found in missing(keys, references, options.json):
        word = "captured" if found.captured else f"{found.distance:.0f} m away"
        say(f"reference {found.scenario} seed {found.seed}: {found.score:.1f}, {word}")
    flights = []
    for result in fly_cells(cells, Conditions(time=options.time)):
        say(flight_line(result))
        flights.append(result)
    print(f"PE1 on the orbital twin, time rule {options.time}. {LEGEND}\n")
    print(ratio_table(flights, references, markdown=options.markdown))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
