"""`helmsight cockpit`: the twin in a window, flown by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.envs.orbital.cockpit.program import Reports

EXAMPLES = """Examples:

helmsight cockpit

helmsight cockpit pe1_e3_i3 --seed 4 --record

helmsight cockpit LBG1-LG1-I2           # the lady, and around her guard

helmsight cockpit --report - | jq .range

Keys, as in KSP: H N forward and backward, J L left and right, I K down and up, R RCS, T SAS.
Shift held: fine control. Space pause, F5 from the start, F1 help, Esc end.
"""


def command(
    scenario: Annotated[
        str,
        typer.Argument(
            help="Scenario (helmsight list scenarios).", autocompletion=completion.scenarios
        ),
    ] = "PE1-E1-I2",
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, help="0 is the nominal start; others perturb it.")
    ] = 0,
    scale: Annotated[
        float, typer.Option(min=0.25, max=4.0, help="Size of the window; 1 shows 1280x720.")
    ] = 1.0,
    rate: Annotated[
        float, typer.Option(min=0.05, max=20.0, help="World seconds a wall second.")
    ] = 1.0,
    no_help_overlay: Annotated[
        bool, typer.Option("--no-help-overlay", help="Do not begin with the keys in the picture.")
    ] = False,
    record: Annotated[bool, typer.Option("--record", help="Record every flight.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the first recorded flight; default: a new one under runs/."),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(help="Write the referee's account there as JSON lines; - is stdout."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON on stdout for every flight.")
    ] = False,
) -> None:
    """Fly SCENARIO by hand, in a window, by the wall clock."""
    from helmsight.byhand import FlightLog, RunWriter
    from helmsight.envs.orbital.cockpit.program import fly_by_hand
    from helmsight.envs.orbital.cockpit.seat import Seat
    from helmsight.envs.orbital.scenarios import find_scenario

    start = find_scenario(scenario)
    writer = RunWriter(out) if record or out is not None else None
    log = FlightLog(start, writer)

    def ended(last: dict[str, Any]) -> None:
        summary = log.end(last)
        if as_json or report != "-":
            _show(summary, as_json=as_json)

    seat = Seat(start, seed, rate, on_stretch=log.stretch, on_end=ended)
    try:
        fly_by_hand(
            seat,
            scale=scale,
            help_shown=not no_help_overlay,
            reports=_reports(report),
        )
    except KeyboardInterrupt:
        seat.leave()
        raise
    finally:
        if writer is not None:
            writer.close()


def _reports(target: str | None) -> Reports | None:
    from helmsight.envs.orbital.cockpit.program import Reports

    if target is None:
        return None
    if target == "-":
        return Reports(sys.stdout)
    try:
        return Reports(Path(target).open("w", encoding="utf-8"))
    except OSError as error:
        raise InvalidSetting(f"--report {target}: {error}; give a file or pipe to write") from None


def _show(summary: dict[str, Any], *, as_json: bool) -> None:
    from helmsight.output import json_line, summary_lines

    print(json_line(summary) if as_json else "\n".join(summary_lines(summary)), flush=True)
