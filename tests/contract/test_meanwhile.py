"""What was offered for a wait is done once, by the thread that it was offered on."""

from __future__ import annotations

import gc
import queue
import threading

from helmsight.contract.meanwhile import offer, use_the_wait
from helmsight.contract.waiting import next_of


class Work:
    """Counts how often it was done."""

    def __init__(self) -> None:
        self.done = 0

    def do(self) -> None:
        self.done += 1


def test_the_last_offer_is_taken_once() -> None:
    first, last = Work(), Work()
    offer(first.do)
    offer(last.do)
    use_the_wait()
    use_the_wait()
    assert (first.done, last.done) == (0, 1)


def test_an_offer_is_forgotten_with_what_made_it() -> None:
    done: list[str] = []

    class Gone:
        def do(self) -> None:
            done.append("done")

    offer(Gone().do)
    gc.collect()
    use_the_wait()
    assert not done


def test_another_threads_wait_is_not_used() -> None:
    work = Work()
    offer(work.do)
    other = threading.Thread(target=use_the_wait)
    other.start()
    other.join()
    assert work.done == 0
    use_the_wait()
    assert work.done == 1


def test_it_is_done_where_something_is_waited_for_and_not_where_it_is_there() -> None:
    arrivals: queue.SimpleQueue[str] = queue.SimpleQueue()

    class Sends(Work):
        def do(self) -> None:
            super().do()
            arrivals.put("after")

    work = Sends()
    offer(work.do)
    arrivals.put("there")
    assert next_of(arrivals, 600.0) == "there"
    assert work.done == 0
    assert next_of(arrivals, 600.0) == "after"
    assert work.done == 1
