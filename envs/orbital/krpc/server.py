"""The server: two ports, the clock of the world, and everything that clients may not break.

All of it runs in one thread on one asyncio loop: between two ticks of the world every client sees
the same state, and no call is interrupted by another.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.calls import Calls
from helmsight.envs.orbital.krpc.connection import PROTOCOL, Link, RpcLink, StreamLink
from helmsight.envs.orbital.krpc.errors import NotLoopback, OldSchema, PortInUse, ServerError
from helmsight.envs.orbital.krpc.host import VERSIONS, Caller, Host
from helmsight.envs.orbital.krpc.registry import Service

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

log = logging.getLogger(__name__)
TICK_S = 0.02  # of the wall clock, whatever the rate
WORK_S = 0.6 * TICK_S  # of each tick for the world
OWED_S = 0.25  # wall seconds that the world may be behind and still catch up
CLIENTS = 256  # connections of each kind
INBOX = 1 << 16  # bytes read at once
LOOPBACK = "127.0.0.1"
RPC_PORT, STREAM_PORT = 50000, 50001


@dataclass
class Traffic:
    """What went over the connections, and how fast in the last second."""

    bytes_read: int = 0
    bytes_written: int = 0
    rates: dict[str, float] = field(default_factory=dict)
    _before: tuple[float, dict[str, int]] | None = None

    def measure(self, now: float, counts: dict[str, int]) -> None:
        """Take the rates of `counts` about once a second; `now`: wall time, s."""
        counts = {**counts, "bytes_read": self.bytes_read, "bytes_written": self.bytes_written}
        if self._before is None:
            self._before = now, counts
        then, before = self._before
        if now - then >= 1.0:
            self.rates = {key: (counts[key] - before[key]) / (now - then) for key in counts}
            self._before = now, counts


class Server:
    """Serves one game to many clients; see serving.py for one in a thread of its own.

    address: where it listens, IPv4 or a name; anything but loopback needs `allow_remote`, as the
        protocol has no authentication. rpc_port, stream_port: 0 picks free ones.
    version: of kRPC, as declared to clients: 0.5.4 or 0.7.0.

    Attributes:
        rpc_port, stream_port: the ports that it listens at, once it is started.
        missed_ticks: ticks of 20 ms that came so late that the next one was due.
        dropped_s: wall seconds that the world did not follow, as it could not keep the rate.
        clients_seen: how many clients there have been.

    Raises:
        OldSchema: the krpc package here is too old. NotLoopback: see `allow_remote`.
    """

    def __init__(
        self,
        game: Simulation,
        services: Sequence[Service],
        *,
        address: str = LOOPBACK,
        rpc_port: int = RPC_PORT,
        stream_port: int = STREAM_PORT,
        version: str = VERSIONS[0],
        allow_remote: bool = False,
    ) -> None:
        check_schema()
        self.address = resolved(address)
        if not ipaddress.ip_address(self.address).is_loopback:
            told = f"--host {address}: other machines reach it, and kRPC has no authentication"
            if not allow_remote:
                raise NotLoopback(f"{told}; give --allow-remote if that is meant")
            warnings.warn(f"{told}: whoever does can fly and load games", stacklevel=2)
        self.rpc_port, self.stream_port = rpc_port, stream_port
        self.game = game
        self.host = Host(game, services, version)
        self.host.status = self.status
        self.calls = Calls(self.host)
        self.traffic = Traffic()
        self.inbox = memoryview(bytearray(INBOX))
        self.waiting: set[RpcLink] = set()
        self.listeners: dict[bytes, StreamLink] = {}
        self.missed_ticks = self.clients_seen = 0
        self.dropped_s = 0.0
        self._links: set[Link] = set()
        self._servers: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None
        self._due = self._seen = 0.0
        self._clock = 0.0  # the wall clock as the world is told it, s
        self._owed = 0.0  # of it, and not told yet, s
        self._cost = 2.0  # of a second of it, wall seconds; careful until it is known

    async def start(self) -> None:
        """Listen, and let the world go on.

        Raises:
            PortInUse, ServerError: there is no listening at that address and port.
        """
        loop = asyncio.get_running_loop()
        if self.rpc_port == self.stream_port != 0:
            raise ServerError(
                f"--rpc-port and --stream-port are both {self.rpc_port}; requests and streams need "
                "a port each"
            )
        made: list[socket.socket] = []
        try:
            for name in ("rpc_port", "stream_port"):
                made.append(listening(self.address, getattr(self, name), name))
                setattr(self, name, made[-1].getsockname()[1])
        except ServerError:
            for one in made:
                one.close()
            raise
        for one, link in zip(made, (RpcLink, StreamLink), strict=True):
            self._servers.append(
                await loop.create_server(lambda link=link: link(self), sock=one, backlog=CLIENTS)  # type: ignore[misc]
            )
        self._due = self._seen = loop.time()
        self._tick()

    async def stop(self) -> None:
        """Cut everyone off and let the ports go."""
        if self._timer is not None:
            self._timer.cancel()
        await _turns()  # a connection that was accepted just now needs a server to belong to
        for server in self._servers:
            server.close()
        for link in list(self._links):
            link.transport.abort()
        await _turns()  # connection_lost of each is called

    def _tick(self) -> None:
        """Move the world on to now, then tell those who wait and those who listen."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        missed = max(0, int((now - self._due) / TICK_S))
        if not (self.game.paused or self.game.lockstep):
            self.missed_ticks += missed
        self._due += (missed + 1) * TICK_S
        self._timer = loop.call_at(self._due, self._tick)
        self._advance(now)
        for waiting in list(self.waiting):
            waiting.resume()
        for listener in list(self.listeners.values()):
            listener.update(now)
        executed = self.calls.executed
        counts = {"rpcs": executed.rpcs, "streamed": executed.streamed}
        self.traffic.measure(loop.time(), counts)

    def _advance(self, now: float) -> None:
        """Move the world on to `now`, or as far as the work of one tick may go.

        A rate that this machine does not keep would leave no time for the clients.
        """
        passed, self._seen = now - self._seen, now
        stands = self.game.paused or self.game.lockstep
        owed = passed if stands else self._owed + passed
        self.dropped_s += max(0.0, owed - OWED_S) if not stands else 0.0
        owed = min(owed, OWED_S)
        given = owed if stands else min(owed, WORK_S / self._cost)
        self._owed = owed - given
        self._clock += given
        began = time.perf_counter()
        try:
            self.game.catch_up(self._clock)
        except Exception as error:  # whoever is connected can still load another game
            self.host.failure(error, "a tick of the world")
        if given and not stands:
            self._cost = 0.5 * (self._cost + (time.perf_counter() - began) / given)

    def came(self, link: Link) -> bool:
        """Keep a new connection, or return False: among so many not even a refusal is due."""
        if len(self._links) >= 4 * CLIENTS:
            return False
        self._links.add(link)
        return True

    def went(self, link: Link) -> None:
        """Forget a connection."""
        self._links.discard(link)

    def full(self, link: Link) -> str:
        """Return why there is no room for one more connection of this kind, or nothing."""
        taken = len(self.host.callers) if isinstance(link, RpcLink) else len(self.listeners)
        return f"the server has {taken} clients, its limit; try later" if taken >= CLIENTS else ""

    def forget(self, caller: Caller) -> None:
        """Let go of a client and of its stream connection."""
        self.host.callers.pop(caller.identifier, None)
        listener = self.listeners.pop(caller.identifier, None)
        if listener is not None:
            listener.transport.abort()
        caller.left()
        self.host.objects.release(caller.identifier)

    def status(self) -> KRPC.Status:
        """Return what GetStatus tells."""
        traffic, executed, rates = self.traffic, self.calls.executed, self.traffic.rates
        return KRPC.Status(
            version=self.host.version,
            protocol_version=PROTOCOL,
            bytes_read=traffic.bytes_read,
            bytes_written=traffic.bytes_written,
            bytes_read_rate=rates.get("bytes_read", 0.0),
            bytes_written_rate=rates.get("bytes_written", 0.0),
            rpcs_executed=executed.rpcs,
            rpc_rate=rates.get("rpcs", 0.0),
            stream_rpcs=sum(len(one.streams) for one in self.host.callers.values()),
            stream_rpcs_executed=executed.streamed,
            stream_rpc_rate=rates.get("streamed", 0.0),
        )


