"""What every test shares: no network, no window, one thread per model."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# a shell starts its background jobs with Ctrl-C ignored, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def virtual_screen() -> Iterator[str]:
    """A screen of 1400x900 that no monitor shows; skips where Xvfb is not installed."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed (Debian: xvfb)")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            pytest.skip(f"Xvfb does not start here (status {server.wait(5)})")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(5)


@pytest.fixture
def display(virtual_screen: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The virtual screen, as what programs started by the test draw on."""
    monkeypatch.setenv("DISPLAY", virtual_screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    return virtual_screen
