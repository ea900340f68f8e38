"""Runs under way in the browser: news as they come, the picture, and what people order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from helmsight.console.links import Link
from helmsight.console.pages import Pages, ordered, told
from helmsight.console.rows import page_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

LOOK_S = 0.03  # between two looks for news of a run
STILL_S = 10.0  # without news, after which a line says that the stream is alive
ORDERING = 64  # orders that wait for the answers of runs at once
ORDERS = ("id", "by", "do", "index", "command", "on")


class Attendance:
    """What browsers are told of runs under way, and what they may order."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._waiting = {"stop": CapacityLimiter(ORDERING), "": CapacityLimiter(ORDERING)}

    def _link(self, name: str) -> Link | None:
        entry = self._pages.entry(name)
        if entry is None:
            return None
        link = self._pages.links.find(os.path.realpath(entry.folder))
        if link is not None:
            self._pages.links.settle(link)
        return link

    async def stream(self, request: Request) -> Response:
        """Server-sent events: how things stand, each time that they change."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import StreamingResponse

        name = request.path_params["name"]
        link = await run_in_threadpool(self._link, name)
        if link is None:
            return self._pages.missing(name, "That run is not under way, or cannot be attended.")
        return StreamingResponse(_events(link, self._pages.closing), media_type="text/event-stream")

    def picture(self, request: Request) -> Response:
        """The newest picture of a run under way."""
        from starlette.responses import Response

        name = request.path_params["name"]
        link = self._link(name)
        if link is None or link.picture is None:
            return self._pages.missing(name, "There is no picture.")
        return Response(link.picture, media_type="image/jpeg")

    async def act(self, request: Request) -> Response:
        """Pass an order of a person to the run, and its answer back.

        It goes by threads of its own: pages, pictures and films that are waited for hold up none,
        and orders hold up no stop.
        """
        name = request.path_params["name"]
        try:
            order = await ordered(request)
            if not isinstance(order.get("id"), str):
                raise ValueError("an order is an object with an id")
        except ValueError as error:
            return told(400, str(error))
        threads = self._waiting["stop" if order.get("do") == "stop" else ""]
        link = self._pages.links.known(self._pages.library.place(name))
        link = link or await run_sync(self._link, name, limiter=threads)
        if link is None:
            return told(404, "that run is not under way any more")
        known = {key: order[key] for key in ORDERS if key in order}
        return told(200, **await run_sync(link.order, known, limiter=threads))


async def _events(link: Link, closing: Callable[[], bool]) -> AsyncIterator[bytes]:
    seen, quiet = -1, 0.0
    hello = {key: link.hello.get(key) for key in ("schema", "null", "stands", "moves")}
    yield _event({"hello": hello})
    while not closing():
        if link.version != seen:
            seen, quiet = link.version, 0.0
            if link.lost:
                yield _event({"lost": link.lost})
                return
            yield b"data: " + link.told + b"\n\n"
        elif quiet > STILL_S:
            quiet = 0.0
            yield b": still here\n\n"
        await asyncio.sleep(LOOK_S)
        quiet += LOOK_S


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + page_json(data) + b"\n\n"
