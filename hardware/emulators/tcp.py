"""A line over TCP, for systems without pseudo-terminals: a client opens `socket://HOST:PORT`."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable

from helmsight.contract.errors import InvalidOption

REPLUG_S = 5.0


class Tcp:
    """A listening socket with one client at a time. See helmsight.hardware.emulators.serve.Wire."""

    def __init__(self, host: str, port: int) -> None:
        self._server = socket.create_server((host, port), backlog=1)
        self._server.setblocking(False)
        self._client: socket.socket | None = None
        host, port = self._server.getsockname()[:2]
        self.address = f"socket://{host}:{port}"

    def read(self, within_s: float) -> bytes | None:
        """Return what the host sent, b"" if nothing came, None while nobody is connected."""
        client = self._client
        if client is None:
            if select.select([self._server], [], [], within_s)[0]:
                self._accept()
            return None if self._client is None else b""
        if not select.select([client], [], [], within_s)[0]:
            return b""
        try:
            data = client.recv(4096)
        except OSError:
            data = b""
        if data:
            return data
        client.close()
        self._client = None
        return None

    def write(self, data: bytes) -> None:
        """Send to the host; what a host that does not read leaves no room for is lost."""
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.send(data)

    def waits(self) -> bool:
        """Return False: no worker of the kernel stands between the two ends."""
        return False

    def close(self) -> None:
        """Unplug: the host is cut off, nobody listens any more."""
        if self._client is not None:
            self._client.close()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # gone again already
            self._client, _ = self._server.accept()
            self._client.setblocking(False)
            # A reply of a few bytes must not wait for the next one.
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def tcp(text: str) -> Callable[[], Tcp]:
    """Return what makes the line at `HOST:PORT`, the same port again after each unplug.

    Port 0: a free one. Raises InvalidOption for text that is no address, or one that is taken.
    """
    host, colon, number = text.rpartition(":")
    if not (colon and host and number.isdecimal() and int(number) < 65536):
        raise InvalidOption(f"address {text!r}: expected HOST:PORT, as in 127.0.0.1:7000")
    host, port = host.strip("[]"), int(number)
    made = False

    def make() -> Tcp:
        nonlocal port, made
        deadline = time.monotonic() + REPLUG_S
        while True:
            try:
                wire = Tcp(host, port)
            except OSError as error:
                if not made or time.monotonic() > deadline:
                    raise InvalidOption(
                        f"address {text!r}: {error.strerror or error}; give another HOST:PORT"
                    ) from None
                time.sleep(0.05)  # the system may keep it for a moment after an unplug
                continue
            port, made = int(wire.address.rpartition(":")[2]), True
            return wire

    return make
