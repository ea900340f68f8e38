"""What a model is sent: pictures, text and telemetry as messages, with the digest of it all."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.jsontext import parse_json
from helmsight.contract.pilot import Sighting
from helmsight.contract.sent import PIXELS, Picture, Text, View
from helmsight.contract.task import Example, Task
from helmsight.prompts.templates import render
from helmsight.prompts.thinking import REASON, Think

if TYPE_CHECKING:
    from helmsight.agents.question import Question

Pixels = NDArray[np.uint8]


class Shown(NamedTuple):
    """A picture that a model is shown: a file's bytes, or RGB pixels (H, W, 3) uint8 for a model in
    this process; and what a record keeps of it, None for nothing.
    """

    image: bytes | Pixels
    part: View | Picture | None = None
    media_type: str = "image/png"


def telemetry_lines(sighting: Sighting, task: Task) -> list[str]:
    """Return the telemetry in the words of its world, or with names, units and frames: lines."""
    values = np.asarray(sighting.observation["telemetry"], dtype=np.float64)
    if task.tells is not None:
        return list(task.tells(values, sighting.rotations))
    return [
        f"{field.name}: {value:.3f} {field.unit}".rstrip()
        + (f" ({field.frame})" if field.frame else "")
        for field, value in zip(task.fields, values, strict=True)
    ]


def png(image: Pixels) -> bytes:
    """Return an RGB image (H, W, 3) uint8 as PNG bytes, quickly rather than small."""
    import cv2

    _, data = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()


def as_sent(cut: Pixels, view: View, *, local: bool) -> Shown:
    """Return a view, RGB (H, W, 3), as it is sent: pixels to a `local` model, else a file."""
    if local:
        return Shown(cut, view)
    if view.quality is None:
        return Shown(png(cut), view)
    import cv2

    _, data = cv2.imencode(".jpg", cut[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, view.quality])
    return Shown(data.tobytes(), view, view.type)


def digest_of(data: bytes) -> str:
    """Return the name of a picture file in a record: its SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def message(images: Sequence[Shown | bytes | Pixels], text: str, digest: hashlib._Hash) -> Question:
    """Return images, then text, as one message; adds their bytes to `digest`."""
    from helmsight.agents.question import Question

    blocks: list[str | dict[str, Any]] = []
    pictures = [each if isinstance(each, Shown) else Shown(each) for each in images]
    for image, _, media_type in pictures:
        if not isinstance(image, bytes):
            digest.update(repr(image.shape).encode() + image.tobytes())
            blocks.append({"type": PIXELS, PIXELS: image})
            continue
        digest.update(image)
        url = f"data:{media_type};base64,{base64.b64encode(image).decode('ascii')}"
        blocks.append({"type": "image_url", "image_url": {"url": url}})
    digest.update(text.encode())
    blocks.append({"type": "text", "text": text})
    return Question.of(blocks, [*(shown.part for shown in pictures if shown.part), Text(text)])


def example_shown(example: Example) -> Shown:
    """Return the picture of a few-shot example; its name is that of its bytes."""
    kind = example.media_type
    return Shown(example.image, Picture(digest_of(example.image), kind), kind)


def example_messages(example: Example, think: Think, digest: hashlib._Hash) -> tuple[Question, str]:
    """Return a few-shot example as the message that asked, and the answer to it.

    A model that thinks is shown the reason in the answer, where its own is to be.
    """
    text = render("example", why=example.why, think=think)
    question = message([example_shown(example)], text, digest)
    answer = example.answer
    if think == "brief":
        answer = json.dumps({REASON: example.why, **parse_json(example.answer)})
    elif think == "free":
        answer = f"{example.why}\nCommand: {example.answer}"
    digest.update(answer.encode())
    return question, answer
