"""The MCP server: look, propose, list and read runs. A person approves, unless told otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.console.choosing import chosen
from helmsight.console.library import Library
from helmsight.console.opened import Shelf
from helmsight.console.rows import page_json
from helmsight.contract.errors import Error
from helmsight.errors import InvalidSetting
from helmsight.mcp.flight import Flight, last_step

if TYPE_CHECKING:
    from mcp.server import MCPServer

INSTALL = "the MCP server needs a package that is not installed: pip install 'helmsight[mcp]'"
WAIT_S = 30.0  # that an answer waits for a person before it says that one is waited for
LISTED = 50  # runs of one answer
ABOUT = """You operate a spacecraft or a robot through a camera. `begin` a run, `look` at the
picture and the telemetry, `propose` one command that fits its schema, and look again. A guard cuts
what is out of limits, and a person approves each command at a console unless they said otherwise:
an answer may tell you to look again later."""


class Tools:
    """What a client can do. place: settings of every run; scenario: the only one, "" for any."""

    def __init__(
        self, runs: Path, place: Mapping[str, Any], *, approve: bool, scenario: str = ""
    ) -> None:
        self.library, self.shelf = Library(runs), Shelf()
        self._runs, self._place, self._approve, self._scenario = runs, place, approve, scenario
        self.flight: Flight | None = None

    def begin(self, scenario: str, seed: int) -> list[Any]:
        """Begin a run and show what is seen first."""
        if self.flight is not None and not self.flight.ended:
            raise InvalidSetting(f"the run {self.flight.folder.name} goes on: end it first")
        if self._scenario and scenario not in ("", self._scenario):
            raise InvalidSetting(f"this server operates {self._scenario} alone")
        asked = scenario or self._scenario or "PE1-E1-I2"
        self.flight = Flight(asked, seed, self._runs, self._place, approve=self._approve)
        return self.look()

    def look(self) -> list[Any]:
        """Show what is seen now."""
        flight = self._under_way()
        flight.wait(WAIT_S)
        said, picture = flight.look()
        return _answer({**said, "last": last_step(flight), "run": flight.folder.name}, picture)

    def propose(self, command: dict[str, Any]) -> list[Any]:
        """Propose a command and show what is seen once it was carried out."""
        self._under_way().propose(command)
        return self.look()

    def end(self) -> str:
        """End the run."""
        return self._under_way().end()

    def runs(self, search: str) -> list[dict[str, Any]]:
        """List recorded runs, newest first."""
        entries = self.library.entries(time.time())
        return [
            {
                "run": entry.name, "scenario": entry.scenario,
                "pilot": entry.spec.pilot if entry.spec else "", "end": entry.reason,
                "score": entry.score, "steps": entry.steps, "problem": entry.problem,
            }
            for entry in chosen(entries, search, up=False)[:LISTED]
        ]  # fmt: skip

    def step(self, run: str, number: int) -> list[Any]:
        """Show one step of a recorded run."""
        entry = self.library.find(run, time.time())
        if entry is None or entry.spec is None:
            raise InvalidSetting(f'no run is called "{run[:80]}"; list_runs names them')
        opened = self.shelf.open(entry)
        if not 0 <= number < len(opened.rows):
            raise InvalidSetting(f"the run has the steps 0 to {len(opened.rows) - 1}")
        try:
            picture = opened.pictures.jpeg(number)
        except (Error, OSError, ValueError):
            picture = None
        return _answer(opened.rows[number], picture)

    def close(self) -> None:
        """End what is under way."""
        if self.flight is not None and not self.flight.ended:
            self.flight.end()

    def _under_way(self) -> Flight:
        if self.flight is None:
            raise InvalidSetting("no run is under way: begin one")
        return self.flight


def _answer(said: dict[str, Any], picture: bytes | None) -> list[Any]:
    from mcp.server.mcpserver import Image

    text = page_json(said).decode()
    return [text] if picture is None else [text, Image(data=picture, format="jpeg")]


def serve(tools: Tools) -> MCPServer:
    """Return the server of these tools, by the official SDK.

    Raises:
        InvalidSetting: the SDK is not installed.
    """
    try:
        from mcp.server import MCPServer
    except ModuleNotFoundError as error:
        raise InvalidSetting(INSTALL) from error
    from anyio.to_thread import run_sync
    from mcp.server.mcpserver.exceptions import ToolError

    async def done(work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await run_sync(work, *arguments)
        except Error as error:  # what a client can mend is told to it
            raise ToolError(str(error)) from error

    server: MCPServer = MCPServer("helmsight", instructions=ABOUT)

    async def begin(scenario: str = "", seed: int = 0) -> list[Any]:
        """Begin a run: of a scenario ("PE1-E1-I2", ...), or of the robot that is served."""
        return list(await done(tools.begin, scenario, seed))

    async def look() -> list[Any]:
        """See the picture, the telemetry, notes of the guard, and the schema of a command."""
        return list(await done(tools.look))

    async def propose(command: dict[str, Any]) -> list[Any]:
        """Propose one command; it is guarded, approved, carried out, and you see what follows."""
        return list(await done(tools.propose, command))

    async def end() -> str:
        """End the run; what moves is brought to rest."""
        return str(await done(tools.end))

    async def list_runs(search: str = "") -> list[dict[str, Any]]:
        """List recorded runs that have all the words of `search`, newest first."""
        return list(await done(tools.runs, search))

    async def read_step(run: str, step: int) -> list[Any]:
        """Read one step of a recorded run: what was seen, answered, cut and done."""
        return list(await done(tools.step, run, step))

    for tool in (begin, look, propose, end, list_runs, read_step):
        server.tool(structured_output=False)(tool)
    return server
