"""Flies pilots x scenarios x seeds on the orbital twin and prints their table.

    python benchmarks/pursuit.py --pilots rendezvous,navball --seeds 10 --json pursuit.json

Every flight goes through the loop of `helmsight fly`, without a recorder. With --json FILE the
finished flights are kept there and a second call flies only what is missing. Measured time needs
quiet cores: with --workers above 1 pilots think longer, because they share the cores.
With several time rules (--time measured,runner) there is a table of their scores side by side, one
of each rule, and a FILE for each.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from helmsight.errors import status_of
from helmsight.evals.figures import say
from helmsight.evals.flights import Cell, Conditions, FlightResult, fly_cells, grid
from helmsight.evals.machine import Machine
from helmsight.evals.naming import names
from helmsight.evals.results import Results
from helmsight.evals.rules import rule_file, rules, side_by_side
from helmsight.evals.tables import flight_line, flight_table, header

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
    options.add_argument(
        "--time",
        default="measured",
        metavar="RULES",
        help="measured, runner, runner:S, paused or fixed:S; several with commas between them",
    )
    options.add_argument("--hold", help="repeat or coast while thinking")
    options.add_argument("--start-met", type=float, help="mission time of the first observation, s")
    options.add_argument("--steps", type=int, help="stop each flight after so many decisions")
    options.add_argument("--json", type=Path, metavar="FILE", help="keep flights, and go on")
    options.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options.add_argument("--workers", type=int, default=1, help="processes side by side (1)")
    return options


def run(arguments: Sequence[str]) -> None:
    """Fly what `arguments` ask for and print the table on standard output."""
    options = parser().parse_args(arguments)
    chosen = rules(options.time)
    start = {} if options.start_met is None else {"start_met": options.start_met}
    conditions = Conditions(hold=options.hold, max_steps=options.steps, options=start)
    cells = grid(options.pilots, options.scenarios, range(options.seeds))
    machine = Machine.here()
    command = shlex.join(["python", "benchmarks/pursuit.py", *arguments])
    about = header(
        machine, conditions, command, options.workers, options.scenarios, ", ".join(chosen)
    )
    kept = {
        rule: Results(
            rule_file(options.json, rule, chosen),
            replace(conditions, time=rule),
            {"header": about, "machine": machine.to_dict(), "time": rule},
        )
        for rule in chosen
    }
    flown = {rule: fly_under(rule, results, cells, options) for rule, results in kept.items()}
    print("\n".join(about))
    if len(chosen) > 1:
        print("", side_by_side(flown, markdown=options.markdown), sep="\n")
    for rule, results in flown.items():
        print("", f"Time rule {rule}:", "", sep="\n")
        print(flight_table(results, markdown=options.markdown))


def fly_under(
    rule: str, results: Results, cells: Sequence[Cell], options: argparse.Namespace
) -> list[FlightResult]:
    """Fly what is missing of `cells` under a time rule and return the results of all."""
    if results.stale:
        say(f"{len(results.stale)} flights in {results.path} were flown with other code or weights")
    missing = results.missing(cells)
    done = len(cells) - len(missing)
    if done:
        say(f"{done} of {len(cells)} flights are in {results.path} already")
    flights = fly_cells(missing, results.conditions, options.workers)
    for number, result in enumerate(flights, done + 1):
        results.add(result)
        say(f"[{number}/{len(cells)}] {flight_line(result)}, time {rule}")
    return results.of(cells)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
