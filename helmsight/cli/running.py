"""Options of every command that runs a pilot in a world."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.console.desk import Desk

Approve = Annotated[bool, typer.Option("--approve", help="Ask a person before each command.")]
Out = Annotated[Path | None, typer.Option(help="Run folder; default: a new one under runs/.")]
NoVideo = Annotated[bool, typer.Option("--no-video", help="Record no video.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Stop after so many decisions.")]
BRISK_S = 0.001
"""After which Python lets another thread on: a stop takes some fifteen turns beside the loop's."""
Console = Annotated[
    bool,
    typer.Option("--console", help="Let a console attend: see, stop, correct (docs/console.md)."),
]


def attended(folder: Path | None, *, wanted: bool) -> Desk | None:
    """Return the desk at which a run in `folder` is attended, and say how; None if not `wanted`.

    Raises:
        InvalidSetting: a run that is written down nowhere.
    """
    if not wanted:
        return None
    if folder is None:
        raise InvalidSetting("--console attends a run that is recorded; leave out --no-record")
    from helmsight.console.desk import Desk

    sys.setswitchinterval(BRISK_S)
    print(f"attend it: helmsight console --runs {folder.parent} --open", file=sys.stderr)
    return Desk(folder)


def crew_of(desk: Desk | None) -> dict[str, Any]:
    """Return what a session is given of a desk: nothing where there is none."""
    return {} if desk is None else {"crew": desk}
