"""What is plugged in: serial ports with what answers there, and cameras with what they show."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from serial.tools import list_ports

from helmsight.contract.textfiles import read_text
from helmsight.hardware.errors import CameraUnavailable, HardwareError, LinkLost, PortUnavailable
from helmsight.hardware.link import SerialLink, stable_path
from helmsight.hardware.probes import Probe, probes

ANSWER_S = 0.12  # that a device has to answer one probe
BOOT_S = 2.0  # opening a USB port restarts an Arduino; its boot loader takes this long
INDICES = 4  # cameras tried by index where the system does not list them

Status = Literal[
    "answers", "unknown", "silent", "busy", "no permission", "not there", "failed", "not probed"
]


@dataclass(frozen=True)
class PortReport:
    """One serial port. `stable`: a path that survives a replug. `usb`: names and numbers by key.

    seen: what answered, or why nothing could. robots: names of the descriptions that speak so.
    """

    port: str
    stable: str
    status: Status
    seen: str = ""
    driver: str = ""
    robots: tuple[str, ...] = ()
    usb: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CameraReport:
    """One camera: size (width, height) and frame rate as delivered, or why there was no picture."""

    camera: str
    name: str
    ok: bool
    seen: str
    size: tuple[int, int] | None = None
    fps: float | None = None


def find_ports(extra: Iterable[str] = (), *, probe: bool = True) -> list[PortReport]:
    """Return the serial ports of this computer and those in `extra`, probed side by side.

    extra: device nodes and addresses that the system does not list (pseudo-terminals).
    probe: ask each what it is. The questions move nothing; opening restarts most Arduinos.
    """
    listed = _listed()
    names = list(dict.fromkeys([*listed, *extra]))
    questions = list(probes())
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        return list(pool.map(lambda name: _port(name, listed.get(name), questions, probe), names))


def look_at(port: str) -> PortReport:
    """Return what answers at one port; no other is opened."""
    return _port(port, _listed().get(port), list(probes()), True)


def find_cameras(*, probe: bool = True) -> list[CameraReport]:
    """Return the cameras of this computer; `probe` takes a picture with each."""
    reports = []
    for name, about in _camera_names():
        if not probe:
            reports.append(CameraReport(name, about, True, "not probed"))
            continue
        report = _camera(name, about)
        if report.ok or sys.platform.startswith("linux"):
            reports.append(report)
    return reports


def _listed() -> dict[str, Any]:
    return {entry.device: entry for entry in sorted(list_ports.comports())}


def _port(name: str, entry: Any, questions: list[Probe], probe: bool) -> PortReport:
    usb: dict[str, str] = {}
    if entry is not None and entry.vid is not None:
        usb = {"id": f"{entry.vid:04x}:{entry.pid:04x}"}
        for key in ("description", "manufacturer", "serial_number"):
            value = getattr(entry, key)
            if value and value != "n/a":
                usb[key] = str(value)
    stable = stable_path(name)[0]
    if not probe:
        return PortReport(name, stable, "not probed", usb=usb)
    boot = BOOT_S if usb else 0.0
    try:
        heard = b""
        for baud in dict.fromkeys(question.baud for question in questions):
            at_this_speed = [question for question in questions if question.baud == baud]
            answer, received = _ask(name, baud, at_this_speed, boot)
            heard += received
            if answer is not None:
                answered, text = answer
                return PortReport(
                    name, stable, "answers", text, answered.driver, answered.robots, usb
                )
    except PortUnavailable as error:
        seen = str(error).removeprefix(f"{name}: ")
        return PortReport(name, stable, _status(error), seen, usb=usb)
    except LinkLost as error:
        return PortReport(name, stable, "failed", str(error), usb=usb)
    if heard:
        seen = f"{len(heard)} bytes that no driver knows: {heard[:24]!r}"
        return PortReport(name, stable, "unknown", seen, usb=usb)
    return PortReport(name, stable, "silent", "nothing answered; is the power on?", usb=usb)


def _ask(
    port: str, baud: int, questions: list[Probe], boot_s: float
) -> tuple[tuple[Probe, str] | None, bytes]:
    """Return (the probe that was answered and the answer, all that was heard) at one speed."""
    link = SerialLink(port, baud)
    link.open()
    heard = b""
    try:
        for data in _heard(link, boot_s, enough=bool):
            heard += data  # a controller that starts introduces itself
        for probe in questions:
            link.flush_input()
            link.write(probe.query)
            reply = b""
            for data in _heard(link, ANSWER_S):
                reply += data
                if text := probe.recognise(reply):
                    return (probe, text), heard + reply
            heard += reply
    finally:
        link.close()
    return None, heard


def _heard(link: SerialLink, within_s: float, enough: Any = None) -> Iterator[bytes]:
    """Yield what arrives within `within_s` seconds, or a moment after `enough` of it."""
    deadline = time.monotonic() + within_s
    left = within_s
    while left > 0.0:
        left = deadline - time.monotonic()
        data = link.read(max(left, 0.0))
        if data:
            yield data
            if enough is not None and enough(data):
                deadline = min(deadline, time.monotonic() + ANSWER_S)


def _status(error: HardwareError) -> Status:
    text = str(error)
    for words, status in (
        ("busy", "busy"), ("permission denied", "no permission"), ("not there", "not there"),
    ):  # fmt: skip
        if words in text:
            return status  # type: ignore[return-value]
    return "failed"


def _camera_names() -> list[tuple[str, str]]:
    """Return (what to open, its name) of every camera that may be there."""
    if not sys.platform.startswith("linux"):
        return [(str(index), "") for index in range(INDICES)]
    cameras = []
    for path in sorted(Path("/dev").glob("video*")):
        about = Path("/sys/class/video4linux") / path.name / "name"
        cameras.append((str(path), read_text(about).strip() if about.is_file() else ""))
    return cameras


def _camera(name: str, about: str) -> CameraReport:
    from helmsight.hardware.cameras import open_camera

    try:
        with open_camera(name) as camera:
            first = camera.newest()
            last = camera.newest(after=first.number + 4)
            camera.check(last)
    except CameraUnavailable as error:
        return CameraReport(name, about, False, str(error))
    except HardwareError as error:
        return CameraReport(name, about, False, f"opens, but: {error}")
    height, width = last.pixels.shape[:2]
    fps = (last.number - first.number) / (last.stamp_s - first.stamp_s)
    return CameraReport(name, about, True, "a good picture", (width, height), round(fps, 1))
