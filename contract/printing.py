"""What is printed goes through here: text of others is shown on a terminal and never obeyed.

A program runs within `clean_streams`: there `print`, `logging`, warnings and what libraries
write pass `contract.foreign.printable`; orders of our own (clear this line, ring the bell) go past
it with `order`. Rich writes past it, too: `helmsight.liveline.Terminal` cleans what it is given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from helmsight.contract.foreign import printable


class Clean:
    """A stream of text to a person: what a terminal would obey is written in escapes.

    All else is that of the stream below. `rich_proxied_file` is what Rich looks for.
    """

    def __init__(self, stream: TextIO) -> None:
        self._below = stream
        # not Rich's own stand-in, while it shows something live: it would write to itself
        self.rich_proxied_file: TextIO = getattr(stream, "rich_proxied_file", stream)

    def write(self, text: str) -> int:
        """Write `text`; characters that the stream's encoding lacks are written in escapes."""
        encoding = self._below.encoding or "utf-8"
        self._below.write(printable(text).encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)


def clean(stream: TextIO) -> TextIO:
    """Return a stream that shows what it is given; one that does so already stays as it is."""
    return stream if isinstance(stream, Clean) else cast(TextIO, Clean(stream))


@contextmanager
def clean_streams() -> Iterator[None]:
    """Have standard output and standard error of this process show what they are given."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(clean, before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def order(sequence: str, stream: TextIO) -> None:
    """Give the terminal behind `stream` an order of ours, as it is: never text of others."""
    getattr(stream, "rich_proxied_file", stream).write(sequence)
