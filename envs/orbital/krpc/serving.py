"""A server to use from a test or a script: its game, its services, and a thread to run in.

from helmsight.envs.orbital.krpc.serving import serve

with serve("PE1-E1-I3", rpc_port=0, stream_port=0) as server:
    client = krpc.connect(rpc_port=server.rpc_port, stream_port=server.stream_port)
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from helmsight.envs.orbital.krpc.editions import VERSIONS
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.server import LOOPBACK, RPC_PORT, STREAM_PORT, Server
from helmsight.envs.orbital.krpc.simulation import Simulation

T = TypeVar("T")


def all_services() -> list[Service]:
    """Return the services of the twin; all but Helmsight are those of kRPC in KSP."""
    from helmsight.envs.orbital.krpc import (
        absent_mods,
        core,
        drawing,
        lockstep,
        space_center,
        stdlib,
        ui,
    )

    own = [core.service, stdlib.service, space_center.service, ui.service, drawing.service]
    return [*own, *absent_mods.services, lockstep.service]


class Running:
    """A server in a thread of its own. What is asked of it from here goes through `run`."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self._loop = loop

    @property
    def rpc_port(self) -> int:
        """The port for requests."""
        return self.server.rpc_port

    @property
    def stream_port(self) -> int:
        """The port for streams."""
        return self.server.stream_port

    def run(self, work: Callable[[Server], T]) -> T:
        """Return what `work` does with the server, between two of its calls and ticks."""

        async def turn() -> T:
            return work(self.server)

        return asyncio.run_coroutine_threadsafe(turn(), self._loop).result()


@contextmanager
def running(server: Server) -> Iterator[Running]:
    """Run a server that is not started yet in a thread until the block ends."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(server.start())
    except BaseException:
        loop.close()
        raise
    thread = threading.Thread(target=loop.run_forever, name="krpc-server", daemon=True)
    thread.start()
    try:
        yield Running(server, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def serve(
    scenario: str = "PE1-E1-I3",
    *,
    address: str = LOOPBACK,
    rpc_port: int = RPC_PORT,
    stream_port: int = STREAM_PORT,
    rate: float = 1.0,
    version: str = VERSIONS[0],
    seed: int = 0,
    allow_remote: bool = False,
    services: Sequence[Service] | None = None,
) -> Iterator[Running]:
    """Serve a scenario, or a save of KSPDG's, in a thread until the block ends.

    rate: world seconds a wall second. services: instead of the twin's own. The rest: see
    helmsight.envs.orbital.krpc.server.Server, whose errors this raises too.

    Raises:
        UnknownScenario, InvalidOption: as Simulation.
    """
    game = Simulation(scenario, seed, rate)
    server = Server(
        game,
        all_services() if services is None else services,
        address=address,
        rpc_port=rpc_port,
        stream_port=stream_port,
        version=version,
        allow_remote=allow_remote,
    )
    with running(server) as served:
        yield served
