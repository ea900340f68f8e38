"""A provider of chat models on this machine: a real HTTP server that does what its rules say."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self

from helmsight.contract.jsontext import parse_json
from helmsight.testing.forms import FORMS, answer, refused, streamed
from helmsight.testing.rules import Request, Rule

LOOK_S = 0.01  # how often a server at work looks whether its client is still there


class FakeProvider:
    """Speaks a provider's protocol on a port of this machine and answers by rules.

    `rules` are `Rule`s, dicts of their fields, or texts to answer with; the first that fits a
    request counts. `protocol` is "openai", "anthropic" or "ollama". `slots` is how many requests
    it works at at once; the others wait. As real servers do, it lets go of a request as soon as
    its client has gone. `requests` keeps what came, `dropped` counts clients that went away.

    Used as a context manager: it serves inside. `url` is what `--base-url` wants.
    """

    def __init__(
        self, *rules: Rule | Mapping[str, Any] | str, protocol: str = "openai", slots: int = 100
    ) -> None:
        self.rules = [_rule(rule) for rule in rules]
        self.protocol = FORMS[protocol]
        self.requests: list[Request] = []
        self.dropped = 0
        self._slots = threading.Semaphore(slots)
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = _Server(("127.0.0.1", 0), handler)

    @property
    def url(self) -> str:
        """The address that clients are given."""
        return f"http://127.0.0.1:{self._server.server_port}{self.protocol.root}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def become(self, *rules: Rule | Mapping[str, Any] | str) -> None:
        """Answer by other rules from now on, and forget what came before."""
        self.rules, self.requests, self.dropped = [_rule(rule) for rule in rules], [], 0

    def noted(self, path: str, headers: Mapping[str, str], body: dict[str, Any]) -> Request:
        """Keep a request and return it with its number."""
        with self._lock:
            request = Request(number=len(self.requests) + 1, path=path, headers=headers, body=body)
            self.requests.append(request)
        return request

    def rule(self, request: Request) -> Rule:
        """Return the first rule that fits; without any, the request is refused."""
        fits = (rule for rule in self.rules if rule.when.fits(request))
        return next(fits, Rule(status=404, error=f"no rule for {request.path}"))

    @contextmanager
    def at_work(self, client: socket.socket, seconds: float) -> Iterator[bool]:
        """Take a slot and work so long; yield whether the client is still there then."""
        there = True
        while there and not self._slots.acquire(timeout=LOOK_S):
            there = not _gone(client)
        if not there:
            self.dropped += 1
            yield False
            return
        try:
            until = time.monotonic() + seconds
            while there and (left := until - time.monotonic()) > 0:
                time.sleep(min(LOOK_S, left))
                there = not _gone(client)
            self.dropped += not there
            yield there
        finally:
            self._slots.release()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the port and every connection that clients keep."""
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle of an answer is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    provider: ClassVar[FakeProvider]
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: else the second waits for the first's receipt

    def do_POST(self) -> None:
        """Answer one request."""
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = self.provider.noted(self.path, headers, parse_json(sent or b"{}"))
        rule = self.provider.rule(request)
        with self.provider.at_work(self.connection, rule.seconds) as there:
            if not there:
                self.close_connection = True
            elif rule.line in ("reset", "close"):
                self._end(rule.line)
            else:
                self._answer(rule, request)

    def do_GET(self) -> None:
        """Answer what is no question to a model: there is nothing else here."""
        self._send(404, b'{"error": {"message": "not found"}}', "application/json", {}, half=False)

    def _answer(self, rule: Rule, request: Request) -> None:
        protocol, kind = self.provider.protocol, rule.kind
        if rule.body is not None:
            text = rule.body
        elif rule.data is not None:
            text = json.dumps(rule.data)
        elif rule.status >= 400:
            text = json.dumps(refused(protocol, rule))
        elif request.body.get("stream") or kind == "text/event-stream":
            text, kind = streamed(protocol, rule, request), protocol.stream
        else:
            text = json.dumps(answer(protocol, rule, request))
        self._send(rule.status, text.encode(), kind, rule.headers, half=rule.line == "half")

    def _send(
        self, status: int, body: bytes, kind: str, headers: Mapping[str, str], *, half: bool
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        if half:
            self._end("close")

    def _end(self, how: str) -> None:
        self.wfile.flush()
        if how == "reset":  # closing with a linger of 0 s sends RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written to the terminal of the one who tests."""


def _rule(given: Rule | Mapping[str, Any] | str) -> Rule:
    if isinstance(given, Rule):
        return given
    return Rule(text=given) if isinstance(given, str) else Rule.model_validate(given)


def _gone(client: socket.socket) -> bool:
    """Whether the other end of a connection, from which nothing is expected, has closed it."""
    try:
        readable, _, _ = select.select([client], [], [], 0)
        return bool(readable) and client.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
