"""Who gets how much of a tick: the streams of all clients, a share of time for each in turn."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping

from helmsight.envs.orbital.krpc.connection import StreamConnection

SHARE_S = 0.001  # of one client before it is the next one's turn
TURN_S = 0.001  # of all of them before requests are served


class Sharing:
    """Sends clients what changed in their streams after every tick.

    Clients with few streams come first, and are told at once. What takes longer goes on in turns,
    between which requests are served: the world does not move meanwhile, so that it is still one
    tick. What is not done when the next tick comes is told as far as it is, and goes on with that.
    """

    def __init__(self, listeners: Mapping[bytes, StreamConnection]) -> None:
        self._listeners = listeners
        self._left: deque[StreamConnection] = deque()
        self._turn: asyncio.Handle | None = None

    def tick(self, now: float) -> None:
        """Begin with the tick at the wall time `now`, s."""
        self.stop()
        for listener in self._left:
            listener.tell()
        fewest = sorted(self._listeners.values(), key=lambda listener: len(listener.streams))
        self._left = deque(listener for listener in fewest if listener.begin_round(now))
        self._go_on()

    def stop(self) -> None:
        """Do nothing more until the next tick."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _go_on(self) -> None:
        self._turn = None
        until = time.perf_counter() + TURN_S
        while self._left and (now := time.perf_counter()) < until:
            listener = self._left.popleft()
            if listener.transport.is_closing():
                continue
            if listener.streams.go_on(now + SHARE_S):
                listener.tell()
            else:
                self._left.append(listener)
        if self._left:
            self._turn = asyncio.get_running_loop().call_soon(self._go_on)
