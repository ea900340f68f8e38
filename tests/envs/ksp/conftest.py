"""A served twin to fly in, and ports where something else than a kRPC server answers."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import krpc.schema.KRPC_pb2 as KRPC
import pytest
from krpc.encoder import Encoder

from helmsight.envs.ksp.env import KspEnv
from helmsight.envs.orbital.dynamics import unit
from helmsight.envs.orbital.fleet import Fleet
from helmsight.envs.orbital.krpc.server import Server
from helmsight.envs.orbital.krpc.serving import Running, serve
from helmsight.envs.orbital.scenarios import EVADER, PURSUER

OpenPorts = Callable[[bytes], str]


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """The game, its clients and tests go by the tests' own clock."""


@pytest.fixture
def answering() -> Iterator[OpenPorts]:
    """Return a function that opens two ports answering every greeting with the same bytes."""
    with ExitStack() as stack:

        def serve(listener: socket.socket, answer: bytes) -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                stack.callback(client.close)
                if client.recv(1024) and answer:
                    client.sendall(answer)

        def open_ports(answer: bytes) -> str:
            ports = []
            for _ in range(2):
                listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                stack.callback(listener.shutdown, socket.SHUT_RDWR)
                threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
                ports.append(str(listener.getsockname()[1]))
            return ":".join(("127.0.0.1", *ports))

        yield open_ports


@pytest.fixture
def legacy_welcome() -> bytes:
    """Return how a kRPC 0.5.4 server greets: without a protocol version, which it knows not."""
    welcome = KRPC.ConnectionResponse(client_identifier=bytes(16))
    return Encoder.encode_message_with_size(welcome)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Return a port where nobody listens, nor may anybody else who asks for any port."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


@dataclass(frozen=True)
class Game:
    """A served twin, and the environments that fly in it."""

    served: Running
    stack: ExitStack

    @property
    def at(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.served.rpc_port}:{self.served.stream_port}"

    def env(self, scenario: str = "PE1-E1-I3", **options: Any) -> KspEnv:
        """Return an environment over the wire; it is closed after the test."""
        env = KspEnv(scenario, krpc=self.at, **options)
        self.stack.callback(env.close)
        return env

    def fleet(self, work: Callable[[Fleet], Any]) -> Any:
        """Return what `work` does with the vessels, between two ticks."""
        return self.served.run(lambda server: work(server.game.fleet))

    def throttle(self, vessel: int) -> list[float]:
        """Return the translation inputs (forward, right, down) of a vessel."""
        throttle: list[float] = self.fleet(lambda fleet: fleet.throttle[0, vessel].tolist())
        return throttle

    def wait_for_thrust(self, vessel: int = PURSUER) -> None:
        """Return when a vessel pushes."""
        while not any(self.throttle(vessel)):
            time.sleep(0.005)

    def once_it_pushes(self, act: Callable[..., object], *given: object) -> None:
        """Call `act` in a thread of its own as soon as the pursuer pushes."""

        def wait() -> None:
            self.wait_for_thrust()
            act(*given)

        threading.Thread(target=wait, daemon=True).start()

    def slow_to(self, rate: float) -> None:
        """Let the world run at `rate` from now on: finer samples, and time for what is to come."""
        self.served.run(lambda server: server.game.set_rate(rate))

    def cut(self, name: str = "") -> None:
        """Break the connections of the clients whose name begins so; the server goes on."""

        def abort(server: Server) -> None:
            for connection in list(server.admission.connections):
                if connection.client is not None and connection.client.name.startswith(name):
                    connection.transport.abort()

        self.served.run(abort)

    def die(self) -> None:
        """Stop the server."""
        loop = self.served._loop
        asyncio.run_coroutine_threadsafe(self.served.server.stop(), loop).result()

    def meet(self, gap: float, closing: float = 0.0) -> None:
        """Put the pursuer `gap` m behind the evader, coming nearer at `closing` m/s."""

        def put(fleet: Fleet) -> None:
            along = unit(fleet.velocity[0, EVADER])
            fleet.position[0, PURSUER] = fleet.position[0, EVADER] - gap * along
            fleet.velocity[0, PURSUER] = fleet.velocity[0, EVADER] + closing * along

        self.fleet(put)


@pytest.fixture
def serve_game() -> Iterator[Callable[..., Game]]:
    """Return what serves a game: `serve_game(rate=1.0)`."""
    with ExitStack() as stack:

        def start(rate: float = 8.0, **options: Any) -> Game:
            served = serve(rpc_port=0, stream_port=0, rate=rate, **options)
            return Game(stack.enter_context(served), stack)

        yield start


@pytest.fixture
def game(serve_game: Callable[..., Game]) -> Game:
    """A game at eight times its speed."""
    return serve_game()
