"""Ctrl-C while something is waited for: counted, and never lost."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from helmsight.tools.interrupts import Interrupts


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_one_is_counted_a_second_gives_up_a_third_is_raised() -> None:
    given_up: list[int] = []
    with Interrupts(lambda: given_up.append(1)) as interrupts:
        press()
        assert (interrupts.count, given_up) == (1, [])
        press()
        assert (interrupts.count, given_up) == (2, [1])
        with pytest.raises(KeyboardInterrupt):
            press()
    assert (interrupts.count, given_up) == (3, [1])


def test_afterwards_it_is_raised_as_before() -> None:
    with Interrupts(lambda: None):
        press()
    with pytest.raises(KeyboardInterrupt):
        press()


def test_a_handler_of_the_program_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        with Interrupts(lambda: None) as interrupts:
            press()
    finally:
        signal.signal(signal.SIGINT, before)
    assert (interrupts.count, pressed) == (0, [signal.SIGINT])


def test_on_another_thread_nothing_is_counted() -> None:
    def enter() -> int:
        with Interrupts(lambda: None) as interrupts:
            return interrupts.count

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(enter).result() == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
