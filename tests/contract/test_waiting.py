"""Waits that look at the deadline again when the system's clock was ahead of the tests'."""

from __future__ import annotations

import queue
import threading
import time

import pytest

from helmsight.contract.waiting import happens, holds, next_of


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes a ten-thousandth as fast as the system's; return what it has told."""
    told, real, began = [], time.monotonic, time.monotonic()

    def tell() -> float:
        told.append(began + 1e-4 * (real() - began))
        return told[-1]

    monkeypatch.setattr(time, "monotonic", tell)
    return told


def test_what_comes_after_the_systems_deadline_is_taken(slow: list[float]) -> None:
    arrivals: queue.SimpleQueue[str] = queue.SimpleQueue()
    event, news = threading.Event(), threading.Condition()
    told: list[str] = []

    def tell() -> None:
        arrivals.put("here")
        event.set()
        with news:
            told.append("so")
            news.notify_all()

    with news:
        threading.Timer(0.1, tell).start()
        assert holds(news, lambda: told, 0.02)
    assert next_of(arrivals, 0.02) == "here"
    assert happens(event, 0.02)
    assert slow[-1] - slow[0] < 0.02


def test_what_never_comes_is_waited_for_by_the_clock_and_no_longer() -> None:
    began = time.monotonic()
    with pytest.raises(queue.Empty):
        next_of(queue.SimpleQueue(), 0.02)
    assert not happens(threading.Event(), 0.02)
    with (news := threading.Condition()):
        assert not holds(news, lambda: False, 0.02)
        assert holds(news, lambda: True, -1.0)
    assert time.monotonic() - began >= 0.06
    with pytest.raises(queue.Empty):
        next_of(queue.SimpleQueue(), -1.0)
    arrivals: queue.SimpleQueue[int] = queue.SimpleQueue()
    arrivals.put(1)
    assert next_of(arrivals, 0.0) == 1
