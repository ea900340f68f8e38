"""The opener of files that others may have laid out: regular ones only, of bounded size.

A folder that a stranger hands over may hold a pipe that never ends, a file without end, or a link
to a file of yours. What is read or written in such a folder is opened here without following links
(`follow=False`). What a person names on the command line may be a link, and has to be a file.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from helmsight.contract.errors import FileRefused

MOST = 64 << 20  # bytes of a file that is read whole; the largest log of a year of flights is less
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer is opened at once, and refused
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def read_whole(path: Path, most: int = MOST, *, follow: bool = False) -> bytes:
    """Return what a regular file of at most `most` bytes holds.

    Raises:
        FileRefused: a link (unless `follow`), no regular file, or a larger one.
        OSError: it cannot be read.
    """
    with os.fdopen(_opened(path, os.O_RDONLY, follow=follow), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(most + 1) if size <= most else b""
    if size > most or len(data) > most:
        raise FileRefused(f"{path} has {size} bytes; of such a file {most} are read at most")
    return data


def read_from(path: Path, start: int, most: int = MOST) -> bytes:
    """Return at most `most` bytes of a regular file that is no link, from byte `start` on.

    Raises:
        FileRefused: a link, or no regular file. OSError: it cannot be read.
    """
    with os.fdopen(_opened(path, os.O_RDONLY, follow=False), "rb") as file:
        file.seek(start)
        return file.read(most)


def check_readable(path: Path) -> int:
    """Return the size of a regular file that is no link, in bytes.

    Raises:
        FileRefused, OSError: as `read_whole`.
    """
    handle = _opened(path, os.O_RDONLY, follow=False)
    try:
        return os.fstat(handle).st_size
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder within one of others, unless it is there.

    Raises:
        FileRefused: a link is in its place. OSError: it cannot be made.
    """
    if path.is_symlink():
        raise _link(path)
    path.mkdir(exist_ok=True)


def open_new(path: Path) -> int:
    """Return a handle of a new file; a link or a file in its place is removed, not written to."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _FLAGS, 0o666)


def open_to_append(path: Path) -> int:
    """Return a handle that adds to a regular file, which is made if there is none.

    Raises:
        FileRefused: a link, no regular file, or one that has a second name elsewhere.
        OSError: it cannot be written.
    """
    handle = _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, follow=False)
    if os.fstat(handle).st_nlink > 1:
        os.close(handle)
        raise FileRefused(f"{path} is one file under two names; go on with a copy of the folder")
    return handle


def _opened(path: Path, how: int, *, follow: bool) -> int:
    if not follow and not _NO_FOLLOW and path.is_symlink():  # Windows has no such flag
        raise _link(path)
    try:
        handle = os.open(path, how | _NO_WAIT | _FLAGS | (0 if follow else _NO_FOLLOW), 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK) and path.is_symlink():
            raise _link(path) from None
        if error.errno in (errno.ENXIO, errno.EISDIR):  # a socket; a pipe without a reader
            raise FileRefused(f"{path} is no regular file; put a file in its place") from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileRefused(f"{path} is no regular file; put a file in its place")
    return handle


def _link(path: Path) -> FileRefused:
    return FileRefused(
        f"{path} is a link, and what it leads to is not touched; put what it leads to in its place"
    )
