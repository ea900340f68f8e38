"""Keys of a person: a stop waits for nothing, a press that waited too long is none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

import pytest

from helmsight.freshkeys import LATE, STOP, STOPPED, FreshKeys
from helmsight.hardware.errors import StopUnconfirmed
from helmsight.keyboard import END

WAIT_S = 600.0  # a deadline against hanging, no claim about speed


class Typed:
    """Keys as a test presses them."""

    def __init__(self) -> None:
        self._keys: SimpleQueue[list[str]] = SimpleQueue()
        self._taken = threading.Semaphore(0)

    def press(self, *keys: str) -> None:
        self._keys.put(list(keys))

    def pressed(self, *keys: str) -> None:
        """Press, and wait until all of it has been taken."""
        self.press(*keys)
        self.press()
        assert self._taken.acquire(timeout=WAIT_S)

    def __call__(self, within_s: float) -> list[str]:
        try:
            keys = self._keys.get(timeout=within_s)
        except Empty:
            return []
        if not keys:
            self._taken.release()
        return keys


def nothing() -> None: ...


def fresh(typed: Typed, stop: Callable[[], object] = nothing) -> FreshKeys:
    return FreshKeys(typed, stop, ("+", "-"))


def test_space_stops_while_the_loop_is_busy_and_drops_what_waited() -> None:
    typed, stopped = Typed(), threading.Event()
    with fresh(typed, stopped.set) as read:
        typed.press("+", "+", "r", STOP, "+")
        assert stopped.wait(WAIT_S)  # nobody reads keys meanwhile
        assert read(WAIT_S) == [STOPPED]
        assert read(WAIT_S) == ["+"]


def test_a_stop_that_is_not_confirmed_reaches_the_loop() -> None:
    def fails() -> None:
        raise StopUnconfirmed("cut the power")

    typed = Typed()
    with fresh(typed, fails) as read:
        typed.press(STOP)
        with pytest.raises(StopUnconfirmed, match="cut the power"):
            read(WAIT_S)


def test_of_the_presses_that_move_only_the_newest_wait() -> None:
    typed = Typed()
    with fresh(typed) as read:
        typed.pressed("r", *"+" * 20, "-", "-", "h")
        assert read(WAIT_S) == [LATE]
        assert [read(WAIT_S)[0] for _ in range(5)] == ["r", "+", "-", "-", "h"]
        typed.press("+", END)
        assert [read(WAIT_S) for _ in range(3)] == [["+"], [END], [END]]


def test_what_was_pressed_before_it_began_or_was_asked_does_not_count() -> None:
    typed = Typed()
    typed.press("+", "y")
    with fresh(typed) as read:
        typed.pressed("y", STOP, "y")
        read.forget()
        assert read(WAIT_S) == [STOPPED]  # of what the loop has to know
        assert read(0.0) == []
        typed.press("n")
        assert read(WAIT_S) == ["n"]


def test_a_terminal_that_is_gone_is_the_end_of_its_keys() -> None:
    typed, gone = Typed(), threading.Event()

    def read(within_s: float) -> list[str]:
        if gone.is_set():
            raise OSError("Input/output error")
        return typed(within_s)

    with FreshKeys(read, nothing, ("+",)) as fresh_keys:
        gone.set()
        assert fresh_keys(WAIT_S) == [END]
