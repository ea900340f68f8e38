"""Flights that are begun from the page: processes of their own, which outlive the console."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from helmsight.console.pages import Pages, ordered, told
from helmsight.contract.errors import Error
from helmsight.contract.foreign import check_name
from helmsight.contract.ranges import check
from helmsight.errors import InvalidSetting, one_line

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

BEGUN_S = 60.0  # that a flight may take until its folder is there: models are loaded first
LOOK_S = 0.1
MOST = 8  # flights at once that were begun here
COMMAND = (sys.executable, "-c", "from helmsight.cli import main; main()", "fly")


class Starting:
    """The form that begins a flight, and the flights that were begun with it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._flights: list[subprocess.Popen[bytes]] = []

    def form(self, request: Request) -> Response:
        """What can be flown, and by whom."""
        from helmsight.agents.models.names import pilots
        from helmsight.envs.registry import list_scenarios

        return self._pages.page(
            "start.html.j2",
            title="Start a flight",
            scenarios=[scenario["name"] for scenario in list_scenarios()],
            pilots=list(pilots()),
        )

    async def start(self, request: Request) -> Response:
        """Begin a flight; answers once it can be attended, or with what kept it from beginning."""
        from starlette.concurrency import run_in_threadpool

        try:
            asked = await ordered(request)
            folder, arguments = self._arguments(asked)
            return await run_in_threadpool(self._begin, folder, arguments)
        except (Error, ValueError) as error:
            return told(400, str(error))

    def _arguments(self, asked: dict[str, Any]) -> tuple[Path, list[str]]:
        """Return the folder and the command line of what was asked for: names and numbers only.

        Raises:
            Error: a name or a number that cannot be one.
        """
        from helmsight.session import run_folder

        words = {key: str(asked.get(key) or usual) for key, usual in USUAL.items()}
        for name, word in words.items():
            if check_name(word, f"the {name}").startswith("-"):
                raise InvalidSetting(f"{word[:40]!r} is no {name}")
        seed, steps = asked.get("seed", 0), asked.get("steps")
        check("seed", seed)
        if steps is not None:
            check("steps", steps)
        folder = run_folder(words["scenario"], words["pilot"], seed, self._pages.library.root)
        arguments = [
            words["scenario"], "--pilot", words["pilot"], "--time", words["time"],
            "--seed", str(seed), "--out", str(folder), "--console", "--json",
        ]  # fmt: skip
        arguments += ["--steps", str(steps)] if steps is not None else []
        arguments += ["--approve"] if asked.get("approve") is True else []
        return folder, arguments

    def _begin(self, folder: Path, arguments: list[str]) -> Response:
        self._flights = [flight for flight in self._flights if flight.poll() is None]
        if len(self._flights) >= MOST:
            return told(409, f"{MOST} flights that were begun here go on; stop one of them first")
        with tempfile.TemporaryFile() as said:
            flight = subprocess.Popen(
                [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=said, **APART,
            )  # fmt: skip
            self._flights.append(flight)
            until = time.monotonic() + BEGUN_S
            while time.monotonic() < until:
                if folder.resolve() in self._pages.links.folders():
                    name = folder.relative_to(self._pages.library.root).as_posix()
                    return told(200, "it flies", ok=True, address=f"/run/{quote(name)}")
                if flight.poll() is not None:
                    said.seek(0)
                    words = one_line(said.read(100_000).decode("utf-8", "replace"))
                    return told(400, words[-600:] or f"it ended with status {flight.returncode}")
                time.sleep(LOOK_S)
        return told(504, "it has not begun yet; it will stand in the index when it does")


USUAL = {"scenario": "PE1-E1-I2", "pilot": "bundled", "time": "measured"}
APART: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    if sys.platform == "win32"
    else {"start_new_session": True}
)
"""A flight goes on when the console is ended, by Ctrl-C too."""
