"""A supervised robot in memory, and what its tests ask of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helmsight.hardware.supervision.interventions import Intervention, Rule
from helmsight.hardware.supervisor import Supervisor


@pytest.fixture
def heard() -> list[Intervention]:
    return []


@pytest.fixture
def supervisor(arm, clock, heard) -> Iterator[Supervisor]:
    """A supervised robot in memory, on the test's clock."""
    made = Supervisor(arm, clock=clock, listeners=[heard.append], insist_s=0.05)
    made.connect()
    yield made
    made.close()


@pytest.fixture
def near() -> Callable[..., tuple[float, ...]]:
    """Return joint positions a little away from home, inside every limit."""

    def call(supervisor: Supervisor, way: float = 0.02) -> tuple[float, ...]:
        return tuple(place + way for place in supervisor.spec.home)

    return call


@pytest.fixture
def rules() -> Callable[[Supervisor], list[Rule]]:
    """Return the rules that a supervisor has applied, in order."""
    return lambda supervisor: [event.rule for event in supervisor.events]


@pytest.fixture
def wait_until() -> Callable[..., bool]:
    """Wait until something holds; return whether it came to that."""

    def call(true: Callable[[], Any], seconds: float = 600.0) -> bool:
        deadline = time.monotonic() + seconds
        while not true() and time.monotonic() < deadline:
            time.sleep(0.005)
        return bool(true())

    return call


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No garbage is collected: hypothesis is called at each collection, and what a signal raises in
    the middle of that is lost.
    """
    gc.disable()
    yield
    gc.enable()
