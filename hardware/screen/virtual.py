"""A screen that no monitor shows: Xvfb, for machines without a desktop."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from helmsight.hardware.errors import WindowUnavailable


@contextmanager
def virtual_screen(width: int = 1400, height: int = 900) -> Iterator[str]:
    """Run an X server of this size, px, and yield its DISPLAY, on a number that is free.

    Raises:
        WindowUnavailable: Xvfb is not installed, or does not start.
    """
    program = shutil.which("Xvfb")
    if program is None:
        raise WindowUnavailable("a virtual screen needs Xvfb (Debian: apt-get install xvfb)")
    read, write = os.pipe()
    size = f"{width}x{height}x24"
    # without -noreset it begins anew when its last client goes, and refuses the next meanwhile
    server = subprocess.Popen(
        [program, "-displayfd", str(write), "-noreset", "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as number_pipe:
            number = number_pipe.readline().strip()
        if not number:
            raise WindowUnavailable(f"Xvfb does not start here (status {server.wait(5)})")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(5)
