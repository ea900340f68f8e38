"""Sources of pictures by their text: devices, addresses, files, sequences, rendered models."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.cameras.captured import DeviceSource, FileSource, StreamSource
from helmsight.hardware.cameras.rendered import RenderedSource
from helmsight.hardware.cameras.source import KINDS, Size, Source


def parse_source(text: str, *, size: Size | None = None, fps: float | None = None) -> Source:
    """Return the source that `text` names, not yet open. Raises InvalidOption with KINDS."""
    if fps is not None and not 0.0 < fps <= 1000.0:
        raise InvalidOption(f"fps {fps:g}: expected 0 to 1000")
    if size is not None and not all(0 < side <= 16384 for side in size):
        raise InvalidOption(f"size {size}: expected width and height of 1 to 16384 pixels")
    if text.isdecimal() or re.fullmatch(r"/dev/video\d+", text):
        return DeviceSource(text, size, fps)
    if text.startswith("mujoco:"):
        return _rendered(text, size, fps)
    if size is not None:
        raise InvalidOption(f"size {size}: {text!r} has its own size; leave it out")
    if re.match(r"(https?|rtsps?)://\S", text):
        if fps is not None:
            raise InvalidOption(f"fps {fps:g}: {text!r} has its own rate; leave it out")
        return StreamSource(text)
    if re.search(r"%0?\d*d", text) or Path(text).suffix:
        return FileSource(text, fps)
    raise InvalidOption(f"camera {text!r}: expected {KINDS}")


def _rendered(text: str, size: Size | None, fps: float | None) -> RenderedSource:
    """Return the view that `mujoco:MODEL.xml?camera=NAME` names. Raises InvalidOption."""
    path, _, query = text.removeprefix("mujoco:").partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = options.keys() - {"camera"}
    if not path or unknown or not options.get("camera"):
        raise InvalidOption(f"camera {text!r}: expected mujoco:MODEL.xml?camera=NAME")
    return RenderedSource(Path(path), options["camera"], size or (640, 480), fps or 25.0)
