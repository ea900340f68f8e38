"""The server's side of a port: the address behind a name, and a socket that listens."""

from __future__ import annotations

import errno
import socket
import sys

from helmsight.envs.orbital.krpc.errors import PortInUse, ServerError


def resolved(address: str) -> str:
    """Return the IPv4 address behind a name: kRPC's clients connect to no other.

    Raises:
        ServerError: there is none.
    """
    try:
        entries = socket.getaddrinfo(address, None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ServerError(f"--host {address}: no IPv4 address ({error})") from None
    return str(entries[0][4][0])


def listening(address: str, port: int, name: str, backlog: int) -> socket.socket:
    """Return a socket that listens at `port`. `name`: of the setting, rpc_port or stream_port.

    backlog: connections that may wait to be accepted.

    Raises:
        PortInUse: another process has it. ServerError: it cannot be had for another reason.
    """
    option = "--" + name.replace("_", "-")
    if not 0 <= port < 65536:
        raise ServerError(f"{option} {port}: expected 0 to 65535")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would take the port from another server
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:  # connections of a server that ended just now are no reason to refuse
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(backlog)  # two sockets may be bound to a port, but only one listens
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"{option} {port} at {address} is in use: by KSP, or by another helmsight "
                f"serve-krpc? End that one, or give another port with {option}"
            ) from None
        raise ServerError(f"{option} {port} at {address}: {error.strerror or error}") from None
    return listener
