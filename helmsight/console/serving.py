"""The console behind a port of this machine."""

from __future__ import annotations

import errno
import secrets
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helmsight.console.gate import Rules, is_here
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    import uvicorn

    from helmsight.console.library import Library

INSTALL = "the console needs packages that are not installed: pip install 'helmsight[console]'"
CLOSING_S = 1  # that streams to browsers may take to end


@dataclass(frozen=True)
class Serving:
    """A console that is about to answer: `address` is what a browser opens."""

    server: uvicorn.Server
    socket: socket.socket
    address: str
    library: Library

    def run(self) -> None:
        """Answer until Ctrl-C; runs are read from now on, so that the first page finds them."""
        threading.Thread(target=self._read, name="library", daemon=True).start()
        self.server.run(sockets=[self.socket])

    def _read(self) -> None:
        with suppress(OSError):  # the page says so
            self.library.entries(time.time())


def serve(
    root: Path, host: str = "127.0.0.1", port: int = 8765, *, allow_remote: bool = False,
    token: str = "",
) -> Serving:  # fmt: skip
    """Return a console of the runs in `root` that listens at host and port already.

    port: 0 takes a free one. token: asked of everybody; one is made where others may reach it.

    Raises:
        InvalidSetting: a folder that there is not, a port in use, an address of others without
            `allow_remote`, or packages that are missing.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ModuleNotFoundError as error:
        raise InvalidSetting(INSTALL) from error
    from helmsight.console.app import application
    from helmsight.console.pages import Pages

    if not root.is_dir():
        raise InvalidSetting(f"{root} is no folder; give the one that holds runs with --runs")
    if not is_here(host if ":" not in host else f"[{host}]") and not allow_remote:
        raise InvalidSetting(
            f"--host {host}: others could reach the console there; say so with --allow-remote, "
            "and they need the token that it prints"
        )
    if allow_remote and not token:
        token = secrets.token_urlsafe(24)
    listening = _bound(host, port)
    number = listening.getsockname()[1]
    pages = Pages(root, Rules(token))
    server = uvicorn.Server(
        uvicorn.Config(
            application(pages),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=CLOSING_S,
            lifespan="off",
        )
    )
    pages.closing = lambda: server.should_exit
    name = f"[{host}]" if ":" in host else host
    secret = f"?token={token}" if token else ""
    return Serving(server, listening, f"http://{name}:{number}/{secret}", pages.library)


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows lets others share a port otherwise
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "somebody listens there already" if taken else str(error.strerror or error)
        raise InvalidSetting(
            f"the console cannot listen at {host} port {port}: {why}; give another one with --port "
            "(0: any that is free), or --host"
        ) from error
    return listening
