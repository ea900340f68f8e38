"""A kRPC connection that can be interrupted, given up on, and told what is wrong with it."""

from __future__ import annotations

import queue
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NoReturn, Self, TypeVar

from helmsight.contract.errors import InvalidOption
from helmsight.contract.waiting import next_of
from helmsight.envs.ksp.errors import ClientUnfit, GameLost, GameRefused, NobodyListens

DEFAULT = "127.0.0.1:50000"
"""Where kRPC listens unless it is told otherwise; its streams are one port further."""
KNOCK = 5.0
"""Seconds to wait for the port to open."""
WELCOME = 30.0
"""Seconds to wait for the greeting: the game may ask its player whether to let the client in."""
ANSWER = 5.0
"""Seconds to wait for an answer."""
LOST_ENGAGE = (
    "kRPC 0.6 took AutoPilot.engage away, with which KSPDG's bots fly, "
    "so that an evader would stay passive unnoticed"
)

REFUSAL = "ConnectionError"
"""Name of the client's own error, no OSError, for a greeting that was refused."""

T = TypeVar("T")


@dataclass(frozen=True)
class ServerAddress:
    """Host and ports of a kRPC server."""

    host: str
    rpc_port: int
    stream_port: int

    @classmethod
    def parse(cls, text: str) -> ServerAddress:
        """Read "HOST:RPC_PORT" or "HOST:RPC_PORT:STREAM_PORT" (default: the port after).

        Raises:
            InvalidOption: for anything else.
        """
        if match := re.fullmatch(r"([^\s:]+):([0-9]{1,5})(?::([0-9]{1,5}))?", text):
            rpc = int(match[2])
            stream = int(match[3]) if match[3] else rpc + 1
            if all(0 < port < 65536 for port in (rpc, stream)):
                return cls(match[1], rpc, stream)
        raise InvalidOption(
            f"krpc={text!r} is no address; give HOST:RPC_PORT or HOST:RPC_PORT:STREAM_PORT, "
            f"for example {DEFAULT}"
        )

    def __str__(self) -> str:
        usual = self.stream_port == self.rpc_port + 1
        return f"{self.host}:{self.rpc_port}" + ("" if usual else f":{self.stream_port}")


class GameConnection:
    """One connection. Calls run one at a time on a thread of its own.

    So Ctrl-C never cuts a message in half, and a server that falls silent is given up on: the
    0.5.4 client would wait for it for ever.

    Args:
        welcome: seconds to wait for the greeting.

    Attributes:
        client, server: versions of the kRPC client and server.
        twin: whether Helmsight's own server answers, not the game.

    Raises:
        ClientUnfit: a client or server that cannot be used, with what to install.
        NobodyListens: nothing, or no kRPC server, answers at the address.
    """

    def __init__(
        self, address: ServerAddress, name: str = "Helmsight", *, welcome: float = WELCOME
    ) -> None:
        self.address = address
        krpc = client_package()
        self.client = str(krpc.__version__)
        _knock(address, min(KNOCK, welcome))
        self._closed = False
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name=f"kRPC {name}", daemon=True).start()
        self._connection = self._greet(krpc, name, welcome)
        try:
            self.server = self.call(lambda connection: str(connection.krpc.get_status().version))
            # a service that only `helmsight serve-krpc` has
            self.twin: bool = self.call(lambda connection: hasattr(connection, "helmsight"))
            if self.server.startswith("0.6."):
                raise ClientUnfit(
                    f"the server at {address} is kRPC {self.server}: {LOST_ENGAGE}; "
                    "install kRPC 0.5.4 in the game"
                )
        except BaseException:
            self.close()
            raise

    @property
    def world(self) -> str:
        """Who answers, in words."""
        return f"kRPC {self.server} at {self.address}" + (", the twin" if self.twin else "")

    def call(self, work: Callable[[Any], T], timeout: float = ANSWER) -> T:
        """Return what `work` makes of the krpc package's connection, on the thread of this one.

        Raises:
            GameRefused: the server answered with an error.
            GameLost: the connection broke, or no answer came within `timeout` seconds; then it is
                closed.
        """
        return self._run(lambda: work(self._connection), timeout)

    def answers(self) -> bool:
        """Return whether the server still answers over this connection."""
        try:
            self.call(lambda connection: connection.krpc.get_status())
        except GameLost:
            return False
        return True

    def close(self) -> None:
        """Close the connection; safe to call twice. The game lets go of what it still held."""
        self._closed = True
        self._jobs.put(None)
        connection = getattr(self, "_connection", None)
        if connection is not None:
            with suppress(Exception):  # whatever is left of a broken connection
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _run(self, work: Callable[[], T], timeout: float) -> T:
        outcome: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

        def job() -> None:
            try:
                outcome.put((work(), None))
            except Exception as error:
                outcome.put((None, error))

        if self._closed:
            raise GameLost(f"the connection to {self.address} is closed")
        self._jobs.put(job)
        try:
            result, error = next_of(outcome, timeout)
        except queue.Empty:
            self.close()  # its thread still waits: nothing more can be said over this connection
            raise GameLost(
                f"{self.address} did not answer within {timeout:g} s; is the game paused, loading "
                "or gone?"
            ) from None
        if error is not None:
            self._explain(error)
        return result  # type: ignore[return-value]

    def _explain(self, error: Exception) -> NoReturn:
        if isinstance(error, OSError) or type(error).__name__ == REFUSAL:
            raise GameLost(f"the connection to {self.address} broke: {error}") from error
        if isinstance(error, RuntimeError | ValueError):  # what the client makes of remote errors
            raise GameRefused(f"the game at {self.address} refused: {error}") from error
        raise error

    def _greet(self, krpc: ModuleType, name: str, welcome: float) -> Any:
        at = self.address

        def connect() -> Any:
            return krpc.connect(
                name=name, address=at.host, rpc_port=at.rpc_port, stream_port=at.stream_port
            )

        try:
            return self._run(connect, welcome)
        except Exception as error:
            self.close()
            reason = str(error.__cause__)
            if "protocol version" in reason:
                raise ClientUnfit(
                    f"the server at {at} is older than the kRPC client {self.client} can speak "
                    "with; for kRPC 0.5.4 in the game: pip install krpc==0.5.4"
                ) from error
            if type(error.__cause__).__name__ == REFUSAL:
                raise GameRefused(
                    f"the server at {at} refused the kRPC client {self.client}: {reason}"
                ) from error
            raise NobodyListens(
                f"no kRPC server greets at {at} ({error}): is it another program's port, or does "
                "the game ask whether to let the client in?"
            ) from error


def client_package() -> ModuleType:
    """Return the kRPC client; raises ClientUnfit when it is missing or one that cannot be used."""
    try:
        import krpc
    except ImportError as error:
        raise ClientUnfit(
            f"the kRPC client cannot be imported ({error}); pip install krpc==0.5.4"
        ) from error
    version = str(krpc.__version__)  # type: ignore[attr-defined]
    if version.startswith("0.6."):
        raise ClientUnfit(
            f"the kRPC client {version} is installed: {LOST_ENGAGE}; pip install krpc==0.5.4 for "
            "the game, or krpc>=0.7 for `helmsight serve-krpc`"
        )
    return krpc


def _knock(address: ServerAddress, timeout: float) -> None:
    for port in (address.rpc_port, address.stream_port):
        try:
            socket.create_connection((address.host, port), timeout).close()
        except OSError as error:
            raise NobodyListens(
                f"nobody listens at {address.host}:{port} ({error}); start the server in the "
                "game's kRPC window, or `helmsight serve-krpc` for the twin"
            ) from error
