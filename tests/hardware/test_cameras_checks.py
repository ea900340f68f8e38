"""What makes a picture unfit to act on, shown by a source that does as it is told.

It stands for the failures that no file can show on demand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.cameras import Camera, Checks, Frame, Source
from helmsight.hardware.errors import CameraUnavailable, FrameRefused

WAIT_S = 600.0  # a deadline against hanging, no claim about speed


def picture(shade: int, size: tuple[int, int] = (64, 48)) -> Any:
    """Return a picture (H, W, 3), RGB: `shade` with a red left half."""
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    pixels[:, : size[0] // 2, 0] = 250
    return pixels


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.005)


class Scripted(Source):
    """Gives the pictures that `script` returns; None is a loss, an exception a failed open."""

    def __init__(self, script: Callable[[int], Any], opens: Callable[[int], None]) -> None:
        super().__init__("scripted")
        self._script, self._opens = script, opens
        self.reads = self.opened = self.closed = 0

    def open(self) -> None:
        self.opened += 1
        self._opens(self.opened)

    def read(self) -> tuple[Any, float] | None:
        time.sleep(0.002)
        self.reads += 1
        pixels = self._script(self.reads)
        return None if pixels is None else (pixels, time.monotonic())

    def close(self) -> None:
        self.closed += 1


def scripted(
    script: Callable[[int], Any], opens: Callable[[int], None] = lambda count: None, **checks: Any
) -> Camera:
    return Camera(Scripted(script, opens), checks=Checks(**checks))


def noisy(count: int) -> Any:
    return np.random.default_rng(count).integers(0, 255, (8, 8, 3), np.uint8)


def test_a_live_picture_with_noise_passes() -> None:
    with scripted(noisy, frozen_s=0.05) as camera:
        until(lambda: camera.counters.frames > 50)
        camera.look()
        assert camera.counters.frozen == 0


def test_a_hung_sensor_is_frozen_although_frames_keep_coming() -> None:
    with scripted(lambda count: noisy(min(count, 20)), frozen_s=0.05) as camera:
        frame = camera.newest(WAIT_S)
        until(lambda: camera.newest().stamp_s - camera.newest().same_since_s > 0.06)
        with pytest.raises(FrameRefused, match="frozen: the same pixels"):
            camera.look(after=frame.number)
        assert camera.counters.frozen == 1


def test_a_still_scene_may_be_still_where_frozen_is_off() -> None:
    with scripted(lambda count: picture(80), frozen_s=None) as camera:
        until(lambda: camera.newest().stamp_s - camera.newest().same_since_s > 0.1)
        camera.look()
        assert camera.counters.frozen == 0


@pytest.mark.parametrize(("shade", "refused"), [(0, True), (5, True), (30, False)])
def test_a_dark_even_picture_is_black(shade: int, refused: bool) -> None:
    def dark(count: int) -> Any:
        return np.full((48, 64, 3), shade, np.uint8) + noisy(count)[0, 0] % 2

    with scripted(dark, max_age_s=WAIT_S) as camera:
        if refused:
            with pytest.raises(FrameRefused, match="black"):
                camera.look()
        else:
            camera.look()
        assert camera.counters.black == refused


def test_a_dark_picture_with_something_in_it_is_not_black() -> None:
    def night(count: int) -> Any:
        pixels = noisy(count) % 2
        pixels[:1] = 60
        return pixels.repeat(8, axis=0).repeat(8, axis=1)

    with scripted(night, max_age_s=WAIT_S) as camera:
        camera.look()
        assert camera.counters.black == 0


def test_age_is_judged_at_the_stamp_of_the_capture() -> None:
    checks = Checks(max_age_s=0.5)
    frame = Frame(picture(90), 100.0, 1, 100.0)
    assert checks.trouble(frame, now=100.5) is None
    found = checks.trouble(frame, now=100.6)
    assert found is not None
    assert found[0] == "stale"


@pytest.mark.slow
def test_a_lost_source_is_opened_again_and_never_repeats_its_last_picture_as_new() -> None:
    def opens(count: int) -> None:
        if 2 <= count <= 3:
            raise CameraUnavailable("the cable is out")

    def script(count: int) -> Any:
        return None if count == 5 else noisy(count)

    with scripted(script, opens, max_age_s=0.05) as camera:
        until(lambda: camera.counters.frames == 4)
        until(lambda: "cable is out" in camera._lost)
        lost = camera.newest()
        assert lost.number == 4
        with pytest.raises(FrameRefused, match=r"no new picture .* the cable is out"):
            camera.newest(0.0, after=4)
        until(lambda: lost.age_s > 0.06)
        with pytest.raises(FrameRefused, match=r"stale.*the cable is out"):
            camera.check(lost)
        camera.check(camera.newest(WAIT_S, after=4))
        assert camera.counters.reconnects == 1


def test_closing_ends_a_wait_for_a_lost_source() -> None:
    def opens(count: int) -> None:
        if count > 1:
            raise CameraUnavailable("gone for good")

    camera = scripted(lambda count: None if count > 1 else picture(9), opens).start()
    until(lambda: camera._lost)
    camera.close()
    assert camera._thread is not None
    assert not camera._thread.is_alive()
    with pytest.raises(CameraUnavailable, match="over"):
        camera.newest(after=1)


def test_a_bug_in_a_source_is_told_and_not_swallowed() -> None:
    def script(count: int) -> Any:
        raise ZeroDivisionError("a bug")

    with pytest.raises(CameraUnavailable, match="ZeroDivisionError: a bug"):
        scripted(script).start()


def test_a_device_that_opens_without_pictures_is_unavailable() -> None:
    with pytest.raises(CameraUnavailable, match="gives no picture"):
        scripted(lambda count: None).start()


@pytest.mark.parametrize(
    "wrong", [{"max_age_s": 0.0}, {"frozen_s": float("nan")}, {"black_mean": float("inf")}]
)
def test_checks_that_check_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidOption, match=next(iter(wrong))):
        Checks(**wrong)
