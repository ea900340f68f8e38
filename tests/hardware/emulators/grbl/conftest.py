"""The emulated grbl, without I/O: the test owns the clock."""

from __future__ import annotations

import re

import pytest

from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.spec import load_spec


class Bench:
    """A controller with a host that the test plays; `wait` lets its time pass."""

    def __init__(self, **options: object) -> None:
        spec = load_spec("gantry")
        self.device = GrblController(spec, **{"homed": True} | options)  # type: ignore[arg-type]
        self.now = 0.0
        self.greeting = b"".join(self.device.opened(self.now))

    def say(self, text: bytes) -> str:
        self.now += 0.001
        return b"".join(self.device.receive(text, self.now)).decode("ascii")

    def line(self, text: str) -> str:
        return self.say(text.encode() + b"\n").strip()

    def wait(self, seconds: float) -> str:
        out, end = [], self.now + seconds
        while self.now < end:
            self.now += 0.002
            out += self.device.tick(self.now)
        return b"".join(out).decode("ascii")

    def status(self) -> str:
        return self.say(b"?").strip()

    def state(self) -> str:
        return self.status()[1:].partition("|")[0]

    def place(self) -> tuple[float, ...]:
        found = re.search(r"MPos:([-\d.,]+)", self.status())
        assert found is not None
        return tuple(map(float, found[1].split(",")))


@pytest.fixture
def bench_of() -> type[Bench]:
    """Make a bench with a controller of other options."""
    return Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