async def _turns() -> None:
    """Let the loop do what is due already."""
    for _ in range(4):
        await asyncio.sleep(0)


def check_schema() -> None:
    """See that the krpc package here knows the protocol of 0.7.

    Raises:
        OldSchema: it does not.
    """
    if "protocol_version" not in KRPC.ConnectionRequest.DESCRIPTOR.fields_by_name:
        from importlib.metadata import version

        raise OldSchema(
            f"krpc {version('krpc')} has no protocol_version in its schema, and clients of 0.7 "
            "need it; the server takes pip install 'krpc>=0.7', its clients may be older"
        )


def resolved(address: str) -> str:
    """Return the IPv4 address behind a name: kRPC's clients connect to no other.

    Raises:
        ServerError: there is none.
    """
    try:
        found = socket.getaddrinfo(address, None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ServerError(f"--host {address}: no IPv4 address ({error})") from None
    return str(found[0][4][0])


def listening(address: str, port: int, name: str) -> socket.socket:
    """Return a socket that listens at `port`. `name`: of the setting, rpc_port or stream_port.

    Raises:
        PortInUse: another process has it. ServerError: it cannot be had for another reason.
    """
    option = "--" + name.replace("_", "-")
    if not 0 <= port < 65536:
        raise ServerError(f"{option} {port}: expected 0 to 65535")
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would take the port from another server
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # connections of a server that ended just now are no reason to refuse
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen(CLIENTS)  # two sockets may be bound to a port, but only one listens
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"{option} {port} at {address} is in use: by KSP, or by another helmsight "
                f"serve-krpc? End that one, or give another port with {option}"
            ) from None
        raise ServerError(f"{option} {port} at {address}: {error.strerror or error}") from None
    return made
