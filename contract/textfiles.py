"""Text of files that a person may have written, on any system: every reader of ours comes here.

Editors on Windows put a byte order mark before UTF-8 and end lines with CR LF; neither is part of
the text. What is not UTF-8 is refused with the place and what to do, never guessed at.
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Protocol

from helmsight.contract.errors import NotUtf8
from helmsight.contract.opening import MOST, read_whole

MEND = "save it as UTF-8, with or without a byte order mark (Notepad: Save as, Encoding: UTF-8)"
BYTE_ORDER_MARK = "\ufeff"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Readable(Protocol):
    """A path, or a file inside of a package."""

    def read_bytes(self) -> bytes:
        """Return what the file holds."""
        ...


def read_text(path: Readable, most: int = MOST, *, follow: bool = True) -> str:
    """Return the text of a file without its byte order mark, each line ended by a line feed.

    Within a folder of others give `follow=False`: a link there may lead to anything.

    Raises:
        NotUtf8: with file, byte, position and line.
        FileRefused: no regular file, one of more than `most` bytes, or a link that is not followed.
        OSError: it cannot be read.
    """
    if isinstance(path, Path):
        return decoded(read_whole(path, most, follow=follow), str(path))
    return decoded(path.read_bytes(), str(path))


def read_lines(path: Readable, most: int = MOST, *, follow: bool = True) -> list[str]:
    """Return the lines of a file as `read_text` has them, without their ends.

    Only ends of lines divide: other separators of Unicode may be within a line of JSON.
    """
    return lines_of(read_text(path, most, follow=follow))


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, without their ends; an end of line at the very end adds none."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def decoded(data: bytes, name: str) -> str:
    """Return what a file, or a part of it, called `name` holds, as `read_text` does.

    Raises:
        NotUtf8: as `read_text`.
    """
    try:
        text = data.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise NotUtf8(f"{name} {_found(data, error.start)}; {MEND}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _found(data: bytes, at: int) -> str:
    if data.startswith(UTF_16):
        return "is UTF-16, as its first two bytes say"
    line = data[:at].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    return (
        f"is not UTF-8: byte 0x{data[at]:02x} at position {at} (line {line}) is no part of a "
        "character"
    )
