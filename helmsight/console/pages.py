"""The pages of the console: runs, one by one and side by side, and the data that they draw."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.console.choosing import chosen
from helmsight.console.gate import STORED, Rules
from helmsight.console.library import Entry, Library
from helmsight.console.links import Links
from helmsight.console.opened import Opened, Shelf
from helmsight.console.rows import described, page_json
from helmsight.contract.errors import Error
from helmsight.contract.jsontext import exact_json, parse_json
from helmsight.contract.opening import MOST, check_readable
from helmsight.contract.record import plain
from helmsight.contract.textfiles import read_text
from helmsight.tools.corrections import corrections
from helmsight.tools.folder import PAGE, VIDEO
from helmsight.tools.page import fill
from helmsight.tools.player import load_run
from helmsight.tools.telling import facts, figures, number
from helmsight.tools.video import FPS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

HERE = "helmsight.console"
STATIC = {
    "base.js": "text/javascript",
    "plots.js": "text/javascript",
    "index.js": "text/javascript",
    "run.js": "text/javascript",
    "live.js": "text/javascript",
    "start.js": "text/javascript",
    "compare.js": "text/javascript",
    "tags.js": "text/javascript",
}
LISTED = 2000  # rows of one page of the index
LARGEST = {VIDEO: 8 << 30, PAGE: MOST}  # bytes of what is sent out of a run folder


class Pages:
    """Everything that the pages are made of: the runs of one folder, and who may see them."""

    def __init__(self, root: Path, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.library, self.shelf, self.links = Library(root), Shelf(), Links()
        self.closing: Callable[[], bool] = lambda: False  # whether streams are to end

    def entry(self, name: str) -> Entry | None:
        """Return the run called `name` as the index has it."""
        return self.library.find(name, time.time(), self.links.folders())

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page of ours."""
        from starlette.responses import HTMLResponse

        root = str(self.library.root)
        text = fill(template, HERE, key=self.rules.key, root=root, **values)
        return HTMLResponse(text.encode("utf-8", "replace"), status)

    def missing(self, name: str, why: str = "There is no such run here.") -> Response:
        """Return the page that says what is not there."""
        return self.page("missing.html.j2", 404, title=name, why=why)

    def index(self, request: Request) -> Response:
        """The runs that are asked for; with `part` only their rows."""
        asked = request.query_params
        try:
            entries, evaluations = self.library.look(time.time(), self.links.folders())
        except OSError as error:
            return self.missing(str(self.library.root), f"The folder cannot be read: {error}")
        sort, up = asked.get("sort", "began"), asked.get("up") == "1"
        found = chosen(entries, asked.get("q", ""), asked.get("show", ""), sort, up=up)
        values: dict[str, Any] = {
            "entries": found[:LISTED],
            "found": len(found),
            "listed": LISTED,
            "total": len(entries),
            "evaluations": sorted(evaluations, key=lambda one: -one.changed)[:LISTED],
            "asked": {name: asked.get(name, "") for name in ("q", "show", "sort", "up")},
            "sort": sort,
            "up": up,
            "number": number,
            "when": when_of,
        }
        return self.page("rows.html.j2" if asked.get("part") else "index.html.j2", **values)

    def run(self, request: Request) -> Response:
        """One run."""
        name = request.path_params["name"]
        entry = self.entry(name)
        if entry is None:
            return self.missing(name)
        if entry.spec is None:
            return self.page("damaged.html.j2", entry=entry, title=name)
        outcome = entry.spec.task.outcome
        return self.page(
            "run.html.j2",
            entry=entry,
            title=entry.scenario,
            figures=figures(entry.summary, outcome),
            facts=facts(entry.spec, entry.summary),
            problems=_problems(entry),
            film=is_file(entry.folder / VIDEO),
            stored=is_file(entry.folder / PAGE),
            fps=FPS,
            when=when_of(entry.began),
        )

    def compare(self, request: Request) -> Response:
        """Two runs on one clock."""
        sides = []
        for side in ("a", "b"):
            name = request.query_params.get(side, "")
            entry = self.entry(name)
            if entry is None or entry.spec is None:
                return self.missing(name or "compare", "Two runs that can be read are compared.")
            sides.append(entry)
        return self.page("compare.html.j2", sides=sides, title="Two runs")

    def data(self, request: Request) -> Response:
        """The steps of a run from number `from` on, and what is needed to draw them."""
        opened = self._open(request)
        if not isinstance(opened, Opened):
            return opened
        start = request.query_params.get("from", "0")
        first = int(start[:9]) if start.isdecimal() else 0
        from starlette.responses import Response

        rows = opened.rows[first:]
        body = [b'{"spec":', page_json(described(opened.spec)), b',"problem":']
        body += [page_json(opened.problem), b',"rows":[']
        body += [b",".join(map(page_json, rows)), b"]}"]
        return Response(b"".join(body), media_type="application/json")

    def frame(self, request: Request) -> Response:
        """The frame of a step, or one region of it."""
        from starlette.responses import Response

        opened = self._open(request)
        if not isinstance(opened, Opened):
            return opened
        region = request.query_params.get("region")
        boxes = opened.spec.task.regions
        if region is not None and region not in boxes:
            return self.missing(region, "There is no such region in the frames of this run.")
        step = request.path_params["step"]
        try:
            picture = opened.pictures.jpeg(step, None if region is None else boxes[region])
        except (Error, OSError, ValueError) as error:
            return self.missing(f"frame {step}", str(error))
        if picture is None:
            return self.missing(f"frame {step}", "That step has no picture.")
        return Response(picture, media_type="image/jpeg")

    def film(self, request: Request) -> Response:
        """The video of a run, in the pieces that a player asks for."""
        return self._file(request, VIDEO, "video/mp4", {"cache-control": "private, no-cache"})

    def stored(self, request: Request) -> Response:
        """The page that was written into the folder, which can show itself and do nothing."""
        return self._file(request, PAGE, "text/html", STORED)

    def corrections(self, request: Request) -> Response:
        """What people made of the pilot's decisions, a line of JSON each, as a file."""
        from starlette.responses import Response

        name = request.path_params["name"]
        entry = self.entry(name)
        if entry is None:
            return self.missing(name)
        try:
            found = list(corrections(load_run(entry.folder)))
        except Error as error:
            return self.missing(name, str(error))
        text = "".join(exact_json(plain(example)) + "\n" for example in found)
        headers = {"content-disposition": 'attachment; filename="corrections.jsonl"'}
        return Response(text.encode(), media_type="application/jsonl", headers=headers)

    def _open(self, request: Request) -> Opened | Response:
        name = request.path_params["name"]
        entry = self.entry(name)
        if entry is None:
            return self.missing(name)
        return self.missing(name, entry.problem) if entry.spec is None else self.shelf.open(entry)

    def _file(self, request: Request, file: str, kind: str, headers: dict[str, str]) -> Response:
        from starlette.responses import FileResponse

        name = request.path_params["name"]
        entry = self.entry(name)
        if entry is None or not is_file(entry.folder / file):
            return self.missing(name, f"There is no {file} in that folder.")
        return FileResponse(entry.folder / file, media_type=kind, headers=headers)

    def static(self, request: Request) -> Response:
        """A script or the style sheet."""
        from starlette.responses import Response

        name = request.path_params["name"]
        if name == "style.css":
            return Response(fill("style.css.j2", HERE), media_type="text/css")
        if name not in STATIC:
            return self.missing(name, "There is no such file.")
        text = read_text(resources.files(HERE).joinpath(f"static/{name}"))
        return Response(text, media_type=STATIC[name])


