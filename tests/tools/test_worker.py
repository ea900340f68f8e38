"""A worker: order, room, and that nobody waits for it in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helmsight.tools.worker import Worker

Start = Callable[..., Worker[int]]


@pytest.fixture
def begin() -> Iterator[Start]:
    """Return a function that starts a worker of `work`; all of them have ended after the test."""
    workers: list[Worker[int]] = []

    def started(work: Callable[[list[int]], None], **settings: Any) -> Worker[int]:
        settings = {"last": lambda: None, "failed": lambda error: None, "room": 4, **settings}
        workers.append(Worker("a worker", work, **settings))
        return workers[-1]

    yield started
    for worker in workers:
        worker.close()
        worker.wait()


def test_items_are_worked_on_in_order_and_the_last_thing_comes_last(begin: Start) -> None:
    done: list[Any] = []
    worker = begin(done.extend, last=lambda: done.append("last"))
    for item in range(100):
        worker.give(item)
    worker.close()
    worker.wait()
    assert done == [*range(100), "last"]


def test_what_waits_is_worked_on_together(begin: Start) -> None:
    gate, batches = threading.Event(), []

    def work(items: list[int]) -> None:
        gate.wait()
        batches.append(items)

    worker = begin(work, batch=3)
    worker.give(0)
    for item in range(1, 8):
        worker.give(item)
    gate.set()
    worker.flush()
    assert [item for items in batches for item in items] == list(range(8))
    assert max(map(len, batches)) == 3


def test_room_is_taken_and_comes_back(begin: Start) -> None:
    gate = threading.Event()
    worker = begin(lambda items: bool(gate.wait()), room=2)
    assert [worker.has_room() for _ in range(3)] == [True, True, False]
    assert not worker.wait_for_room(patience=0.0)
    for item in range(2):
        worker.give(item)
    gate.set()
    assert worker.wait_for_room()
    worker.flush()
    assert [worker.has_room() for _ in range(2)] == [True, False]


@pytest.mark.parametrize("bug", [ZeroDivisionError("a bug"), SystemExit("a bug")])
def test_a_bug_is_told_and_the_thread_works_on(begin: Start, bug: BaseException) -> None:
    told: list[BaseException] = []
    done: list[int] = []

    def work(items: list[int]) -> None:
        if items == [1]:
            raise bug
        done.extend(items)

    def last() -> None:
        raise bug

    worker = begin(work, room=1, failed=told.append, last=last)
    for item in range(4):
        worker.give(item)
        assert worker.wait_for_room()
    worker.close()
    worker.wait()
    assert done == [0, 2, 3]
    assert told == [bug, bug]


def test_a_worker_does_not_wait_for_itself() -> None:
    done: list[int] = []

    def work(items: list[int]) -> None:
        worker.close()
        worker.wait()
        done.extend(items)

    worker = Worker("a worker", work, last=lambda: None, failed=lambda error: None, room=1)
    worker.give(1)
    worker.wait()
    assert done == [1]
