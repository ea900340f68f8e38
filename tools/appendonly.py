"""Files that grow by whole pieces."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from helmsight.contract.opening import open_to_append

if sys.platform != "win32":
    import fcntl


class AppendOnly:
    """A file that grows by whole pieces: a piece that does not fit is taken back entirely.

    A link in its place is refused, as `contract.opening.open_to_append` has it.

    `path` is where it is. With `durable` a piece is on the disk itself when `append` returns: it
    outlives a power cut.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        def opener(name: str, _: int) -> int:
            return open_to_append(Path(name))

        self.path = path
        self._file = open(path, "ab", buffering=0, opener=opener)  # noqa: SIM115  (closed by close)
        self._whole = os.fstat(self._file.fileno()).st_size
        self._durable = durable
        self._half = False

    def append(self, data: bytes) -> None:
        """Write all of `data`, or nothing of it and raise OSError (a full disk, say)."""
        if self._half:
            self._take_back()
        self._half = True
        try:
            self._write(data)
            if self._durable:
                os.fsync(self._file.fileno())
        except BaseException:
            self._take_back()
            raise
        self._whole += len(data)
        self._half = False

    def cut(self, size: int) -> None:
        """Keep the first `size` bytes only."""
        self._whole = size
        self._take_back()

    def claim(self) -> None:
        """Keep this file from others who claim it, until it is closed or the process is killed.

        Raises:
            BlockingIOError: somebody else has claimed it.
        """
        if sys.platform != "win32":  # there, nobody is kept out, as on file systems without locks
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise
            except OSError:
                return

    def close(self) -> None:
        """Close the file; a second call is harmless."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while len(view):
            view = view[self._file.write(view) or 0 :]

    def _take_back(self) -> None:
        self._file.truncate(self._whole)
        self._file.seek(self._whole)
        self._half = False


def sync_folder(folder: Path) -> None:
    """Have the names of the files in `folder` outlive a power cut, where the system can do that."""
    with suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
