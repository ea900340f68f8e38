"""A bound on the frames that one link sends, so that no loop that runs away floods a device."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

RATE_HZ = 4000.0
"""Frames a second in the long run. The fastest loops that people run on servo buses are 1 kHz; a
supervised move is four frames there (state, state, sync write, read-back). Full-speed USB, on
which nearly all adapters hang, carries one packet a millisecond each way."""
BURST = 400.0
"""Frames that may go out at once: a tenth of a second's, more than a handshake or a stop sends."""


class FramePace:
    """A token bucket: frames beyond the burst wait for their share of the rate.

    A frame waits for those before it and no longer, 0.25 ms a frame: a stop in the middle of a
    flood is late by that and not by the whole of it.
    """

    def __init__(
        self,
        clock: Callable[[], float] = lambda: time.monotonic(),  # looked up when called
        sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds),
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._books = threading.RLock()
        self._left = BURST
        self._then = clock()

    def wait(self) -> bool:
        """Take one frame's share, after a wait where none is left; return whether it waited."""
        with self._books:
            now = self._clock()
            self._left = min(BURST, self._left + RATE_HZ * (now - self._then)) - 1.0
            self._then = now
            short_s = -self._left / RATE_HZ
        if short_s <= 0.0:
            return False
        self._sleep(short_s)
        return True
