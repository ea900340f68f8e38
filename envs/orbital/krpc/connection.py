"""The two kinds of connection: requests and their answers, and the stream of updates."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.calls import Waiting
from helmsight.envs.orbital.krpc.errors import MalformedMessage
from helmsight.envs.orbital.krpc.host import Caller
from helmsight.envs.orbital.krpc.streams import Streams
from helmsight.envs.orbital.krpc.types import Dialect
from helmsight.envs.orbital.krpc.values import parse
from helmsight.envs.orbital.krpc.wire import MAX_FRAME, Frames, sized

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.server import Server

PROTOCOL = 1  # of kRPC 0.7; older clients have no number
HELLO_S = 10.0  # a connection says within this who it is
HELLO_BYTES = 4096
TURN_S = 0.002  # requests of one client that are served before the others and the world have theirs
BACKLOG = 1 << 18  # bytes of a client that wait here; more wait in its socket
UNREAD = 1 << 18  # bytes that a client has not read, from which on it is not served
UNREAD_S = 60.0  # a client that reads nothing for this long is cut off

Request, Response = KRPC.ConnectionRequest, KRPC.ConnectionResponse


class Link(asyncio.BufferedProtocol):
    """A connection that begins with one message and is refused unless it is the right one."""

    wants: int

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport: asyncio.Transport
        self.caller: Caller | None = None
        self._frames = Frames(HELLO_BYTES)
        self._deadline: asyncio.TimerHandle | None = None
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first message, but not for ever."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=UNREAD)
        own = transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a peer may lose its power
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        if not self.server.came(self):
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(HELLO_S, self._late)

    def connection_lost(self, error: Exception | None) -> None:
        """Let go of everything that the connection held."""
        self._cancel_deadline()
        self.server.went(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer that all connections read into, one at a time."""
        return self.server.inbox

    def buffer_updated(self, size: int) -> None:
        """Take what arrived."""
        self.server.traffic.bytes_read += size
        data = self.server.inbox[:size]
        if self.caller is None:
            self._hello(data)
        else:
            self.received(data)

    def received(self, data: memoryview) -> None:
        """Take what arrives after the first message."""
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """Send a frame."""
        self.server.traffic.bytes_written += len(data)
        self.transport.write(data)

    def end(self, data: bytes) -> None:
        """Send the last frame and hang up, whether it is read or not."""
        self.send(data)
        self.transport.close()
        asyncio.get_running_loop().call_later(UNREAD_S, self.transport.abort)

    def _hello(self, data: memoryview) -> None:
        try:
            self._frames.feed(data)
            message = self._frames.next()
            if message is not None and not self.transport.is_closing():
                self._begin(parse(Request, message))
        except MalformedMessage as error:
            self._refuse(Response.MALFORMED_MESSAGE, str(error))

    def _begin(self, request: KRPC.ConnectionRequest) -> None:
        if request.type != self.wants:
            self._refuse(
                Response.WRONG_TYPE,
                "this is the RPC port" if self.wants == Request.RPC else "this is the stream port",
            )
            return
        if request.protocol_version not in (0, PROTOCOL):
            self._refuse(
                Response.WRONG_PROTOCOL_VERSION,
                f"protocol version {request.protocol_version}: expected {PROTOCOL}, or none",
            )
            return
        why = self.server.full(self) or self.begin(request)
        if why:
            self._refuse(Response.MALFORMED_MESSAGE, why)
            return
        assert self.caller is not None
        self._cancel_deadline()
        told = Response(client_identifier=self.caller.identifier)
        if request.protocol_version:
            told.protocol_version = PROTOCOL
        self.send(sized(told.SerializeToString()))
        self._frames.limit = MAX_FRAME
        self.received(memoryview(b""))

    def begin(self, request: KRPC.ConnectionRequest) -> str:
        """Set `caller` by the first message, or return why there is none."""
        raise NotImplementedError

    def _refuse(self, status: KRPC.ConnectionResponse.Status, why: str) -> None:
        self.end(sized(Response(status=status, message=why).SerializeToString()))

    def _late(self) -> None:
        self._refuse(Response.TIMEOUT, f"no connection request within {HELLO_S:g} s")

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class RpcLink(Link):
    """A client's requests, answered in their order."""

    wants = Request.RPC

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._waiting: Waiting | None = None
        self._held = False  # the client does not read
        self._turn: asyncio.Handle | None = None  # of requests that are here and not served yet
        self._cut: asyncio.TimerHandle | None = None

    def begin(self, request: KRPC.ConnectionRequest) -> str:
        """Make the client known."""
        dialect = Dialect.MODERN if request.protocol_version else Dialect.LEGACY
        host = self.server.host
        caller = Caller(uuid4().bytes, request.client_name, self._address, dialect, host)
        caller.streams = Streams(caller, self.server.calls.executed)
        host.callers[caller.identifier] = caller
        self.server.clients_seen += 1
        self.caller = caller
        return ""

    def received(self, data: memoryview) -> None:
        """Serve what arrived, unless something before it is not served yet."""
        size = len(data)
        if 1 < size <= 128 and data[0] == size - 1 and self._free() and not len(self._frames):
            self._answer(bytes(data[1:]))  # one whole request, as nearly always
            return
        self._frames.feed(data)
        self._serve()

    def _free(self) -> bool:
        return self._waiting is None and not self._held and self._turn is None

    def _serve(self) -> None:
        """Answer the requests that are here, for one turn."""
        until = time.perf_counter() + TURN_S
        while self._free() and not self.transport.is_closing():
            try:
                request = self._frames.next()
            except MalformedMessage as error:  # out of step for good
                self.end(self.server.calls.refused(error))
                return
            if request is None:
                break
            self._answer(request)
            if time.perf_counter() > until:
                self._turn = asyncio.get_running_loop().call_soon(self._next_turn)
        self._flow()

    def _next_turn(self) -> None:
        self._turn = None
        self._serve()

    def _answer(self, request: bytes) -> None:
        assert self.caller is not None
        answer = self.server.calls.answer(request, self.caller)
        if isinstance(answer, bytes):
            self.send(answer)
        else:
            self._waiting = answer
            self.server.waiting.add(self)

    def resume(self) -> None:
        """Go on after a tick with a call that takes more than one."""
        assert self._waiting is not None
        assert self.caller is not None
        answer = self.server.calls.resume(self._waiting, self.caller)
        if answer is not None:
            self._waiting = None
            self.server.waiting.discard(self)
            self.send(answer)
            self._serve()

    def _flow(self) -> None:
        """Read on only while there is room for it."""
        full = self._held or (len(self._frames) > BACKLOG and not self._free())
        if self.transport.is_closing() or full != self.transport.is_reading():
            return
        if full:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        """Serve the client no more until it has read what it has."""
        self._held = True
        self._cut = asyncio.get_running_loop().call_later(UNREAD_S, self.transport.abort)
        self._flow()

    def resume_writing(self) -> None:
        """Serve the client again."""
        self._held = False
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._next_turn)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client, its streams and what services keep for it."""
        super().connection_lost(error)
        for handle in (self._cut, self._turn):
            if handle is not None:
                handle.cancel()
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None
            self.server.waiting.discard(self)
        if self.caller is not None:
            self.server.forget(self.caller)


class StreamLink(Link):
    """Where a client's updates go. A client that does not read them misses some, and no more."""

    wants = Request.STREAM

    def begin(self, request: KRPC.ConnectionRequest) -> str:
        """Find the client by its identifier."""
        identifier = request.client_identifier
        caller = self.server.host.callers.get(identifier)
        if caller is None:
            return (
                f"no client has the identifier {identifier[:16].hex() or '(empty)'}; connect "
                + ("to the RPC port first")
            )
        if identifier in self.server.listeners:
            return "this client has a stream connection already"
        self.server.listeners[identifier] = self
        self.caller = caller
        return ""

    def received(self, data: memoryview) -> None:
        """Nothing is expected of the client."""

    def update(self, now: float) -> None:
        """Send what changed; to one who does not read, later and then only the newest."""
        assert self.caller is not None
        if self.transport.get_write_buffer_size() > UNREAD:
            return
        told = self.caller.streams.update(now)
        if told is not None:
            self.send(told)

    def connection_lost(self, error: Exception | None) -> None:
        """Stop sending."""
        super().connection_lost(error)
        if self.caller is not None:
            self.server.listeners.pop(self.caller.identifier, None)