def told(status: int, said: str, *, ok: bool = False, **more: Any) -> Response:
    """Return what became of an action, as JSON."""
    from starlette.responses import Response

    body = page_json({"ok": ok, "said": said, **more})
    return Response(body, status, media_type="application/json")


async def ordered(request: Request) -> dict[str, Any]:
    """Return the order in a request, an object of JSON.

    Raises:
        ValueError: it is none, or the browser was gone before all of it had come.
    """
    from starlette.requests import ClientDisconnect

    try:
        order = parse_json(await request.body())
    except ClientDisconnect:
        raise ValueError("the order did not come whole") from None
    if not isinstance(order, dict):
        raise ValueError("an order is an object")
    return order


def is_file(path: Path) -> bool:
    """Return whether a regular file, no link, has a size that is sent."""
    try:
        return 0 < check_readable(path) <= LARGEST[path.name]
    except OSError:
        return False


def when_of(seconds: float) -> str:
    """Return a time, s since 1970, as local date and time; "" for one that cannot be."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if 0 < seconds < 1e11 else ""


def _problems(entry: Entry) -> dict[str, Any]:
    recording = entry.summary.get("recording", {})
    problems = recording.get("problems", {}) if isinstance(recording, dict) else {}
    return problems if isinstance(problems, dict) else {}
