"""Single keys from a terminal or a pipe, on every system. The terminal is always given back."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TextIO

ESCAPES = {"A": "up", "B": "down", "C": "right", "D": "left"}
WINDOWS = {"H": "up", "P": "down", "M": "right", "K": "left"}
END = "end"  # of a pipe
# Returns the keys that came within so many seconds, as names ("up") or characters.
Read = Callable[[float], list[str]]


class Decoder:
    """Characters to keys: arrow keys come as escape sequences that may arrive in pieces."""

    def __init__(self) -> None:
        self._begun = ""

    def feed(self, text: str) -> list[str]:
        """Return the keys that `text` completes; unknown escape sequences are passed over."""
        keys = []
        for char in text:
            if self._begun == "\x1b" and char in "[O":
                self._begun += char
            elif len(self._begun) == 2:
                if char.isalpha() or char == "~":
                    keys += [ESCAPES[char]] if char in ESCAPES else []
                    self._begun = ""
            elif char == "\x1b":
                self._begun = char
            else:
                self._begun = ""
                keys.append(char)
        return keys


@contextmanager
def keys(stream: TextIO | None = None) -> Iterator[Read]:
    """Return a reader of single keys of `stream` (standard input), unechoed on a terminal.

    Ctrl-C stays Ctrl-C. When a pipe is over the reader returns END.
    """
    stream = sys.stdin if stream is None else stream
    if not stream.isatty():
        yield _from_pipe(stream)
    elif sys.platform == "win32":
        yield _from_console()
    else:
        with _from_terminal(stream) as read:
            yield read


def _from_pipe(stream: TextIO) -> Read:
    # A thread: no system but POSIX can wait for a pipe and a clock at once.
    decoder = Decoder()
    arrived: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        take = _taker(stream)
        with suppress(OSError, ValueError):  # what cannot be read is over
            while text := take():
                arrived.put(text)
        arrived.put("")

    threading.Thread(target=listen, name="keys", daemon=True).start()

    def read(within_s: float) -> list[str]:
        try:
            text = arrived.get(timeout=within_s)
        except Empty:
            return []
        if not text:
            arrived.put("")  # over is over, however often it is asked
            return [END]
        return decoder.feed(text)

    return read


def _taker(stream: TextIO) -> Callable[[], str]:
    """Return a function that waits for the next characters; "" at the end."""
    try:
        number = stream.fileno()
    except OSError:  # a stream in memory
        return lambda: stream.read(1)
    # not through the stream: its lock, held by a waiting thread, would bar the interpreter's end
    return lambda: os.read(number, 64).decode("utf-8", "ignore")


@contextmanager
def _from_terminal(stream: TextIO) -> Iterator[Read]:
    import select
    import termios
    import tty

    number, decoder = stream.fileno(), Decoder()

    def read(within_s: float) -> list[str]:
        if not select.select([number], [], [], within_s)[0]:
            return []
        data = os.read(number, 64)
        return decoder.feed(data.decode("utf-8", "ignore")) if data else [END]

    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield read
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _from_console() -> Read:
    import msvcrt

    def read(within_s: float) -> list[str]:
        deadline = time.monotonic() + within_s
        while not msvcrt.kbhit():  # type: ignore[attr-defined]
            if time.monotonic() >= deadline:
                return []
            time.sleep(0.01)
        char = msvcrt.getwch()  # type: ignore[attr-defined]
        if char in ("\x00", "\xe0"):
            known = WINDOWS.get(msvcrt.getwch())  # type: ignore[attr-defined]
            return [known] if known else []
        return [char]

    return read
