"""Options of every command that asks a model: where it is served, what it runs on, how long it
may take.
"""

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
Hold = Annotated[
    str | None, typer.Option(help="The last command while the pilot thinks: repeat or coast.")
]
MaxAge = Annotated[float | None, typer.Option(help="Drop answers older than this, world seconds.")]
ThinkTimeout = Annotated[
    float | None, typer.Option(help="Give up on an answer after this, wall seconds.")
]
