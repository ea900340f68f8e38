"""Which parts of a run folder are still written, and why the others are not."""

from __future__ import annotations

import errno
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from helmsight.contract.signals import interrupted

NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


class Parts:
    """Which parts of a run folder failed, and why: `problems`. A failed part is written no more.

    On a full disk the pictures stop, and the file `reserve` makes room for what matters more.
    Used by several threads. What is to be said waits until the caller's own thread asks for it.
    """

    def __init__(self, reserve: Path, pictures: Collection[str]) -> None:
        self.problems: dict[str, str] = {}
        self._untold: deque[str] = deque()
        self._reserve, self._pictures = reserve, pictures
        self._lock = threading.Lock()  # for failures only

    def attempt(self, part: str, action: Callable[[], None], steps: int) -> None:
        """Do `action` unless `part` has failed before; `steps` have been taken so far.

        Raises:
            KeyboardInterrupt: while `action` was done, whatever a library has made of it.
        """
        if part in self.problems:
            return
        reserve = self._reserve.exists()  # another thread may give it up meanwhile
        try:
            action()
        except Exception as error:  # whatever breaks in a recording, the flight goes on
            if interrupted(error):
                raise KeyboardInterrupt from error
            reason = f"{type(error).__name__}: {error}"
            if reserve and isinstance(error, OSError) and error.errno in NO_SPACE:
                self._make_room(reason, steps)
                self.attempt(part, action, steps)
            else:
                self.stop(part, reason, steps)

    def stop(self, part: str, reason: str, steps: int) -> None:
        """Write `part` no more; each reason is told of once."""
        with self._lock:
            if part in self.problems:
                return
            if reason not in self.problems.values():
                self._untold.append(f"{part} stopped after {steps} steps ({reason})")
            self.problems[part] = reason

    def told(self) -> Iterator[str]:
        """Yield what has stopped since this was last asked, in words."""
        while self._untold:
            yield self._untold.popleft()

    def _make_room(self, reason: str, steps: int) -> None:
        """Give up the pictures, and the reserve."""
        for part in self._pictures:
            self.stop(part, reason, steps)
        self._reserve.unlink(missing_ok=True)
