"""`helmsight mcp`: a server of the Model Context Protocol, on standard input and output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from helmsight.cli.robots import Yes
from helmsight.consent import agreed

EXAMPLES = """Examples:

helmsight mcp

helmsight mcp --scenario PE1-E3-I3 --runs runs

helmsight mcp --robot so101 --port /dev/ttyACM0 --camera 0 --yes
"""
ROBOT = "helmsight/Robot-v0"


def command(
    runs: Annotated[Path, typer.Option(help="Folder of runs; a new one is made.")] = Path("runs"),
    scenario: Annotated[
        str | None, typer.Option(help="The only scenario that clients may fly; default: any.")
    ] = None,
    robot: Annotated[
        str | None, typer.Option("--robot", "-r", help="A robot instead: a name or a .toml file.")
    ] = None,
    port: Annotated[str | None, typer.Option("--port", "-p", help="Its serial port.")] = None,
    camera: Annotated[
        str, typer.Option("--camera", "-c", help="As in operate; none: without pictures.")
    ] = "none",
    task: Annotated[str | None, typer.Option("--task", "-t", help="What is to be done.")] = None,
    approve: Annotated[
        bool,
        typer.Option(
            "--approve/--no-approve",
            help="Have a person agree to each command at the console (helmsight console).",
        ),
    ] = True,
    yes: Yes = False,
) -> None:
    """Let MCP clients look, propose commands and read runs. A robot MOVES when a person agrees."""
    from helmsight.errors import InvalidSetting
    from helmsight.mcp.server import Tools, serve

    place: dict[str, Any] = {"time": "paused", "observation": "frame+telemetry"}
    if (robot is None) != (port is None):
        raise InvalidSetting("a robot is served with both --robot and --port")
    if robot is not None:
        what = f"{robot} at {port} will move as an MCP client says"
        agreed(yes, f"{what}, each command once a person agreed" if approve else what)
        shown = "telemetry" if camera == "none" else "frame+telemetry"
        options = {"robot": robot, "port": port, "camera": camera}
        options |= {"goal": task} if task else {}
        place = {"observation": shown, "world_options": options, "agree": lambda what: None}
    runs.mkdir(parents=True, exist_ok=True)
    tools = Tools(runs, place, approve=approve, scenario=ROBOT if robot else scenario or "")
    server = serve(tools)
    if approve:
        said = f"commands wait for a person: helmsight console --runs {runs} --open"
        print(said, file=sys.stderr, flush=True)
    try:
        server.run("stdio")
    finally:
        tools.close()
