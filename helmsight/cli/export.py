"""`helmsight export`: recorded runs as data to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from helmsight.cli import completion
from helmsight.cli.options import named_values

EXAMPLES = """Examples:

helmsight export runs/mine --format chat --success --out data/mine

helmsight export runs/bundled --format chat --expert rendezvous --out data/labelled

helmsight export runs/experts --ask-as any --model-option view_size=448 --out data/words

helmsight export runs/experts --format lerobot --score-below 20 --out data/lerobot
"""


def command(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or folders that hold some.")],
    out: Annotated[Path, typer.Option(help="New folder for the data.")],
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="chat, lerobot or hf.")
    ] = "chat",
    success: Annotated[bool, typer.Option("--success", help="Only runs that succeeded.")] = False,
    score_above: Annotated[
        float | None, typer.Option(help="Only runs of at least this score.")
    ] = None,
    score_below: Annotated[
        float | None, typer.Option(help="Only runs of at most this score.")
    ] = None,
    expert: Annotated[
        str | None,
        typer.Option(
            help="Learn what this scripted pilot answers at the recorded states.",
            autocompletion=completion.pilots,
        ),
    ] = None,
    ask_as: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Compose the messages anew, as this model is asked: a pilot's name, a folder, or "
            "any.",
        ),
    ] = None,
    model_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="How that model is asked: views=frame, view_size=448, few_shot=0, "
            "observation=frame+telemetry; repeatable.",
        ),
    ] = None,
    held_out: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Share of the runs that is kept for the test.")
    ] = 0.1,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
) -> None:
    """Write data to learn from out of RUNS: chat messages with pictures, or episodes of LeRobot."""
    from helmsight.exporting import Asked, export, style_as
    from helmsight.output import json_line
    from helmsight.tools.export.chosen import Wanted

    options = named_values("--model-option", model_option or ())
    asked = Asked(
        form,
        Wanted(success, score_above, score_below),
        expert,
        style_as(ask_as, options),
        held_out,
    )
    written = export(runs, out, asked)
    if as_json:
        print(json_line(written))
        return
    counts = ", ".join(f"{written[key]} {key}" for key in written if isinstance(written[key], int))
    typer.echo(f"{len(written['runs'])} runs, answers {written['answers']}: {counts}")
    for why, count in written["left_out"].items():
        typer.echo(f"left out: {count} ({why})")
    typer.echo(f"data in {out}")
    if form == "chat":
        typer.echo(f"train on them with: helmsight train adapter {out} --base MODEL")
