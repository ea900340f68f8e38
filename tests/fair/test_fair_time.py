"""The tests' clock: every reading is later than the one before, whoever asks."""

from __future__ import annotations

import os
import threading
import time

import pytest
from fair_time import FairClock

READINGS, READERS = 200, 8


class Interrupted(FairClock):
    """One that lets others run in the middle of a reading, as a busy machine does."""

    def _now(self) -> float:
        time.sleep(0)
        return super()._now()


def test_no_two_readings_of_any_threads_are_the_same() -> None:
    clock = Interrupted()
    told: list[list[float]] = [[] for _ in range(READERS)]
    begin = threading.Barrier(READERS)

    def read(mine: list[float]) -> None:
        begin.wait()
        mine += [clock() for _ in range(READINGS)]

    readers = [threading.Thread(target=read, args=(mine,)) for mine in told]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len({at for mine in told for at in mine}) == READINGS * READERS
    assert all(mine == sorted(mine) for mine in told)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_process_that_is_forked_while_a_thread_reads_can_read_too() -> None:
    clock = FairClock()
    with clock._telling:  # of this thread, of which the child has a copy
        held = threading.Thread(target=clock._telling.acquire, daemon=True)
        held.start()
    clock.forked()
    assert clock() < clock()
