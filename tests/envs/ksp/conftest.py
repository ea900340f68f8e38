"""Ports where something else than a kRPC server answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import krpc.schema.KRPC_pb2 as KRPC
import pytest
from krpc.encoder import Encoder

OpenPorts = Callable[[bytes], str]


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
                stack.callback(lambda listener=listener: listener.shutdown(socket.SHUT_RDWR))
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
def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
