"""Options of every command that runs a pilot in a world."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Approve = Annotated[bool, typer.Option("--approve", help="Ask a person before each command.")]
Out = Annotated[Path | None, typer.Option(help="Run folder; default: a new one under runs/.")]
NoVideo = Annotated[bool, typer.Option("--no-video", help="Record no video.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Stop after so many decisions.")]
