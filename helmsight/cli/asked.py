"""Options of every command that asks a model: where it is served, on what it runs."""

from __future__ import annotations

from typing import Annotated

import typer

BaseUrl = Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")]
Device = Annotated[
    str | None, typer.Option(help="Device of a local model; default: the best there is.")
]
Dtype = Annotated[
    str | None, typer.Option(help="Number type of a local model; default: fits the device.")
]
