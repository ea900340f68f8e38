"""`helmsight train`: makes the models that fly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Train a model from scratch.", no_args_is_help=True)


@app.command("pilot", epilog="Example:  helmsight train pilot --minutes 60 --out training/pilot")
def pilot(
    minutes: Annotated[float, typer.Option(min=0.1, help="Time to spend.")] = 60.0,
    out: Annotated[Path, typer.Option(help="Folder for the model.")] = Path("training/pilot"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of data and weights.")] = 0,
) -> None:
    """Train the bundled vision-language model on flights of `rendezvous` on the twin."""
    from agents.training.fit import train

    train(minutes=minutes, out=out, seed=seed)
