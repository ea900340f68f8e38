"""Flies pilots x scenarios x seeds on the orbital twin and prints their table.

    python benchmarks/pursuit.py --pilots rendezvous,navball --seeds 10 --json pursuit.json

Every flight goes through the loop of `helmsight fly`, without a recorder. With --json FILE the
finished flights are kept there and a second call flies only what is missing. Measured time needs
quiet cores: with --workers above 1 pilots think longer, because they share the cores.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from helmsight.errors import status_of
from helmsight.evals.flights import Conditions, fly_cells, grid, names
from helmsight.evals.machine import Machine
from helmsight.evals.report import flight_line, flight_table, header
from helmsight.evals.results import Results

PILOTS = "bundled,naive,navball,rendezvous"
SCENARIOS = "PE1-E1-I1,PE1-E1-I2,PE1-E1-I3,PE1-E1-I4,PE1-E3-I3"


def parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--pilots", type=names, default=names(PILOTS), help=PILOTS)
    options.add_argument("--scenarios", type=names, default=names(SCENARIOS), help=SCENARIOS)
    options.add_argument("--seeds", type=int, default=10, help="how many, from 0 on (10)")
    options.add_argument("--time", default="measured", help="measured, paused or fixed:S")
    options.add_argument("--hold", help="repeat or coast while thinking")
    options.add_argument("--start-met", type=float, help="mission time of the first observation, s")
    options.add_argument("--steps", type=int, help="stop each flight after so many decisions")
    options.add_argument("--json", type=Path, metavar="FILE", help="keep flights, and go on")
    options.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options.add_argument("--workers", type=int, default=1, help="processes side by side (1)")
    return options


def run(arguments: Sequence[str]) -> None:
    """Fly what `arguments` ask for and print the table on standard output."""
    asked = parser().parse_args(arguments)
    options = {} if asked.start_met is None else {"start_met": asked.start_met}
    conditions = Conditions(asked.time, asked.hold, asked.steps, options=options)
    cells = grid(asked.pilots, asked.scenarios, range(asked.seeds))
    machine = Machine.here()
    command = shlex.join(["python", "benchmarks/pursuit.py", *arguments])
    told = header(machine, conditions, command, asked.workers, asked.scenarios)
    results = Results(asked.json, conditions, {"header": told, "machine": machine.to_dict()})
    if results.stale:
        say(f"{len(results.stale)} flights in {asked.json} were flown with other code or weights")
    missing = results.missing(cells)
    done = len(cells) - len(missing)
    if done:
        say(f"{done} of {len(cells)} flights are in {asked.json} already")
    for number, result in enumerate(fly_cells(missing, conditions, asked.workers), done + 1):
        results.add(result)
        say(f"[{number}/{len(cells)}] {flight_line(result)}")
    print("\n".join(told), flight_table(results.of(cells), markdown=asked.markdown), sep="\n\n")


def say(line: str) -> None:
    """Print a line of progress on standard error."""
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
