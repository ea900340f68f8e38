"""A connected client, with all that the server keeps for it."""

from __future__ import annotations

from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.streams import Streams
from helmsight.envs.orbital.krpc.types import Dialect


class Client(Caller):
    """A caller with the host that answers it and the streams that it asked for.

    The game and most services see a `Caller`; the KRPC service, which is about the server itself,
    sees all of it.
    """

    def __init__(
        self, identifier: bytes, name: str, address: str, dialect: Dialect, host: Host
    ) -> None:
        super().__init__(identifier, name, address, dialect)
        self.host = host
        self.streams = Streams(self, host)
