"""Whether the kernel carries bytes through pseudo-terminals now, or lets them wait.

What is written to a pseudo-terminal is carried over by a worker of the kernel. On a busy machine
that worker is late by tenths of a second, in which an emulated device has answered and its driver
hears nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress


class KernelLine:
    """A pseudo-terminal through which one byte at a time is sent. POSIX only."""

    def __init__(self) -> None:
        import pty
        import tty

        self.device, self.host = pty.openpty()
        tty.setraw(self.host)
        os.set_blocking(self.host, False)
        self._under_way = False

    def waits(self) -> bool:
        """Return whether the byte that an earlier look has sent is not there yet; else send one."""
        if self._under_way:
            with suppress(BlockingIOError):
                self._under_way = not os.read(self.host, 1)
        if self._under_way:
            return True
        self._under_way = os.write(self.device, b"\0") == 1
        return False

    def close(self) -> None:
        """Give both ends back."""
        os.close(self.device)
        os.close(self.host)
