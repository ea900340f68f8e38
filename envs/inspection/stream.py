"""A camera at an address, for other programs: MJPEG over HTTP, as network cameras send it."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import cv2

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.cameras.camera import Camera
from helmsight.hardware.errors import HardwareError

PATH = "/wrist.mjpg"
BOUNDARY = "frame"
QUALITY = 92


class CameraServer:
    """Serves the pictures of one camera at `address` until closed; a context manager.

    port: 0 for a free one. Listens on this machine only.

    Raises:
        InvalidOption: the port is taken. CameraUnavailable: the camera gives no picture.
    """

    def __init__(self, camera: Camera, port: int = 0) -> None:
        try:
            self._server = _Server(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise InvalidOption(f"camera port {port}: {error}; give another, or 0") from None
        self._server.camera, self._server.done = camera, threading.Event()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        try:
            camera.start()
        except BaseException:
            self._server.server_close()
            raise
        self._thread.start()

    def close(self) -> None:
        """Stop serving, and close the camera. Idempotent."""
        self._server.done.set()
        self._server.camera.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    camera: Camera
    done: threading.Event


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Send pictures, each once, until either side has enough."""
        if self.path != PATH:
            self.send_error(404, f"only {PATH} is here")
            return
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        number = 0
        with suppress(OSError, HardwareError):  # the client left, or the camera is over
            while not self.server.done.is_set():
                frame = self.server.camera.newest(after=number)
                number = frame.number
                bgr = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR)
                _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
                data = coded.tobytes()
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}"
                self.wfile.write(head.encode() + b"\r\n\r\n" + data + b"\r\n")

    def log_message(self, *_: object) -> None:
        """Keep quiet: the terminal belongs to the command."""
