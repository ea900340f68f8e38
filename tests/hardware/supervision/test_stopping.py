"""Clean-up that no Ctrl-C cuts short, and that one can still get away from when it hangs."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from helmsight.hardware.supervision.stopping import uninterrupted

WAIT_S = 600.0  # a deadline against hanging, no claim about speed


def test_work_is_done_to_its_end_whatever_interrupts_it() -> None:
    done = []

    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        done.append("all of it")

    with pytest.raises(KeyboardInterrupt) as caught:
        uninterrupted(work)
    assert done == ["all of it"]
    assert not hasattr(caught.value, "__notes__")


def test_what_the_work_raises_comes_before_the_interrupt() -> None:
    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("the port is gone")

    with pytest.raises(ValueError, match="the port is gone"):
        uninterrupted(work)


def test_work_that_hangs_is_left_after_an_interrupt_that_says_so() -> None:
    let_go, ended = threading.Event(), threading.Event()

    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        let_go.wait(WAIT_S)
        ended.set()

    with pytest.raises(KeyboardInterrupt) as caught:
        uninterrupted(work, patience_s=0.05)
    assert not ended.is_set()
    assert any("cut its power" in note for note in caught.value.__notes__)
    let_go.set()
    assert ended.wait(WAIT_S)  # it was not cut short
