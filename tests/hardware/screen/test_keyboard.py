"""Keys into a window: which, for how long, and that none stays down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.errors import KeysRefused
from helmsight.hardware.keyboard import Keyboard
from helmsight.hardware.screen import find_window

Show = Callable[[str], Any]


@pytest.fixture
def typed(program: Show) -> Iterator[tuple[Any, Keyboard]]:
    """A window and the keyboard aimed at it."""
    shown = program("typed into")
    with Keyboard(find_window("typed into")) as keyboard:
        keyboard._keys.platformModule._moveTo(700, 450)
        yield shown, keyboard


def seen(shown: Any, count: int) -> list[tuple[str, bool]]:
    """Return the key events of the window once there are `count`."""
    deadline = time.monotonic() + 600.0
    while len(events := shown.tell("look")) < count:
        assert time.monotonic() < deadline, events
        time.sleep(0.01)
    return [(key, down) for key, down in events]


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 600.0
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.01)


HOLDING = """
import sys, time
from helmsight.hardware.keyboard import Keyboard
from helmsight.hardware.screen import find_window
keyboard = Keyboard(find_window("typed into"))
def told():
    print("down", flush=True)
    return False
keyboard.hold({"h": 60.0}, 60.0, until=told)
"""


# A signal comes while the connection that presses keys waits for the server: an exception there
# would leave its locks taken, and the release wait for ever.
STRUCK = """
import select, signal, types
from Xlib.protocol import display
def struck(*waits):
    from pyautogui import _pyautogui_x11
    if waits[0][0] is _pyautogui_x11._display.display.socket:
        display.select = select
        signal.raise_signal(signal.{name})
    return select.select(*waits)
def strike():
    display.select = types.SimpleNamespace(select=struck)
"""


@pytest.mark.display
class TestKeys:
    def test_they_arrive_in_order_and_are_released_in_their_time(self, typed: Any) -> None:
        shown, keyboard = typed
        held = keyboard.hold({"shift": 0.3, "h": 0.1, "l": 0.2}, 0.3)
        events = [("left shift", True), ("h", True), ("l", True)]
        events += [("h", False), ("l", False), ("left shift", False)]
        assert seen(shown, 6) == events
        assert 0.1 <= held["h"] < held["l"] < held["shift"]
        assert keyboard.down == ()

    def test_a_key_that_is_kept_is_not_let_go_between_two_holds(self, typed: Any) -> None:
        shown, keyboard = typed
        keyboard.hold({"h": 0.05, "j": 0.05}, 0.05, keep=["h"])
        assert keyboard.down == ("h",)
        keyboard.hold({"h": 0.05, "k": 0.02}, 0.05)
        pressed = [key for key, down in seen(shown, 6) if down]
        assert pressed == ["h", "j", "k"]

    def test_keys_that_are_not_wanted_any_more_go_up_first(self, typed: Any) -> None:
        shown, keyboard = typed
        keyboard.hold({"shift": 0.02, "h": 0.02}, 0.02, keep=["shift", "h"])
        keyboard.hold({"n": 0.02}, 0.02)
        assert seen(shown, 6)[2:5] == [("h", False), ("left shift", False), ("n", True)]

    def test_a_tap_leaves_the_keys_that_are_down_alone(self, typed: Any) -> None:
        shown, keyboard = typed
        keyboard.hold({"h": 0.02}, 0.02, keep=["h"])
        assert keyboard.tap("r") > 0.0
        assert seen(shown, 3) == [("h", True), ("r", True), ("r", False)]
        assert keyboard.down == ("h",)

    def test_an_end_that_comes_early_releases_all(self, typed: Any) -> None:
        shown, keyboard = typed
        held = keyboard.hold({"h": 30.0}, 30.0, keep=["h"], until=lambda: True)
        assert held["h"] < 30.0
        assert seen(shown, 2) == [("h", True), ("h", False)]

    def test_whatever_goes_wrong_releases_all(self, typed: Any) -> None:
        shown, keyboard = typed
        with pytest.raises(ZeroDivisionError):
            keyboard.hold({"h": 30.0}, 30.0, until=lambda: 1 // 0 == 0)
        assert seen(shown, 2) == [("h", True), ("h", False)]

    def test_a_window_without_the_keyboard_is_focused_first(
        self, typed: Any, program: Show
    ) -> None:
        shown, keyboard = typed
        other = program("in front")
        find_window("in front").focus()
        assert not find_window("typed into").focused()
        keyboard.tap("h")
        assert seen(shown, 2) == [("h", True), ("h", False)]
        assert other.tell("look") == []

    def test_a_window_that_loses_the_keyboard_gets_no_more_keys(
        self, typed: Any, program: Show
    ) -> None:
        shown, keyboard = typed
        program("intruder")
        intruder = find_window("intruder")

        def steal() -> bool:
            intruder.focus()
            return False

        with pytest.raises(KeysRefused, match="lost the keyboard"):
            keyboard.hold({"h": 30.0}, 30.0, until=steal)
        assert keyboard.down == ()
        assert seen(shown, 2) == [("h", True), ("h", False)]

    def test_keys_that_stay_down_are_watched_and_released_when_another_window_comes(
        self, typed: Any, program: Show
    ) -> None:
        shown, keyboard = typed
        program("in between")
        keyboard.hold({"h": 0.02}, 0.02, keep=["h"])
        find_window("in between").focus()
        assert seen(shown, 2) == [("h", True), ("h", False)]
        until(lambda: keyboard.down == ())
        with pytest.raises(KeysRefused, match="lost the keyboard"):
            keyboard.tap("l")
        keyboard.tap("l")  # told once; whoever goes on takes the focus back
        assert seen(shown, 4)[2:] == [("l", True), ("l", False)]

    def test_the_pointer_in_a_corner_is_a_brake_that_releases_all(self, typed: Any) -> None:
        shown, keyboard = typed

        def brake() -> bool:
            keyboard._keys.platformModule._moveTo(0, 0)
            return False

        with pytest.raises(KeysRefused, match="corner"):
            keyboard.hold({"h": 30.0}, 30.0, until=brake)
        assert seen(shown, 2) == [("h", True), ("h", False)]
        with pytest.raises(KeysRefused, match="corner"):
            keyboard.tap("h")
        keyboard._keys.platformModule._moveTo(700, 450)

    def test_keys_that_no_keyboard_has_are_refused(self, typed: Any) -> None:
        with pytest.raises(InvalidOption, match="'nokey'"):
            typed[1].tap("nokey")

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    def test_a_program_that_is_ended_leaves_no_key_down(self, program: Show, how: int) -> None:
        shown = program("typed into")
        with subprocess.Popen(
            [sys.executable, "-c", HOLDING], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            holder.send_signal(how)
            try:
                assert holder.wait(600) != 0
            finally:
                holder.kill()  # one that hangs would be waited for
        assert seen(shown, 2) == [("h", True), ("h", False)]

    @pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
    def test_a_signal_in_the_middle_of_a_look_is_taken_after_it(
        self, program: Show, name: str
    ) -> None:
        shown = program("typed into")
        struck = STRUCK.format(name=name) + HOLDING.replace("return False", "strike()")
        done = subprocess.run([sys.executable, "-c", struck], capture_output=True, timeout=600)
        assert done.returncode != 0
        assert seen(shown, 2) == [("h", True), ("h", False)]


@pytest.mark.slow
def test_without_a_screen_the_error_says_so() -> None:
    code = "from helmsight.hardware.keyboard import Keyboard\nKeyboard(None)"
    bare = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True)
    assert "KeysRefused: keys cannot be pressed here" in done.stderr
