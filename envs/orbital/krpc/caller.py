"""Who makes a call, as far as the game and the services need to know."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from helmsight.envs.orbital.krpc.types import Dialect

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Caller:
    """The client that makes a call. What the server keeps for it is in `client.Client`."""

    identifier: bytes
    name: str
    address: str
    dialect: Dialect
    _on_leaving: list[Callable[[], object]] = field(default_factory=list, repr=False)

    def on_disconnect(self, callback: Callable[[], object]) -> None:
        """Call `callback` once, when this client is gone: to let go of what it held."""
        self._on_leaving.append(callback)

    def leave(self) -> None:
        """Make the calls of `on_disconnect`; one that fails is logged and does not stop the others.

        The last one asked for is made first, as with nested `with` blocks.
        """
        while self._on_leaving:
            callback = self._on_leaving.pop()
            try:
                callback()
            except Exception:
                log.exception("a callback of the client %r that left failed", self.name)
