"""The keys of a terminal while a robot is operated: SPACE stops it, the others are for who asks."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TextIO

from helmsight.errors import InvalidSetting
from helmsight.keyboard import END, Read, keys

STOP = " "
BEAT_S = 0.05


class Stoppable(Protocol):
    """A world whose motion a person can end from any thread."""

    @property
    def operating(self) -> bool:
        """Whether a run is under way, which an interrupt ends."""
        ...

    def stop(self, reason: str, *, interrupts: bool = False) -> None:
        """End motion now; `interrupts`: a KeyboardInterrupt follows at once."""
        ...


class KeyDesk:
    """Reads keys in a thread, so that SPACE stops while a pilot thinks or a motion goes on.

    The stop is sent from here and does not wait for anybody; then the main thread is interrupted.
    live: a person presses the keys; otherwise they come out of a pipe, all at once.
    """

    def __init__(self, read: Read, *, live: bool) -> None:
        self._read, self._live = read, live
        self._world: Stoppable | None = None
        self._pressed: SimpleQueue[str] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="key desk", daemon=True)
        self._thread.start()

    def watch(self, world: Stoppable) -> None:
        """Have SPACE stop `world` from now on."""
        self._world = world

    def take(self, within_s: float) -> list[str]:
        """Return the keys that were pressed, waiting up to `within_s` for the first one.

        After the end of a pipe it is END, however often it is asked.
        """
        try:
            taken = [self._pressed.get(timeout=within_s)]
        except Empty:
            return []
        while not self._pressed.empty():
            taken.append(self._pressed.get())
        if END in taken:
            self._pressed.put(END)
        return taken

    def forget(self) -> None:
        """Drop what a person pressed before it was asked for."""
        if self._live:
            self.take(0.0)

    def one(self, within_s: float) -> str:
        """Return the next key, "" where none is pressed `within_s`."""
        try:
            key = self._pressed.get(timeout=within_s)
        except Empty:
            return ""
        if key == END:
            self._pressed.put(END)
        return key

    def close(self) -> None:
        """Stop listening. Idempotent."""
        self._closing.set()
        self._thread.join(1.0)

    def _listen(self) -> None:
        while not self._closing.is_set():
            for key in self._read(BEAT_S):
                if key == STOP:
                    self._stop()
                else:
                    self._pressed.put(key)
                if key == END:
                    return

    def _stop(self) -> None:
        world = self._world
        if world is None:
            return
        interrupts = world.operating
        try:
            world.stop("space bar", interrupts=interrupts)
        finally:
            if interrupts:
                interrupt_main()


def interrupt_main() -> None:
    """Have KeyboardInterrupt raised in the main thread, out of a wait, too."""
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@contextmanager
def key_desk(*, wanted: bool, stream: TextIO | None = None) -> Iterator[KeyDesk | None]:
    """Yield a desk at the terminal, or at a pipe where keys are `wanted`; None where nobody sits.

    A program in the background leaves the terminal alone.

    Raises:
        InvalidSetting: keys are wanted and standard input is closed.
    """
    stream = sys.stdin if stream is None else stream
    if stream is None or stream.closed:
        if wanted:
            raise InvalidSetting("standard input is closed: there is nobody to press a key")
        yield None
        return
    if not wanted and not at_hand(stream):
        yield None
        return
    with keys(stream) as read:
        desk = KeyDesk(read, live=stream.isatty())
        try:
            yield desk
        finally:
            desk.close()


def at_hand(stream: TextIO) -> bool:
    """Return whether `stream` is a terminal at which this program is in the foreground."""
    if not stream.isatty():
        return False
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except OSError:
        return False


class Approval:
    """Asks at the desk whether a command may be carried out."""

    def __init__(self, desk: KeyDesk, show: Callable[[str], None]) -> None:
        self._desk, self._show = desk, show

    def __call__(self, request: Mapping[str, Any]) -> bool:
        """Return whether a person says yes to a command; what was pressed before does not count."""
        said = {name: v for name, v in request["command"].items() if v not in (None, "", 0.0)}
        cut = f" ({'; '.join(request['clamped'])})" if request["clamped"] else ""
        self._show(f"step {request['index']}: {said}{cut}   y: do it   n: hold   SPACE: stop")
        self._desk.forget()
        while True:
            key = self._desk.one(1.0)
            if key in ("y", "Y"):
                return True
            if key in ("n", "N", "\r", "\n", "q", END, "\x04"):
                return False
