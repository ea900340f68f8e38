"""A server with a garden, and what talks to it: real clients, old and new, and bare sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import krpc
import krpc.schema.KRPC_pb2 as KRPC
import pytest
from fair_time import python_path

from helmsight.envs.orbital.krpc import core
from helmsight.envs.orbital.krpc.server import Server
from helmsight.envs.orbital.krpc.serving import Running, running
from helmsight.envs.orbital.krpc.values import parse
from helmsight.envs.orbital.krpc.wire import Frames, sized

sys.path.insert(0, str(Path(__file__).parent))
import garden

OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"
WAIT_S = 600.0


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """Servers, clients and tests go by the tests' own clock."""


@contextmanager
def garden_server(version: str = "0.7.0", **options: Any) -> Iterator[Running]:
    """Serve a garden."""
    server = Server(
        garden.Plot(),
        [core.service, garden.service],
        rpc_port=0,
        stream_port=0,
        version=version,
        **options,
    )
    with running(server) as served:
        yield served


@pytest.fixture
def make_server() -> Callable[..., Any]:
    """Return the maker of servers: `with make_server(version="0.5.4") as served:`."""
    return garden_server


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    """A server of kRPC 0.7.0."""
    with garden_server() as server:
        yield server


@pytest.fixture(params=["stubs", "dynamic"])
def client(served: Running, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The client of kRPC 0.7.0, with its stubs and without."""
    conn = krpc.connect(
        name=request.node.name,
        rpc_port=served.rpc_port,
        stream_port=served.stream_port,
        use_pregenerated_stubs=request.param == "stubs",
    )
    yield conn
    conn.close()


@pytest.fixture
def old_client() -> Callable[..., str]:
    """Return what runs a program with the client of kRPC 0.5.4 and returns what it printed."""
    if not OLD_CLIENT.is_dir():
        pytest.skip(f"krpc 0.5.4 is not in {OLD_CLIENT} (make install puts it there)")

    def run(program: Path, *arguments: object, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, str(program), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": python_path(OLD_CLIENT)},
            input=text, capture_output=True, text=True, timeout=WAIT_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


class Bare:
    """A client that says whatever a test wants it to."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=WAIT_S, source_address=(source, 0)
        )
        self._frames = Frames(1 << 30)
        self.identifier = b""

    def send(self, message: Any) -> None:
        """Send a message behind its length, or bytes as they are."""
        data = message if isinstance(message, bytes) else sized(message.SerializeToString())
        self.socket.sendall(data)

    def receive(self, cls: Any) -> Any:
        """Return the next message, None if the server closed the connection."""
        while True:
            message = self._frames.next()
            if message is not None:
                return parse(cls, message)
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionError:
                return None
            if not data:
                return None
            self._frames.feed(data)

    def hello(self, **fields: Any) -> KRPC.ConnectionResponse:
        """Send the first message and return the answer."""
        self.send(KRPC.ConnectionRequest(**fields))
        answer: KRPC.ConnectionResponse = self.receive(KRPC.ConnectionResponse)
        if answer is not None:
            self.identifier = answer.client_identifier
        return answer

    def call(self, service: str, procedure: str, *arguments: bytes) -> KRPC.ProcedureResult:
        """Make a call and return its result."""
        self.send(KRPC.Request(calls=[call(service, procedure, *arguments)]))
        result: KRPC.ProcedureResult = self.receive(KRPC.Response).results[0]
        return result

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def call(service: str, procedure: str, *arguments: bytes) -> KRPC.ProcedureCall:
    """Return a call with its arguments as bytes."""
    return KRPC.ProcedureCall(
        service=service,
        procedure=procedure,
        arguments=[
            KRPC.Argument(position=n, value=argument) for n, argument in enumerate(arguments)
        ],
    )


@pytest.fixture
def make_call() -> Callable[..., KRPC.ProcedureCall]:
    """Return the maker of calls: `make_call("Garden", "Wait", b"\\x04")`."""
    return call


@pytest.fixture
def bare(served: Running) -> Iterator[Callable[..., Bare]]:
    """Return the maker of bare clients; `bare()` is one of the RPC port, before its first word."""
    clients: list[Bare] = []

    def make(port: int = 0, *, hello: bool = False, source: str = "127.0.0.1") -> Bare:
        clients.append(Bare(port or served.rpc_port, source))
        if hello:
            assert clients[-1].hello(protocol_version=1).status == KRPC.ConnectionResponse.OK
        return clients[-1]

    yield make
    for client in clients:
        client.close()
