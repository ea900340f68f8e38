"""The console as a web application: what is asked at which address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from helmsight.console.gate import Gate
from helmsight.console.live import Attendance
from helmsight.console.pages import Pages
from helmsight.console.reports import Reports
from helmsight.console.starting import Starting
from helmsight.console.tagging import Tagging

if TYPE_CHECKING:
    from starlette.applications import Starlette


def application(pages: Pages) -> Starlette:
    """Return the web application of these pages, behind its gate."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Route

    live, starting = Attendance(pages), Starting(pages)
    reports, tagging = Reports(pages), Tagging(pages)
    shown: dict[str, Callable[..., Any]] = {
        "/": pages.index,
        "/run/{name:path}": pages.run,
        "/compare": pages.compare,
        "/data/{name:path}": pages.data,
        "/frame/{step:int}/{name:path}": pages.frame,
        "/film/{name:path}": pages.film,
        "/stored/{name:path}": pages.stored,
        "/corrections/{name:path}": pages.corrections,
        "/evaluation/{name:path}": reports.evaluation,
        "/report/{name:path}": reports.report,
        "/static/{name}": pages.static,
        "/live/{name:path}": live.stream,
        "/now/{name:path}": live.picture,
        "/start": starting.form,
    }
    done: dict[str, Callable[..., Any]] = {
        "/act/{name:path}": live.act,
        "/tag/{name:path}": tagging.tag,
        "/start": starting.start,
    }
    routes = [Route(path, answer, methods=["GET"]) for path, answer in shown.items()]
    routes += [Route(path, answer, methods=["POST"]) for path, answer in done.items()]
    return Starlette(routes=routes, middleware=[Middleware(Gate, pages.rules)])
