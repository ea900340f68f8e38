"""Who may be connected, when more come than there is room for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from helmsight.envs.orbital.krpc.connection import ClientConnection, RpcConnection

Connection = TypeVar("Connection", bound=ClientConnection)
CLIENTS = 256  # connections of each kind
SILENT = 128  # connections beside these that have not said who they are; all are below 1,024 files
IDLE_S = 0.25  # a client that has asked nothing for so long gives way where there is no room


class Admission:
    """Keeps the connections of a server, and chooses who goes so that a newcomer finds room.

    Who has not said who it is goes first-come, first-gone: it had the longest to say so. Of the
    clients the newest idle one goes: one that has been there for long is meant to be. Both are
    taken from the address with the most of them, so that one machine cannot crowd out another.
    """

    def __init__(self) -> None:
        self._silent: dict[ClientConnection, None] = {}  # in the order in which they came
        self.connections: set[ClientConnection] = set()

    def admit(self, connection: ClientConnection) -> bool:
        """Keep a new connection, or return False: among so many not even a refusal is due."""
        if len(self.connections) >= 2 * CLIENTS + SILENT:
            if not self._silent:
                return False
            self._cut(_of_the_most(self._silent)[0])
        self.connections.add(connection)
        self._silent[connection] = None
        return True

    def known(self, connection: ClientConnection) -> None:
        """Take a connection for one that has said who it is."""
        self._silent.pop(connection, None)

    def release(self, connection: ClientConnection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        self._silent.pop(connection, None)

    def make_room(self) -> RpcConnection | None:
        """Return the client that is to go for a newcomer, None where all of them are busy."""
        now = asyncio.get_running_loop().time()
        idle = [c for c in self.connections if isinstance(c, RpcConnection) and c.idle(now, IDLE_S)]
        if not idle:
            return None
        return max(_of_the_most(idle), key=lambda connection: connection.since)

    def _cut(self, connection: ClientConnection) -> None:
        self.release(connection)
        connection.transport.abort()


def _of_the_most(some: Iterable[Connection]) -> list[Connection]:
    """Return those of the address that has most of them, in their order."""
    some = list(some)
    most, _ = Counter(connection.address for connection in some).most_common(1)[0]
    return [connection for connection in some if connection.address == most]
