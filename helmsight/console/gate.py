"""Who may ask the console for what: hosts, origins, the token, and what a page may load."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "helmsight_console"
KEY = "x-helmsight-key"
MOST_BODY = 64 << 10  # bytes of an action
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
STORED = {
    "content-security-policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; "
        "frame-ancestors 'self'"
    ),
    "x-frame-options": "SAMEORIGIN",
}
"""For a page out of a folder of others: it may show itself, in a frame of ours too, and run or load
nothing.
"""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Rules:
    """What is asked of a request. `token`: "" asks for none, which is for this machine alone.

    `key` is told to pages of ours only, and every action has to bring it.
    """

    token: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))


class Gate:
    """Answers what may not pass, and gives every answer the headers that keep it harmless."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401, 403, 411, 413 or 421 in words."""
        from starlette.requests import HTTPConnection
        from starlette.responses import PlainTextResponse, RedirectResponse, Response

        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                added = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] += [pair for pair in added if pair[0] not in given]
            await send(message)

        answer: Response | None = None
        if (given := asked.query_params.get("token")) and self._opens(given):
            answer = RedirectResponse(asked.url.remove_query_params("token").path, 303)
            answer.set_cookie(COOKIE, given, httponly=True, samesite="strict")
        elif refused := self._refused(scope["method"], asked.headers, asked.cookies):
            status, words = refused
            answer = PlainTextResponse(words, status)
        await (answer or self._app)(scope, receive, guarded)

    def _opens(self, token: str) -> bool:
        known = self._rules.token
        return bool(known) and secrets.compare_digest(token.encode(), known.encode())

    def _refused(
        self, method: str, headers: Mapping[str, str], cookies: Mapping[str, str]
    ) -> tuple[int, str] | None:
        """Return the status and the words of what may not pass, None for what may."""
        host = headers.get("host", "")
        if self._rules.token:
            if not self._opens(cookies.get(COOKIE, "")):
                return 401, "The console asks for its token: open the address that it printed.\n"
        elif not is_here(host):
            # a name of somebody else's that leads here: its pages would read ours
            return 421, f"The console answers at localhost, not at {host[:80]!r}.\n"
        site = headers.get("sec-fetch-site", "same-origin")
        reads = method in ("GET", "HEAD")
        if site not in ("same-origin", "none") and not (
            reads and headers.get("sec-fetch-mode") == "navigate"
        ):
            return 403, "A page of another site asked for this.\n"
        return None if reads else self._may_not_act(host, headers)

    def _may_not_act(self, host: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
        origin = headers.get("origin", "")
        if origin.partition("://")[2] != host:
            return 403, f"An action has to come from a page of the console, not of {origin!r}.\n"
        if not secrets.compare_digest(headers.get(KEY, "").encode(), self._rules.key.encode()):
            return 403, "The page is of a console that was started anew: load it again.\n"
        size = headers.get("content-length", "")
        if not size.isdecimal():
            return 411, "An action has to say how long it is.\n"
        if int(size[:12]) > MOST_BODY:
            return 413, f"An action has {MOST_BODY} bytes at most.\n"
        return None


def is_here(host: str) -> bool:
    """Return whether the host of an address, with or without a port, is this machine alone."""
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
