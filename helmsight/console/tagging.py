"""Tags on runs, from their page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helmsight.console.pages import Pages, ordered, told
from helmsight.contract.errors import Error
from helmsight.tools.tags import change_tags

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class Tagging:
    """Puts words on runs, where a reader of their folder finds them."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def tag(self, request: Request) -> Response:
        """Put a tag on a run, or take one off: {"add": ...} or {"remove": ...}."""
        from starlette.concurrency import run_in_threadpool

        name = request.path_params["name"]
        try:
            order = await ordered(request)
            add, remove = (str(order.get(key) or "") for key in ("add", "remove"))
            entry = await run_in_threadpool(self._pages.entry, name)
            if entry is None:
                return told(404, "there is no such run here")
            tags = await run_in_threadpool(change_tags, entry.folder, add, remove)
        except (Error, ValueError) as error:
            return told(400, str(error))
        return told(200, "tagged" if add else "taken off", ok=True, tags=tags)
