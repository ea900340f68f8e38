"""What a screen shows: names, places, sizes, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.cameras import Checks
from helmsight.hardware.errors import FrameRefused, WindowUnavailable
from helmsight.hardware.screen import Screen, fitted
from helmsight.hardware.screen.virtual import virtual_screen
from helmsight.hardware.screen.window import ScreenBox, chosen

Show = Callable[[str], Any]
GREEN, RED = (10, 200, 60), (250, 0, 0)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 600.0
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.01)


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_a_fitted_box_is_centred_inside_and_touches_two_sides(width: int, height: int) -> None:
    box = fitted(width, height, 16 / 9)
    assert box.inside(ScreenBox(0, 0, width, height))
    assert box.width == width or box.height == height
    assert abs(2 * box.left + box.width - width) <= 1
    assert abs(2 * box.top + box.height - height) <= 1
    assert abs(box.width - 16 / 9 * box.height) <= 16 / 9


@pytest.mark.parametrize(
    ("asked", "index"), [("Game", 1), ("game two", 2), ("notes", 0), ("Editor - not", 0)]
)
def test_a_window_is_found_by_its_title_or_a_part_of_it(asked: str, index: int) -> None:
    assert chosen(asked, ["Editor - Notes", "Game", "Game Two"]) == index


@pytest.mark.parametrize("asked", ["browser", "", "e"])
def test_a_title_that_names_no_single_window_is_refused_with_what_there_is(asked: str) -> None:
    with pytest.raises(WindowUnavailable, match=r"'Editor'.*'Game'"):
        chosen(asked, ["Editor", "Game"])


@pytest.mark.parametrize(
    "text", ["", "window:", "region:1,2,3", "region:1,2,3,x", "monitor:", "monitor:-1", "screen"]
)
def test_a_text_that_names_no_screen_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(InvalidOption, match=r"window:TITLE.*region:.*monitor:N"):
        Screen.open(text)


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (20000, 10)])
def test_sizes_that_no_picture_has_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidOption, match="size"):
        Screen.open("monitor:1", size=size)


def test_without_a_screen_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4242")
    with pytest.raises(WindowUnavailable, match="xvfb-run"):
        Screen.open("monitor:1")


def test_a_virtual_screen_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WindowUnavailable, match="xvfb"), virtual_screen():
        pass
    broken = tmp_path / "Xvfb"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    with pytest.raises(WindowUnavailable, match="status 3"), virtual_screen():
        pass


@pytest.mark.display
class TestWindows:
    def test_the_content_is_seen_in_its_colours_and_size(self, program: Show) -> None:
        program("colours")
        began = time.time()
        with Screen.open("window:colours") as screen:
            shot = screen.look()
        assert shot.pixels.shape == (180, 320, 3)
        assert tuple(shot.pixels[10, 10]) == RED
        assert tuple(shot.pixels[100, 10]) == tuple(shot.pixels[10, 310]) == GREEN
        assert began <= shot.wall_s <= time.time()
        assert shot.age_s >= 0.0

    @pytest.mark.parametrize("size", [(160, 90), (640, 360)])
    def test_pictures_come_in_the_size_that_was_asked(
        self, program: Show, size: tuple[int, int]
    ) -> None:
        program("sized")
        with Screen.open("window:sized", size=size) as screen:
            pixels = screen.grab().pixels
        assert pixels.shape == (size[1], size[0], 3)
        assert tuple(pixels[size[1] // 4, size[0] // 4]) == RED
        assert tuple(pixels[3 * size[1] // 4, size[0] // 4]) == GREEN

    def test_a_window_is_followed_where_it_moves_and_how_it_grows(self, program: Show) -> None:
        window = program("wanderer")
        with Screen.open("window:wanderer") as screen:
            window.tell("move", 500, 300)
            until(lambda: (screen.place().left, screen.place().top) == (500, 300))
            window.tell("size", 400, 300)
            until(lambda: screen.place().width == 400)
            until(lambda: tuple(screen.grab().pixels[290, 390]) == GREEN)
            assert (screen.place().left, screen.place().top) == (500, 300)

    def test_the_picture_inside_a_letterboxed_window_is_cut_out(self, program: Show) -> None:
        window = program("letterbox")
        window.tell("size", 400, 400)
        with Screen.open("window:letterbox", within=lambda w, h: fitted(w, h, 2.0)) as screen:
            until(lambda: screen.grab().pixels.shape == (200, 400, 3))
            pixels = screen.grab().pixels
        assert tuple(pixels[50, 100]) == RED  # that corner ends in the middle of the window
        assert tuple(pixels[150, 100]) == GREEN

    def test_a_region_shows_what_is_there(self, program: Show) -> None:
        window = program("under a region")
        window.tell("move", 100, 50)
        with Screen.open("region:100,50,320,180") as screen:
            until(lambda: tuple(screen.grab().pixels[100, 10]) == GREEN)
            assert screen.grab().pixels.shape == (180, 320, 3)

    def test_a_monitor_is_numbered_from_one(self, display: str) -> None:
        with Screen.open("monitor:1") as screen:
            assert screen.grab().pixels.shape == (900, 1400, 3)
        with pytest.raises(WindowUnavailable, match="1 to 1"):
            Screen.open("monitor:2")

    def test_a_window_that_closed_is_told_as_gone(self, program: Show) -> None:
        window = program("short-lived")
        with Screen.open("window:short-lived") as screen:
            screen.grab()
            window.close()
            with pytest.raises(WindowUnavailable, match="gone"):
                screen.grab()

    def test_a_hidden_window_is_refused(self, program: Show) -> None:
        window = program("shy")
        with Screen.open("window:shy") as screen:
            window.tell("hide")
            with pytest.raises(WindowUnavailable, match="hidden"):
                until(lambda: screen.grab() is None)

    def test_what_is_partly_off_the_screen_is_refused_with_both_places(self, program: Show) -> None:
        window = program("leaving")
        with Screen.open("window:leaving") as screen:
            window.tell("move", 1300, 100)
            with pytest.raises(WindowUnavailable, match=r"at 1300,100.*1400x900"):
                until(lambda: screen.grab() is None)

    def test_black_and_frozen_pictures_are_refused(self, program: Show) -> None:
        window = program("still")
        with Screen.open("window:still", checks=Checks(frozen_s=0.05)) as screen:
            screen.look()
            with pytest.raises(FrameRefused, match="frozen"):
                until(lambda: screen.look() is None)
        with Screen.open("region:0,0,40,40") as screen, pytest.raises(FrameRefused, match="black"):
            screen.look()
        window.tell("colour", 0, 0, 0)

    def test_pictures_are_numbered_and_remember_since_when_they_are_the_same(
        self, program: Show
    ) -> None:
        window = program("numbered")
        with Screen.open("window:numbered") as screen:
            first, second = screen.grab(), screen.grab()
            assert (first.number, second.number) == (1, 2)
            assert second.same_since_s == first.stamp_s
            window.tell("colour", 1, 2, 3)
            until(lambda: tuple(screen.grab().pixels[100, 10]) == (1, 2, 3))
            shot = screen.grab()
        assert shot.same_since_s > first.stamp_s
        assert not shot.pixels.flags.writeable
        assert np.array_equal(shot.pixels[10, 10], RED)
