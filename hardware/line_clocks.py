"""The time by which an answer is late: the system's, or that of an emulator in this process.

A real device that is silent is at fault, however busy this machine is. An emulated one may only
have been kept waiting for a processor; for that nobody looks at a cable.
"""

from __future__ import annotations

import time
from collections.abc import Callable

TURN_S = 0.012  # the longest turn of an emulator that is not kept waiting
DEAD_S = 5.0  # without a turn, after which it is no busy machine any more

_EMULATED: dict[str, Callable[[], float]] = {}  # by port


class TurnClock:
    """Seconds that pass as far as an emulator was let run. Safe in threads: one of them turns."""

    def __init__(self) -> None:
        now = time.monotonic()
        # when the last turn began, what it was then, and the most that passes in it
        self._turn = (now, now, TURN_S)

    def turned(self, *, waits: bool = False) -> None:
        """Tell that a turn is over: what has come in time was answered.

        waits: whether answers now wait in the kernel. No time passes in the turn that begins.
        """
        now = time.monotonic()
        self._turn = (now, self._at(now), 0.0 if waits else TURN_S)

    def __call__(self) -> float:
        """Return the time, s."""
        return self._at(time.monotonic())

    def _at(self, now: float) -> float:
        began, then, most = self._turn
        passed = now - began
        return then + (passed if passed >= DEAD_S else min(max(passed, 0.0), most))


def served(port: str, clock: Callable[[], float]) -> None:
    """Have what is said on `port` go by the clock of its emulator."""
    _EMULATED[port] = clock


def unserved(port: str) -> None:
    """Have `port` go by the system's clock again."""
    _EMULATED.pop(port, None)


def now(port: str) -> float:
    """Return the time that counts on `port`, s; deadlines and waits of one line only."""
    return _EMULATED.get(port, time.monotonic)()
