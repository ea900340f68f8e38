"""`helmsight console`: runs in a browser, those under way included."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """Examples:

helmsight console --open

helmsight console --runs results/flights --port 0 --json

helmsight console --host 0.0.0.0 --allow-remote
"""


def command(
    runs: Annotated[Path, typer.Option(help="Folder of runs; a new one is made.")] = Path("runs"),
    host: Annotated[str, typer.Option(help="Address or name to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free number.")] = 8765,
    opens: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    allow_remote: Annotated[
        bool,
        typer.Option("--allow-remote", help="Listen where others reach it: they need the token."),
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="HELMSIGHT_TOKEN",
            help="What has to be known to open it; made up for --allow-remote.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON: where it is.")] = False,
) -> None:
    """Watch runs in a browser until Ctrl-C: see, stop, correct, compare."""
    from helmsight.cli.running import BRISK_S
    from helmsight.console.serving import serve
    from helmsight.output import json_line

    if not runs.exists():
        runs.mkdir(parents=True)
    serving = serve(runs, host, port, allow_remote=allow_remote, token=token or "")
    said = {"address": serving.address, "runs": str(runs.resolve())}
    print(json_line(said) if as_json else f"console: {serving.address}", flush=True)
    if opens:
        import webbrowser

        webbrowser.open(serving.address)
    sys.setswitchinterval(BRISK_S)  # a stop passes pages that are being written
    serving.run()
