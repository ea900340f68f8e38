"""`helmsight latency`: score against think time, as a table and as a picture."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.cli.asked import Hold, with_model_options
from helmsight.contract.secrets import redacted
from helmsight.errors import INTERRUPTED

EXAMPLES = """Examples:

helmsight latency PE1-E1-I2

helmsight latency PE1-E1-I2 --pilot bundled,rendezvous --delays 0,0.5,1,2,3,5 --workers 2

helmsight latency PE1-E1-I2 --pilot rendezvous --time runner --delays 0,0.7,1.4

helmsight latency PE1-E3-I3 --pilot ollama:qwen3-vl --seeds 3 --out here --json
"""


@with_model_options
def command(
    scenario: Annotated[
        str,
        typer.Argument(
            help="Scenario (helmsight list scenarios).", autocompletion=completion.scenarios
        ),
    ] = "PE1-E1-I2",
    pilot: Annotated[
        str,
        typer.Option(
            "--pilot",
            "-p",
            help="Who flies; several with commas between them.",
            autocompletion=completion.pilots,
        ),
    ] = "bundled",
    delays: Annotated[
        str, typer.Option(help="World seconds from a look to its command, with commas.")
    ] = "0,0.5,1,3,5",
    time: Annotated[
        str,
        typer.Option(
            help="fixed: a delay is all that passes until the command starts; runner: it is the "
            "thinking, and the command starts where KSPDG's runner looks for it next."
        ),
    ] = "fixed",
    seeds: Annotated[int, typer.Option(min=1, help="Episodes at each delay: seeds from 0 on.")] = 5,
    workers: Annotated[int, typer.Option(min=1, help="Episodes side by side.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for flights and picture; what it holds is not flown again. "
            "Default: runs/latency/SCENARIO."
        ),
    ] = None,
    hold: Hold = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Stop each episode after so many decisions.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table as Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    *,
    model: dict[str, Any],
) -> None:
    """Fly SCENARIO at several delays, and print and draw the score against think time.

    Ctrl-C keeps what was flown and shows it; the same command goes on from there.
    """
    from helmsight.envs.registry import scenario_name
    from helmsight.evals.flights import Conditions
    from helmsight.evals.latency import PLOTS, Sweep, latency_table, plot
    from helmsight.evals.latency import delays as seconds
    from helmsight.evals.naming import names
    from helmsight.evals.tables import flight_line
    from helmsight.output import json_line
    from helmsight.places import TWIN
    from helmsight.session import RUNS
    from helmsight.worlds import try_world

    name = scenario_name(scenario)
    try_world(TWIN, name, {}, hold=hold)
    sweep = Sweep(
        name, names(pilot), seconds(delays), range(seeds), out or RUNS / "latency" / name,
        conditions=Conditions(hold=hold, max_steps=steps, pilot_options=model),
        workers=workers, command=redacted(shlex.join(["helmsight", *sys.argv[1:]])), kind=time,
    )  # fmt: skip
    done = sweep.size - len(sweep.missing())
    if done:
        typer.echo(f"{done} of {sweep.size} episodes are in {sweep.folder} already", err=True)
    stale = sum(len(results.stale) for results in sweep.results.values())
    if stale:
        typer.echo(f"{stale} episodes there were run with other code or weights", err=True)
    interrupted = False
    try:
        for number, (delay, result) in enumerate(sweep.fly(), done + 1):
            line = f"[{number}/{sweep.size}] time {time}:{delay:g}: {flight_line(result)}"
            typer.echo(line, err=True)
    except KeyboardInterrupt:
        interrupted = True
    points, picture = sweep.points(), sweep.folder / PLOTS[time]
    if points:
        plot(points, picture)
        if as_json:
            report = {
                "scenario": name,
                "time": f"{time}:S",
                "complete": not sweep.missing(),
                "plot": str(picture),
            }
            print(json_line(report | {"points": [point.to_dict() for point in points]}))
        else:
            table = latency_table(points, markdown=markdown)
            print("\n".join(sweep.header), table, f"plot: {picture}", sep="\n\n")
    if interrupted:
        left = len(sweep.missing())
        typer.echo(f"interrupted: {left} episodes are left; the same command goes on", err=True)
        raise typer.Exit(INTERRUPTED)
