"""The two kinds of connection: requests and their answers, and the stream of updates."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Protocol
from uuid import uuid4

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.calls import Calls, Waiting
from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.errors import MalformedMessage
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.streams import Streams
from helmsight.envs.orbital.krpc.traffic import Traffic
from helmsight.envs.orbital.krpc.types import Dialect
from helmsight.envs.orbital.krpc.values import parse
from helmsight.envs.orbital.krpc.wire import MAX_FRAME, Frames, sized

PROTOCOL = 1  # of kRPC 0.7; older clients have no number
HELLO_S = 3.0  # a connection says within this who it is
HELLO_BYTES = 4096
TURN_S = 0.002  # requests of one client that are served before the others and the world have theirs
BACKLOG = 1 << 18  # bytes of a client that wait here; more wait in its socket
UNREAD = 1 << 18  # bytes that a client has not read, from which on it is not served
UNREAD_S = 60.0  # a client that reads nothing for this long is cut off

Request, Response = KRPC.ConnectionRequest, KRPC.ConnectionResponse


class ServerView(Protocol):
    """What a connection sees of its server.

    Attributes:
        clients: those that are connected, by identifier.
        inbox: the buffer that all connections read into, one at a time.
        waiting: connections with a call that goes on after the next tick.
        listeners: where the updates of clients go, by identifier.
    """

    host: Host
    calls: Calls
    clients: dict[bytes, Client]
    traffic: Traffic
    inbox: memoryview
    waiting: set[RpcConnection]
    listeners: dict[bytes, StreamConnection]

    def admit(self, connection: ClientConnection) -> bool:
        """Keep a new connection, or return False."""
        ...

    def known(self, connection: ClientConnection) -> None:
        """Take a connection for one that has said who it is."""
        ...

    def release(self, connection: ClientConnection) -> None:
        """Forget a connection."""
        ...

    def refusal_reason(self, connection: ClientConnection) -> str:
        """Return why there is no room for one more client, or nothing."""
        ...

    def register(self, client: Client) -> None:
        """Make a new client known."""
        ...

    def forget(self, client: Client) -> None:
        """Let go of a client and of its stream connection."""
        ...


class ClientConnection(asyncio.BufferedProtocol):
    """A connection that begins with one message and is refused unless it is the right one.

    The life of a connection:

        accepted --first message--> open --end(), or the peer hangs up--> lost
            |  wrong, late or one too many                                  ^
            +------------------- refused with a reason ---------------------+

    `address` is where the peer is, `since` when it came (of the loop's clock, s).

    `client` is None until it is open: all bytes before that are the first message's. What follows
    in the same packet belongs to the open connection, which is why `_begin` lets `received` look.
    """

    wants: int

    def __init__(self, server: ServerView) -> None:
        self.server = server
        self.transport: asyncio.Transport
        self.client: Client | None = None
        self._frames = Frames(HELLO_BYTES)
        self._deadline: asyncio.TimerHandle | None = None
        self.address = ""
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first message, but not for ever."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=UNREAD)
        accepted = transport.get_extra_info("socket")
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a peer may lose its power
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        loop = asyncio.get_running_loop()
        self.since = loop.time()
        if not self.server.admit(self):
            transport.abort()
            return
        self._deadline = loop.call_later(HELLO_S, self._late)

    def connection_lost(self, error: Exception | None) -> None:
        """Let go of everything that the connection held."""
        self._cancel_deadline()
        self.server.release(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to read into: one buffer for all, emptied before the loop reads again."""
        return self.server.inbox

    def buffer_updated(self, size: int) -> None:
        """Take what arrived."""
        self.server.traffic.bytes_read += size
        data = self.server.inbox[:size]
        if self.client is None:
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
        reason = self.server.refusal_reason(self) or self.begin(request)
        if reason:
            self._refuse(Response.MALFORMED_MESSAGE, reason)
            return
        assert self.client is not None
        self.server.known(self)
        self._cancel_deadline()
        greeting = Response(client_identifier=self.client.identifier)
        if request.protocol_version:
            greeting.protocol_version = PROTOCOL
        self.send(sized(greeting.SerializeToString()))
        self._frames.limit = MAX_FRAME
        self.received(memoryview(b""))

    def begin(self, request: KRPC.ConnectionRequest) -> str:
        """Set `client` by the first message, or return why there is none."""
        raise NotImplementedError

    def _refuse(self, status: KRPC.ConnectionResponse.Status, reason: str) -> None:
        self.end(sized(Response(status=status, message=reason).SerializeToString()))

    def _late(self) -> None:
        self._refuse(Response.TIMEOUT, f"no connection request within {HELLO_S:g} s")

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class RpcConnection(ClientConnection):
    """A client's requests, answered in their order.

    Requests wait while the one before them takes more than a tick (`_waiting`), while the client
    does not read its answers (`_held`), and from the end of one turn to the next (`_turn`). Up to
    `BACKLOG` bytes of them are kept here; then nothing more is read, and TCP holds the client up.
    """

    wants = Request.RPC

    def __init__(self, server: ServerView) -> None:
        super().__init__(server)
        self._waiting: Waiting | None = None
        self._held = False  # the client does not read
        self._turn: asyncio.Handle | None = None  # of requests that are here and not served yet
        self._cut: asyncio.TimerHandle | None = None
        self._asked = 0.0  # when it asked last, of the loop's clock, s

    def idle(self, now: float, for_s: float) -> bool:
        """Whether nothing was asked for so many seconds, nothing goes on or is streamed."""
        if self.client is None or self.client.streams:
            return False
        return self._free() and now - max(self.since, self._asked) >= for_s

    def begin(self, request: KRPC.ConnectionRequest) -> str:
        """Make the client known."""
        dialect = Dialect.MODERN if request.protocol_version else Dialect.LEGACY
        host, identifier = self.server.host, uuid4().bytes
        self.client = Client(identifier, request.client_name, self.address, dialect, host)
        self.server.register(self.client)
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
        assert self.client is not None
        self._asked = asyncio.get_running_loop().time()
        answer = self.server.calls.answer(request, self.client)
        if isinstance(answer, bytes):
            self.send(answer)
        else:
            self._waiting = answer
            self.server.waiting.add(self)

    def resume(self) -> None:
        """Go on after a tick with a call that takes more than one."""
        assert self._waiting is not None
        assert self.client is not None
        answer = self.server.calls.resume(self._waiting, self.client)
        if answer is not None:
            self._waiting = None
            self.server.waiting.discard(self)
            self.send(answer)
            self._serve()

    def _flow(self) -> None:
        """Read on only while there is room for it."""
        full = self._held or (len(self._frames) > BACKLOG and not self._free())
        changes = full == self.transport.is_reading()
        if self.transport.is_closing() or not changes:
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
        if self.client is not None:
            self.server.forget(self.client)


class StreamConnection(ClientConnection):
    """Where a client's updates go. A client that does not read them misses some, and no more."""

    wants = Request.STREAM

    def begin(self, request: KRPC.ConnectionRequest) -> str:
        """Find the client by its identifier."""
        identifier = request.client_identifier
        client = self.server.clients.get(identifier)
        if client is None:
            return (
                f"no client has the identifier {identifier[:16].hex() or '(empty)'}; connect "
                + ("to the RPC port first")
            )
        if identifier in self.server.listeners:
            return "this client has a stream connection already"
        self.server.listeners[identifier] = self
        self.client = client
        return ""

    def received(self, data: memoryview) -> None:
        """Nothing is expected of the client."""

    @property
    def streams(self) -> Streams:
        """Those of its client."""
        assert self.client is not None
        return self.client.streams

    def begin_round(self, now: float) -> bool:
        """Begin to find out what changed by the wall time `now`; return False for one who does not
        read: he is told later, and then only the newest.
        """
        if self.transport.get_write_buffer_size() > UNREAD:
            return False
        self.streams.begin(now)
        return True

    def tell(self) -> None:
        """Send what changed in this round so far."""
        message = self.streams.told()
        if message is not None:
            self.send(message)

    def connection_lost(self, error: Exception | None) -> None:
        """Stop sending."""
        super().connection_lost(error)
        if self.client is not None:
            self.server.listeners.pop(self.client.identifier, None)
