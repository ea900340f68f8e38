"""Signals that ask a program to end, and when they are taken."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from helmsight.contract.signals import STOPS, as_ctrl_c, held_back, interrupted


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put the handlers of this process back, whatever a test does to them."""
    before = {number: signal.getsignal(number) for number in STOPS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_waits_until_the_call_has_ended_and_is_taken_then() -> None:
    done = []

    def call() -> None:
        with as_ctrl_c(), held_back():
            signal.raise_signal(signal.SIGTERM)
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        call()
    assert done == ["the rest"]


def test_its_own_handler_takes_it_once_and_is_back_afterwards() -> None:
    came = []
    signal.signal(signal.SIGTERM, mine := lambda number, frame: came.append(number))
    with held_back():
        signal.raise_signal(signal.SIGTERM)
        assert came == []
    assert came == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is mine


def test_one_held_back_in_another_waits_for_the_outer_one() -> None:
    done = []

    @held_back()
    def call() -> None:
        with held_back():
            signal.raise_signal(signal.SIGINT)
        done.append("between")

    with pytest.raises(KeyboardInterrupt):
        call()
    assert done == ["between"]


def test_an_error_of_the_call_does_not_swallow_the_signal() -> None:
    @held_back()
    def call() -> None:
        signal.raise_signal(signal.SIGINT)
        raise OSError("the screen is gone")

    with pytest.raises(KeyboardInterrupt):
        call()


def test_the_third_comes_through_in_case_the_call_never_ends() -> None:
    done = []

    @held_back()
    def call() -> None:
        for count in (1, 2, 3):
            signal.raise_signal(signal.SIGINT)
            done.append(count)

    with pytest.raises(KeyboardInterrupt):
        call()
    assert done == [1, 2]


def test_what_is_ignored_or_has_no_handler_stays_so() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with held_back():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_on_another_thread_nothing_changes() -> None:
    seen = []

    def there() -> None:
        with held_back():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=there)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


IMPORTED = """
import signal
class Name:
    def __set_name__(self, owner, name):
        for _ in range({times}):
            signal.raise_signal(signal.SIG{name})
class Owner:
    name = Name()
whole = True
"""


@pytest.mark.parametrize(("name", "times"), [("INT", 1), ("TERM", 1), ("TERM", 2)])
def test_a_module_is_imported_to_its_end_before_a_signal_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, times: int
) -> None:
    module = f"interrupted_by_{name}_{times}"
    (tmp_path / f"{module}.py").write_text(IMPORTED.format(name=name, times=times), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    def call() -> None:
        import_module(module)
        pytest.fail("the signal came to nothing")

    with as_ctrl_c() as ended, pytest.raises(KeyboardInterrupt):
        call()
    assert sys.modules.pop(module).whole
    assert ended.came == [getattr(signal, f"SIG{name}")] * times
    assert sys.getprofile() is None


def test_the_third_signal_does_not_wait_for_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "never_whole.py").write_text(IMPORTED.format(name="TERM", times=3), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with as_ctrl_c(), pytest.raises((KeyboardInterrupt, RuntimeError)) as raised:
        import_module("never_whole")
    assert interrupted(raised.value)
    assert "never_whole" not in sys.modules


def test_a_program_that_runs_while_it_is_imported_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = """
import signal
from helmsight.contract.signals import as_ctrl_c
try:
    with as_ctrl_c():
        signal.raise_signal(signal.SIGTERM)
        for _ in range(3): len("")
except KeyboardInterrupt:
    ended = True
"""
    (tmp_path / "program_of_a_user.py").write_text(program, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert import_module("program_of_a_user").ended


def test_an_exception_tells_whether_it_was_made_of_an_interrupt() -> None:
    made = RuntimeError("Error calling __set_name__")
    made.__cause__ = KeyboardInterrupt()
    assert interrupted(made)
    assert not interrupted(RuntimeError("of its own"))
