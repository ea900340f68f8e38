"""A pytest plug-in that ends a process whose test hangs for good, so that a run never waits for it.

pytest-timeout raises an exception in the test. One that hangs in C never sees it, one may catch it,
and it guards no teardown that hangs after it, nor a process on its way out. Here the interpreter's
own watchdog waits beside it, by the system's clock and without the GIL: it writes the stacks of all
threads to the standard error and ends the process. xdist then reports the test as one in which its
worker crashed, and goes on in another worker.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Generator
from typing import Any

import pytest
from pytest_timeout import is_debugging

GRACE_S = 60.0  # what a test is given beyond its limit: pytest-timeout comes first
END_S = 300.0  # what a process is given from its last test to its end, coverage included

_STDERR = pytest.StashKey[int]()  # pytest closes its own copy before the process ends
_ALLOWED_S = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_STDERR] = os.dup(2)  # nothing is captured yet


def _end_after(seconds: float, config: pytest.Config) -> None:
    """End this process in `seconds`, unless told otherwise before, or somebody debugs it."""
    if not is_debugging():
        faulthandler.dump_traceback_later(seconds, exit=True, file=config.stash[_STDERR])


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    """Guard a test by the limit that pytest-timeout has found for it."""
    item.stash[_ALLOWED_S] = settings.timeout + GRACE_S
    _end_after(item.stash[_ALLOWED_S], item.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Guard the teardown as long again: a test that failed has ended all other guards."""
    if _ALLOWED_S in item.stash:
        _end_after(item.stash[_ALLOWED_S], item.config)
    return (yield)


def pytest_runtest_logfinish() -> None:
    """Guard nothing between two tests: a worker waits there until it is sent more."""
    faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Guard the way out to its end: threads that are waited for, and what runs at exit."""
    _end_after(END_S, session.config)
