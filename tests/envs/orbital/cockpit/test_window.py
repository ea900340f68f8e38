"""The cockpit's window: where the picture is in it, what keys do to it, what it says at the end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.seat import Seat
from helmsight.envs.orbital.cockpit.trial import lamp
from helmsight.envs.orbital.cockpit.window import STRIP, picture_place
from helmsight.envs.orbital.scenarios import find_pursuit
from helmsight.hardware.errors import KeysRefused, WindowUnavailable
from helmsight.hardware.keyboard import Keyboard
from helmsight.hardware.screen import Screen, ScreenBox

NAME = "PE1-E1-I3"
WAIT_S = 600.0  # a deadline against hanging, no claim about speed


class Program:
    """A cockpit of its own process: `tell` it something, and wait for what it `reports`."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "helmsight.envs.orbital.cockpit.program", NAME, *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self.report: dict[str, Any] = {}
        self.until(lambda report: report["drawn"])

    def tell(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def until(self, true: Any) -> dict[str, Any]:
        assert self.process.stdout is not None
        deadline = time.monotonic() + WAIT_S
        while not (self.report and true(self.report)):
            assert time.monotonic() < deadline, self.report
            self.report = json.loads(self.process.stdout.readline())
        return self.report

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.communicate(timeout=WAIT_S)


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """The window, its keys and tests go by the tests' own clock."""


@pytest.fixture(scope="module")
def running(virtual_screen: str) -> Iterator[Program]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", virtual_screen)
        program = Program("--name", "cockpit under test")
        yield program
        program.close()


@pytest.fixture
def seen(display: str, running: Program) -> Iterator[tuple[Program, Screen, Keyboard]]:
    """The window at its start and held, what it shows, and the keyboard aimed at it."""
    run = running.report["run"]
    running.tell(restart=0)
    running.until(lambda report: report["run"] > run and report["drawn"] == report["run"])
    with Screen.open("window:cockpit under test", within=picture_place) as screen:
        assert screen.window is not None
        with Keyboard(screen.window) as keyboard:
            keyboard.aim()
            yield running, screen, keyboard


def until(true: Any) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.01)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_picture_keeps_its_shape_inside_any_window(width: int, height: int) -> None:
    place = picture_place(width, height)
    assert place.inside(ScreenBox(0, 0, width, height))
    assert abs(place.width * HEIGHT - place.height * WIDTH) <= WIDTH + HEIGHT


def test_a_window_of_its_own_size_shows_the_picture_as_it_is() -> None:
    assert picture_place(WIDTH, HEIGHT + STRIP) == ScreenBox(0, 0, WIDTH, HEIGHT)


@pytest.mark.slow
def test_rcs_shows_as_a_lamp_and_nowhere_else() -> None:
    (x0, y0, x1, y1), on, off = lamp()
    assert 0 < x1 - x0 < 40
    assert 0 < y1 - y0 < 40
    assert np.abs(on.astype(int) - off).max() > 100


@pytest.mark.display
class TestWindow:
    def test_it_shows_the_twins_picture_to_the_last_pixel(self, seen: Any) -> None:
        _, screen, _ = seen
        expected = render(Seat(find_pursuit(NAME)).state())
        until(lambda: np.array_equal(screen.grab().pixels, expected))
        assert np.array_equal(screen.grab().pixels, expected)

    def test_translation_keys_push_and_shift_makes_them_fine(self, seen: Any) -> None:
        program, _, keyboard = seen
        program.tell(go=True)
        keyboard.hold({"h": 0.1, "j": 0.1}, 0.1, keep=["h", "j"])
        program.until(lambda report: report["throttle"] == [1.0, -1.0, 0.0])
        keyboard.hold({"h": 0.1, "shift": 0.1}, 0.1, keep=["h", "shift"])
        program.until(lambda report: report["throttle"] == [0.2, 0.0, 0.0])
        keyboard.release()
        assert program.until(lambda report: report["throttle"] == [0.0, 0.0, 0.0])["fuel_used"] > 0

    def test_r_and_t_switch_rcs_and_sas(self, seen: Any) -> None:
        program, _, keyboard = seen
        keyboard.tap("r")
        program.until(lambda report: not report["rcs"])
        keyboard.tap("t")
        program.until(lambda report: not report["sas"] and not report["rcs"])
        keyboard.tap("r")
        report = program.until(lambda report: report["rcs"] and not report["sas"])
        assert (report["rcs"], report["sas"]) == (True, False)

    def test_space_pauses_and_f5_begins_again(self, seen: Any) -> None:
        program, _, keyboard = seen
        program.tell(go=True)
        start = program.report["met"]
        program.until(lambda report: report["met"] > start + 0.3)
        keyboard.tap("space")
        program.until(lambda report: report["paused"])
        run = program.report["run"]
        keyboard.tap("f5")
        again = program.until(lambda report: report["run"] == run + 1)
        assert again["met"] < start + 0.2
        assert not again["paused"]

    def test_help_is_in_the_picture_only_while_it_is_asked_for(self, seen: Any) -> None:
        _, screen, keyboard = seen
        plain = render(Seat(find_pursuit(NAME)).state())
        until(lambda: np.array_equal(screen.grab().pixels, plain))
        keyboard.tap("f1")
        until(lambda: not np.array_equal(screen.grab().pixels, plain))
        keyboard.tap("f1")
        until(lambda: np.array_equal(screen.grab().pixels, plain))
        assert np.array_equal(screen.grab().pixels, plain)

    def test_what_is_said_about_the_flight_is_below_the_picture(self, seen: Any) -> None:
        program, screen, keyboard = seen
        plain = render(Seat(find_pursuit(NAME)).state())
        with Screen.open("window:cockpit under test") as whole:
            before = whole.grab().pixels[HEIGHT:]
            keyboard.tap("p")
            until(lambda: not np.array_equal(whole.grab().pixels[HEIGHT:], before))
        assert np.array_equal(screen.grab().pixels, plain)
        assert program.until(lambda report: report["paused"])["met"] < 4.0


@pytest.mark.display
def test_escape_closes_it_and_so_does_the_end_of_its_orders(display: str) -> None:
    program = Program("--name", "to be closed", "--scale", "0.5")
    with Screen.open("window:to be closed") as screen:
        assert screen.place().width == 640
        assert screen.window is not None
        with Keyboard(screen.window) as keyboard, suppress(WindowUnavailable, KeysRefused):
            keyboard.tap("escape")  # it may be gone, or on its way, before the key is up
    assert program.process.wait(WAIT_S) == 0
    other = Program("--name", "to be closed too", "--scale", "0.5")
    other.close()
    assert other.process.returncode == 0


@pytest.mark.slow
@pytest.mark.display
def test_a_flight_ends_with_its_score_and_the_window_stays(display: str) -> None:
    program = Program("--name", "to its end", "--scale", "0.3", "--rate", "60")
    program.tell(go=True)
    last = program.until(lambda report: report["over"])
    assert last["met"] == pytest.approx(240.0, abs=0.1)
    assert last["score"] > 0.0
    with Screen.open("window:to its end") as screen:
        screen.look()
    assert program.process.poll() is None
    program.close()
