"""The server: two ports, the clock of the world, and everything that clients may not break.

All of it runs in one thread on one asyncio loop: between two ticks of the world every client sees
the same state, and no call is interrupted by another.

A tick comes every 20 ms of the wall clock, at whatever rate the world runs. It moves the world on,
resumes the calls that wait for a tick, and sends the streams; the rest of the time is for requests.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
import warnings
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.admission import CLIENTS, Admission
from helmsight.envs.orbital.krpc.calls import Calls
from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.connection import (
    PROTOCOL,
    ClientConnection,
    RpcConnection,
    StreamConnection,
)
from helmsight.envs.orbital.krpc.editions import VERSIONS
from helmsight.envs.orbital.krpc.errors import NotLoopback, OldSchema, ServerError
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.ports import listening, resolved
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.sharing import Sharing
from helmsight.envs.orbital.krpc.traffic import Traffic

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

TICK_S = 0.02  # of the wall clock, whatever the rate
WORK_S = 0.6 * TICK_S  # of each tick for the world
OWED_S = 0.25  # wall seconds that the world may be behind and still catch up
INBOX = 1 << 16  # bytes read at once
LOOPBACK = "127.0.0.1"
RPC_PORT, STREAM_PORT = 50000, 50001


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
            risk = f"--host {address}: other machines reach it, and kRPC has no authentication"
            if not allow_remote:
                raise NotLoopback(f"{risk}; give --allow-remote if that is meant")
            warnings.warn(f"{risk}: whoever does can fly and load games", stacklevel=2)
        self.rpc_port, self.stream_port = rpc_port, stream_port
        self.game = game
        self.host = Host(game, services, version)
        self.clients: dict[bytes, Client] = {}
        self.host.callers, self.host.status = self.clients, self.status
        self.calls = Calls(self.host)
        self.traffic = Traffic()
        self.inbox = memoryview(bytearray(INBOX))
        self.waiting: set[RpcConnection] = set()
        self.listeners: dict[bytes, StreamConnection] = {}
        self._sharing = Sharing(self.listeners)
        self.missed_ticks = self.clients_seen = 0
        self.dropped_s = 0.0
        self.admission = Admission()
        self._servers: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when the next tick is, of the loop's clock, s
        self._last_advance = 0.0  # when the world was moved on last, of the same clock
        self._world_clock = 0.0  # the wall clock as the world knows it, s
        self._owed = 0.0  # wall seconds that have passed and the world does not know of yet
        self._cost = 2.0  # wall seconds that moving on by a second takes; careful until measured

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
        listeners: list[socket.socket] = []
        try:
            for name in ("rpc_port", "stream_port"):
                listeners.append(listening(self.address, getattr(self, name), name, CLIENTS))
                setattr(self, name, listeners[-1].getsockname()[1])
        except ServerError:
            for listener in listeners:
                listener.close()
            raise
        kinds: tuple[type[ClientConnection], ...] = (RpcConnection, StreamConnection)
        for listener, kind in zip(listeners, kinds, strict=True):
            self._servers.append(
                await loop.create_server(partial(kind, self), sock=listener, backlog=CLIENTS)
            )
        self._due = self._last_advance = loop.time()
        self._tick()

    async def stop(self) -> None:
        """Cut everyone off and let the ports go."""
        if self._timer is not None:
            self._timer.cancel()
        self._sharing.stop()
        await _turns()  # a connection that was accepted just now needs a server to belong to
        for server in self._servers:
            server.close()
        for connection in list(self.admission.connections):
            connection.transport.abort()
        await _turns()  # connection_lost of each is called

    def _tick(self) -> None:
        """Move the world on to now, then tell those who wait and those who listen.

        Ticks stay on a grid of 20 ms: one that comes late leaves out those that it overran, as
        making up for them would only make the next ones late too.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        missed = max(0, int((now - self._due) / TICK_S))
        if not (self.game.paused or self.game.lockstep):
            self.missed_ticks += missed
        self._due += (missed + 1) * TICK_S
        self._timer = loop.call_at(self._due, self._tick)
        self._advance(now)
        for waiting in list(self.waiting):  # copies: a call may end a connection
            waiting.resume()
        self._sharing.tick(now)
        counts = self.host.counts
        self.traffic.measure(loop.time(), {"rpcs": counts.rpcs, "streamed": counts.streamed})

    def _advance(self, now: float) -> None:
        """Move the world on to `now`, or as far as the work of one tick may go.

        A world that this machine cannot reckon at its rate is bounded twice:

        - In a tick it is given no more time than it can reckon in `WORK_S`, by what a second has
          cost lately. So 8 of the 20 ms stay for the clients, and the world runs slower than asked.
        - What it is behind for that is owed, for a hiccup to be caught up in the next ticks, but
          never more than `OWED_S`. The rest is dropped: a debt that can only grow would let the
          world race for minutes once it gets lighter.

        `Simulation.catch_up` has bounds of its own against a single call: the cost here is an
        average, and the first tick of a heavier save goes beyond it.
        """
        passed, self._last_advance = now - self._last_advance, now
        stands = self.game.paused or self.game.lockstep
        owed = passed if stands else self._owed + passed
        self.dropped_s += max(0.0, owed - OWED_S) if not stands else 0.0
        owed = min(owed, OWED_S)
        given = owed if stands else min(owed, WORK_S / self._cost)
        self._owed = owed - given
        self._world_clock += given
        began = time.perf_counter()
        try:
            self.game.catch_up(self._world_clock)
        except Exception as error:  # whoever is connected can still load another game
            self.host.failure(error, "a tick of the world")
        if given and not stands:
            self._cost = 0.5 * (self._cost + (time.perf_counter() - began) / given)

    def admit(self, connection: ClientConnection) -> bool:
        """Keep a new connection, or return False."""
        return self.admission.admit(connection)

    def known(self, connection: ClientConnection) -> None:
        """Take a connection for one that has said who it is."""
        self.admission.known(connection)

    def release(self, connection: ClientConnection) -> None:
        """Forget a connection."""
        self.admission.release(connection)

    def refusal_reason(self, connection: ClientConnection) -> str:
        """Return why there is no room for one more connection of this kind, or nothing.

        The newest idle client goes where there is none for a new one.
        """
        is_rpc = isinstance(connection, RpcConnection)
        taken = len(self.clients) if is_rpc else len(self.listeners)
        if taken < CLIENTS:
            return ""
        idle = self.admission.make_room() if is_rpc else None
        if idle is None or idle.client is None:
            return f"the server has {taken} clients, its limit; try later"
        self.forget(idle.client)
        idle.transport.abort()
        return ""

    def register(self, client: Client) -> None:
        """Make a new client known."""
        self.clients[client.identifier] = client
        self.clients_seen += 1

    def forget(self, client: Client) -> None:
        """Let go of a client and of its stream connection; once."""
        if self.clients.pop(client.identifier, None) is None:
            return
        listener = self.listeners.pop(client.identifier, None)
        if listener is not None:
            listener.transport.abort()
        client.leave()
        self.host.objects.release(client.identifier)

    def status(self) -> KRPC.Status:
        """Return what GetStatus tells."""
        traffic, counts, rates = self.traffic, self.host.counts, self.traffic.rates
        return KRPC.Status(
            version=self.host.version,
            protocol_version=PROTOCOL,
            bytes_read=traffic.bytes_read,
            bytes_written=traffic.bytes_written,
            bytes_read_rate=rates.get("bytes_read", 0.0),
            bytes_written_rate=rates.get("bytes_written", 0.0),
            rpcs_executed=counts.rpcs,
            rpc_rate=rates.get("rpcs", 0.0),
            stream_rpcs=sum(len(client.streams) for client in self.clients.values()),
            stream_rpcs_executed=counts.streamed,
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
