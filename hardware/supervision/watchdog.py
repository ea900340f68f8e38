"""The watchdog: holds a robot whose loop gives no sign of life.

Its thread only watches. Life is shown by the loop itself, from the loop's own thread and with a
step number that goes up: a thread that does not know whether the loop is well cannot feed it, nor
can a loop that hangs in one step (MAVLink asks the same of a heartbeat).

Three states: at rest before the first sign of life, armed by every sign, and at rest again after it
has expired. So a robot is held once, and a loop that was only slow goes on with its next move.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.errors import WrongThread

LONGEST_S = 0.5
POLL_S = 0.02  # the longest single wait, so that clocks other than the system's work, too


class Watchdog:
    """Calls `on_silence` once when `timeout_s` pass without a sign of life after the last one.

    on_silence: runs in the watchdog's thread; it must not raise.

    Raises:
        InvalidOption: a timeout that is not above 0 and at most 0.5 s.
    """

    def __init__(
        self, timeout_s: float, on_silence: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        if not 0.0 < timeout_s <= LONGEST_S:
            raise InvalidOption(
                f"watchdog of {timeout_s} s: expected above 0 and at most {LONGEST_S} s; "
                "it cannot be switched off"
            )
        self.timeout_s = timeout_s
        self._on_silence = on_silence
        self._clock = clock
        self._lock = threading.Lock()
        self._last: float | None = None  # sign of life, on the clock; None at rest
        self._step: int | None = None  # the highest step number so far
        self._owner: threading.Thread | None = None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch, in a thread of its own. Idempotent."""
        if self._thread is None:
            self._done.clear()
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; a call of `on_silence` under way is waited for. Idempotent."""
        self._done.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self.release()

    def claim(self) -> None:
        """See that this is the loop's thread; the first one to ask is, until it ends.

        Raises:
            WrongThread: the loop runs in another thread.
        """
        me = threading.current_thread()
        with self._lock:
            if self._owner is None or not self._owner.is_alive():
                self._owner, self._step = me, None
            if self._owner is not me:
                raise WrongThread(
                    f"thread {me.name!r} is not the loop's, which is {self._owner.name!r}: only "
                    "the loop itself moves a robot and shows that it lives. Any thread may "
                    "hold or stop it; reset() lets another thread take over"
                )

    def release(self) -> None:
        """Rest, and let the next thread that asks be the loop's."""
        with self._lock:
            self._owner = self._step = self._last = None

    def rest(self) -> None:
        """Stand down until the next sign of life: the loop's thread waits for the device now.

        Raises:
            WrongThread: the loop runs in another thread.
        """
        self.claim()
        with self._lock:
            self._last = None

    def fed(self) -> None:
        """Take a fresh command as a sign of life."""
        self.claim()
        with self._lock:
            self._last = self._clock()

    def feed(self, step: int) -> bool:
        """Take a step number as a sign of life if it is higher than the one before.

        Returns whether it was: the same step again says that the loop hangs in it.

        Raises:
            WrongThread: the loop runs in another thread.
        """
        self.claim()
        with self._lock:
            if self._step is not None and step <= self._step:
                return False
            self._step, self._last = step, self._clock()
            return True

    @property
    def silence_s(self) -> float | None:
        """Seconds since the last sign of life; None at rest."""
        with self._lock:
            return None if self._last is None else self._clock() - self._last

    @property
    def overdue(self) -> bool:
        """Whether the loop has been silent for too long."""
        silence = self.silence_s
        return silence is not None and silence >= self.timeout_s

    def _watch(self) -> None:
        wait = POLL_S
        while not self._done.wait(wait):
            if self.overdue:
                self._on_silence()
                self._rest_if_overdue()
            silence = self.silence_s
            left = POLL_S if silence is None else self.timeout_s - silence
            wait = min(POLL_S, max(0.0005, left))

    def _rest_if_overdue(self) -> None:
        """Stand down, unless the loop showed life while `on_silence` ran."""
        with self._lock:
            if self._last is not None and self._clock() - self._last >= self.timeout_s:
                self._last = None
