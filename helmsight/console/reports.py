"""Evaluations and their reports: pages of others, which can show themselves and do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helmsight.console.gate import STORED
from helmsight.console.pages import Pages, is_file, when_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class Reports:
    """The evaluations of the index."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def evaluation(self, request: Request) -> Response:
        """An evaluation, with its report in a frame that can show itself and do nothing."""
        name = request.path_params["name"]
        found = self._pages.library.evaluation(name)
        if found is None:
            return self._pages.missing(name, "There is no such evaluation here.")
        title = found.title or name
        return self._pages.page(
            "evaluation.html.j2", found=found, title=title, when=when_of(found.changed)
        )

    def report(self, request: Request) -> Response:
        """The report of an evaluation, for that frame."""
        from starlette.responses import FileResponse

        name = request.path_params["name"]
        found = self._pages.library.evaluation(name)
        if found is None or not found.reported or not is_file(found.report):
            return self._pages.missing(name, "That evaluation has no report.")
        return FileResponse(found.report, media_type="text/html", headers=STORED)
