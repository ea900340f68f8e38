"""Cameras: real files, a real MJPEG server, rendered worlds, and a source that does as it is told.

The scripted source stands for the failures that no file can show on demand.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardware.cameras import Camera, Checks, Frame, Source, load_intrinsics, open_camera
from hardware.errors import CameraUnavailable, FrameRefused, InvalidOption

SIZE = (64, 48)
WAIT_S = 10.0  # a deadline against hanging, no claim about speed


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


# -- files and sequences --------------------------------------------------------------------


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


# -- checks, with a source that does as it is told ------------------------------------------


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


def test_age_is_judged_at_the_stamp_of_the_capture() -> None:
    checks = Checks(max_age_s=0.5)
    frame = Frame(picture(90), 100.0, 1, 100.0)
    assert checks.trouble(frame, now=100.5) is None
    found = checks.trouble(frame, now=100.6)
    assert found is not None
    assert found[0] == "stale"


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


# -- intrinsics -----------------------------------------------------------------------------

LENS: dict[str, Any] = {
    "fx": 60.0, "fy": 60.0, "cx": 31.5, "cy": 23.5,
    "distortion": [-0.3, 0.1, 0.0, 0.0], "width": 64, "height": 48,
}  # fmt: skip


def write(path: Path, data: dict[str, Any]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(data), encoding="utf-8")
    else:
        path.write_text("\n".join(f"{key} = {value}" for key, value in data.items()), "utf-8")
    return path


@pytest.mark.parametrize("name", ["lens.toml", "lens.json"])
def test_intrinsics_are_read_and_scaled_to_the_pictures(tmp_path: Path, name: str) -> None:
    lens = load_intrinsics(write(tmp_path / name, LENS))
    assert lens.matrix[0].tolist() == [60.0, 0.0, 31.5]
    double = lens.scaled(128, 96)
    assert (double.fx, double.cx, double.cy) == (120.0, 63.5, 47.5)  # the middle stays the middle
    with pytest.raises(InvalidOption, match="aspect"):
        lens.scaled(128, 72)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fx": None}, "fx: missing"),
        ({"distortion": None}, "distortion: missing"),
        ({"fy": -1.0}, "fy: .*greater than 0"),
        ({"width": 0}, "width"),
        ({"zoom": 2}, "zoom: unknown key"),
        ({"distortion": [0.1]}, "distortion: 1 numbers"),
        ({"cx": '"left"'}, "cx"),
    ],
)
def test_intrinsics_with_a_wrong_key_name_it(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    data = {key: value for key, value in {**LENS, **change}.items() if value is not None}
    with pytest.raises(InvalidOption, match=words):
        load_intrinsics(write(tmp_path / "lens.toml", data))


@pytest.mark.parametrize("name", ["none.toml", "broken.toml", "broken.json"])
def test_intrinsics_that_cannot_be_read_are_refused(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_text("{ fx", encoding="utf-8")
    with pytest.raises(InvalidOption, match=name):
        load_intrinsics(tmp_path / name)


def test_undistorting_straightens_what_the_lens_bent(tmp_path: Path) -> None:
    """A straight line, bent by OpenCV's own forward model, comes out straight again."""
    import cv2

    lens = load_intrinsics(write(tmp_path / "lens.toml", LENS))
    bent = np.zeros((48, 64, 3), np.uint8)
    along = np.linspace(-0.4, 0.4, 400)
    points = np.stack([along, np.full_like(along, 0.3), np.ones_like(along)], axis=1)
    seen, _ = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), lens.matrix, np.array(lens.distortion)
    )
    for x, y in np.rint(seen[:, 0]).astype(int):
        bent[y, x] = 255
    straight = lens.undistort(bent).max(axis=2)
    row = round(0.3 * lens.fy + lens.cy)
    before = np.ptp(np.nonzero(bent.max(axis=2))[0])
    lit = np.nonzero(straight[:, 10:54] > 60)[0]
    assert before >= 1
    assert abs(lit - row).max() <= 1


def test_pictures_of_another_shape_than_the_intrinsics_are_refused(
    video: Path, tmp_path: Path
) -> None:
    lens = write(tmp_path / "lens.toml", {**LENS, "width": 64, "height": 36})
    with pytest.raises(InvalidOption, match="64x48: another aspect ratio"):
        open_camera(str(video), intrinsics=lens)
    with open_camera(
        str(video), intrinsics=write(tmp_path / "good.toml", LENS), undistort=True
    ) as camera:
        assert camera.newest().pixels.shape == (48, 64, 3)
        assert camera.intrinsics is not None
        assert camera.intrinsics.width == 64


# -- rendered worlds ------------------------------------------------------------------------

MODEL = """
<mujoco>
  <worldbody>
    <light pos="0 0 3"/>
    <camera name="top" pos="0 0 2" xyaxes="1 0 0 0 1 0"/>
    <camera name="side" pos="0 -2 1" xyaxes="1 0 0 0 0 1"/>
    <geom type="plane" size="3 3 .1" rgba=".2 .2 .9 1"/>
    <body pos="0 0 1.2">
      <freejoint/><geom type="box" size=".3 .3 .05" rgba=".9 .1 .1 1"/>
    </body>
  </worldbody>
</mujoco>
"""
LOOK = """
import json, sys
from hardware.cameras import open_camera
from hardware.errors import HardwareError
try:
    with open_camera(sys.argv[1], size=(96, 64), fps=50.0) as camera:
        first = camera.look(30.0)
        later = camera.newest(30.0, after=first.number + 8)
        print(json.dumps({
            "shape": first.pixels.shape, "middle": first.pixels[32, 48].tolist(),
            "corner": first.pixels[2, 2].tolist(),
            "moved": bool((first.pixels != later.pixels).any()),
        }))
except HardwareError as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
"""


def render(folder: Path, gl: str, camera: str = "top") -> dict[str, Any]:
    """Return what a process with MUJOCO_GL sees: MuJoCo reads it once, at import."""
    (folder / "cell.xml").write_text(MODEL, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, f"mujoco:{folder / 'cell.xml'}?camera={camera}"],
        env={**os.environ, "MUJOCO_GL": gl}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(told, dict)
    return told


@pytest.mark.slow
def test_a_model_is_rendered_and_its_world_moves(tmp_path: Path) -> None:
    for gl in ("osmesa", "egl"):
        told = render(tmp_path, gl)
        if "error" not in told:
            break
    else:
        pytest.skip(f"nothing to draw with: {told['error']}")
    assert told["shape"] == [64, 96, 3]
    assert told["middle"][0] > told["middle"][2]  # the red box
    assert told["corner"][2] > told["corner"][0]  # the blue floor
    assert told["moved"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gl", "camera", "words"),
    [("disable", "top", "MUJOCO_GL=egl"), ("disable", "left", "there are top, side")],
)
def test_a_model_that_cannot_be_rendered_says_what_is_missing(
    tmp_path: Path, gl: str, camera: str, words: str
) -> None:
    told = render(tmp_path, gl, camera)
    assert told["error"].startswith("CameraUnavailable")
    assert words in told["error"]
