"""Files, numbered pictures and a real MJPEG server as cameras."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.cameras import Camera, Checks, open_camera
from helmsight.hardware.cameras.captured import DeviceSource
from helmsight.hardware.errors import CameraUnavailable, FrameRefused

SIZE = (64, 48)
WAIT_S = 600.0  # a deadline against hanging, no claim about speed


def picture(shade: int, size: tuple[int, int] = SIZE) -> Any:
    """Return a picture (H, W, 3), RGB: `shade` with a red left half."""
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    pixels[:, : size[0] // 2, 0] = 250
    return pixels


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.005)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    import cv2

    path = tmp_path / "run.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50.0, SIZE)
    for number in range(10):
        writer.write(picture(40 + 20 * number)[:, :, ::-1])
    writer.release()
    return path


def numbers(camera: Camera) -> list[int]:
    """Return the numbers of all frames seen until the source is over."""
    seen = [0]
    try:
        while True:
            seen.append(camera.newest(WAIT_S, after=seen[-1]).number)
    except CameraUnavailable:
        return seen[1:]


def test_a_video_is_shown_once_in_order_and_then_it_is_over(video: Path) -> None:
    with open_camera(str(video)) as camera:
        seen = numbers(camera)
        assert seen == sorted(set(seen))
        assert seen[-1] == 10
        assert camera.ended
        assert camera.counters.frames == 10
        assert camera.counters.dropped == 10 - len(seen)


def test_pixels_are_rgb_rows_by_columns_and_read_only(video: Path) -> None:
    with open_camera(str(video)) as camera:
        frame = camera.newest()
    assert frame.pixels.shape == (48, 64, 3)
    assert frame.pixels.dtype == np.uint8
    left, right = frame.pixels[24, 8].astype(int), frame.pixels[24, 56].astype(int)
    assert left[0] > 200 > left[2] + 50  # red, not blue
    assert abs(right - right[0]).max() < 20
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 0


def test_frames_of_a_file_are_stamped_at_its_own_pace(video: Path) -> None:
    stamps = []
    with open_camera(str(video)) as camera:
        after = 0
        while after < 10:
            frame = camera.newest(WAIT_S, after=after)
            after = frame.number
            stamps.append((frame.number, frame.stamp_s))
    for (first, early), (second, late) in itertools.pairwise(stamps):
        assert late - early >= (second - first) / 50.0 - 1e-6


def test_a_file_that_is_over_ends_the_run_instead_of_repeating_its_last_picture(
    video: Path,
) -> None:
    with open_camera(str(video), checks=Checks(max_age_s=0.05, frozen_s=None)) as camera:
        until(lambda: camera.ended)
        last = camera.newest()
        assert last.number == 10
        until(lambda: last.age_s > 0.06)
        with pytest.raises(CameraUnavailable, match="over after 10 pictures"):
            camera.look()


def test_numbered_pictures_are_a_camera(tmp_path: Path) -> None:
    import cv2

    for number in range(4):
        cv2.imwrite(str(tmp_path / f"f{number:04d}.png"), picture(60 * number)[:, :, ::-1])
    with open_camera(str(tmp_path / "f%04d.png"), fps=100.0) as camera:
        after, shades = 0, {}
        while after < 4:
            frame = camera.newest(WAIT_S, after=after)
            after = frame.number
            shades[after] = int(frame.pixels[0, -1, 1])
    assert shades == {number: 60 * (number - 1) for number in shades}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere/run.mp4", "not there"),
        ("nowhere/f%04d.png", "not there"),
        ("HERE/f%04d.png", "no picture"),
        ("HERE/broken.mp4", "not a video"),
        ("97", "/dev/video97 is not there"),
        ("/dev/video97", "Is the cable in"),
        ("http://127.0.0.1:9/stream", "Is the server on"),
    ],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="device names of Linux")
def test_a_camera_that_cannot_be_opened_says_why(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a video at all")
    with pytest.raises(CameraUnavailable, match=words):
        open_camera(text.replace("HERE", str(tmp_path)))


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("webcam", {}, "expected a device"),
        ("", {}, "expected a device"),
        ("mujoco:", {}, "MODEL.xml"),
        ("mujoco:cell.xml", {}, "camera=NAME"),
        ("mujoco:cell.xml?camera=a&zoom=2", {}, "camera=NAME"),
        ("run.mp4", {"size": (640, 480)}, "its own size"),
        ("http://127.0.0.1/x", {"fps": 5.0}, "its own rate"),
        ("0", {"fps": -1.0}, "fps"),
        ("0", {"fps": float("nan")}, "fps"),
        ("0", {"size": (0, 480)}, "width"),
        ("run.mp4", {"undistort": True}, "intrinsics"),
    ],
)
def test_a_camera_that_cannot_be_meant_is_refused(
    text: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidOption, match=words):
        open_camera(text, **options)


# -- a stream over HTTP ---------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """An MJPEG server that can drop its clients and be away for a while."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Stream)
        self.gone = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/stream"

    def leave(self) -> None:
        self.gone.set()
        self.shutdown()
        self.server_close()


class Stream(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        import cv2

        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        number = 0
        while not self.server.gone.is_set():
            number += 1
            data = cv2.imencode(".jpg", picture(40 + number % 150))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + data + b"\r\n")
            except OSError:
                return
            time.sleep(0.01)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.leave()


def test_a_stream_is_read_and_only_its_newest_picture_is_kept(server: Server) -> None:
    with open_camera(server.url) as camera:
        first = camera.look(WAIT_S)
        until(lambda: camera.counters.frames >= first.number + 5)
        later = camera.look(WAIT_S)
        assert later.number >= first.number + 5  # nothing in between was queued up
        assert camera.counters.dropped >= 4
    assert camera.ended


def test_a_stream_that_breaks_off_grows_old_and_comes_back(server: Server) -> None:
    with open_camera(server.url, checks=Checks(max_age_s=0.2, frozen_s=None)) as camera:
        camera.look(WAIT_S)
        server.leave()
        until(lambda: camera.newest().age_s > 0.25)
        with pytest.raises(FrameRefused, match="stale"):
            camera.look()
        number = camera.newest().number
        again = Server(server.server_port)
        try:
            frame = camera.newest(WAIT_S, after=number + 3)
            camera.check(camera.newest(WAIT_S, after=frame.number))
        finally:
            again.leave()
        assert camera.counters.reconnects >= 1
        assert camera.counters.stale == 1


def test_closing_leaves_no_thread(server: Server) -> None:
    camera = open_camera(server.url)
    thread = camera._thread
    camera.close()
    camera.close()
    assert thread is not None
    thread.join(WAIT_S)
    assert not thread.is_alive()


def test_a_signal_waits_until_the_device_is_open_or_not(monkeypatch):
    opened = []

    class Hit:
        def __init__(self, *what):
            signal.raise_signal(signal.SIGINT)
            opened.append(what[0])

        def isOpened(self):  # noqa: N802  # OpenCV's name
            return True

        def set(self, *setting):
            return True

        def get(self, setting):
            return 0

    monkeypatch.setattr(cv2, "VideoCapture", Hit)
    with pytest.raises(KeyboardInterrupt):
        DeviceSource("0").open()
    assert opened == [0]
