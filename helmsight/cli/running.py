"""Options of every command that runs a pilot in a world."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.console.desk import Desk
    from helmsight.contract.record import Listener

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

Rerun = Annotated[
    Path | None,
    typer.Option("--rerun", metavar="FILE.rrd", help="Write the run for the Rerun viewer as well."),
]
Spans = Annotated[
    str | None,
    typer.Option(
        "--spans",
        metavar="FILE.jsonl|URL|otlp",
        help="OpenTelemetry spans of the run: into a file, or to a collector by OTLP over HTTP.",
    ),
]


def told(
    desk: Desk | None, live: Listener, rerun: Path | None, spans: str | None
) -> list[Listener]:
    """Return who is told of a run: its desk, the live line, and the viewers that are asked for.

    Nothing of a viewer is imported where there is none.

    Raises:
        InvalidSetting: a package that is missing. RunFolderUnusable: a file that is there already.
    """
    told: list[Listener] = [live] if desk is None else [desk, live]
    if rerun is not None:
        told.append(_viewer("rerun", rerun))
    if spans is not None:
        told.append(_viewer("spans", spans))
    return told


def _viewer(extra: str, to: Path | str) -> Listener:
    from helmsight.tools.sinks.beside import Beside, new_file

    sent = isinstance(to, str) and (to == "otlp" or to.startswith(("http://", "https://")))
    place = to if sent else new_file(to)
    try:
        if extra == "rerun":
            from helmsight.tools.sinks.rrd import Rerun

            return Beside(Rerun(Path(place)), f"--rerun {to}")
        from helmsight.tools.sinks.spans import Spans

        return Beside(Spans("" if place == "otlp" else place), f"--spans {to}")
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            f"--{extra} needs a package that is not installed ({error.name}): "
            f"pip install 'helmsight[{extra}]'"
        ) from error


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
