"""What a model is sent: pictures, text and telemetry as messages, with the digest of it all."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.jsontext import parse_json
from helmsight.contract.pilot import Sighting
from helmsight.contract.task import Example, Task
from helmsight.prompts.templates import render
from helmsight.prompts.thinking import REASON, Think

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage, HumanMessage


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


Picture = NDArray[np.uint8]
PIXELS = "pixels"
"""The type of a block, and its key, that gives a picture as it is to a model in this process."""


def png(image: Picture) -> bytes:
    """Return an RGB image (H, W, 3) uint8 as PNG bytes, quickly rather than small."""
    import cv2

    _, data = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()


def message(
    images: Sequence[bytes | Picture],
    text: str,
    digest: hashlib._Hash,
    media_type: str = "image/png",
) -> HumanMessage:
    """Return images, then text, as one message; adds their bytes to `digest`.

    Images are files of `media_type`, or RGB pixels (H, W, 3) uint8 for a model in this process.
    """
    from langchain_core.messages import HumanMessage

    blocks: list[str | dict[str, Any]] = []
    for image in images:
        if not isinstance(image, bytes):
            digest.update(repr(image.shape).encode() + image.tobytes())
            blocks.append({"type": PIXELS, PIXELS: image})
            continue
        digest.update(image)
        url = f"data:{media_type};base64,{base64.b64encode(image).decode('ascii')}"
        blocks.append({"type": "image_url", "image_url": {"url": url}})
    digest.update(text.encode())
    blocks.append({"type": "text", "text": text})
    return HumanMessage(content=blocks)


def example_messages(
    example: Example, think: Think, digest: hashlib._Hash
) -> tuple[HumanMessage, str]:
    """Return a few-shot example as the message that asked, and the answer to it.

    A model that thinks is shown the reason in the answer, where its own is to be.
    """
    text = render("example", why=example.why, think=think)
    question = message([example.image], text, digest, example.media_type)
    answer = example.answer
    if think == "brief":
        answer = json.dumps({REASON: example.why, **parse_json(example.answer)})
    elif think == "free":
        answer = f"{example.why}\nCommand: {example.answer}"
    digest.update(answer.encode())
    return question, answer


def without_system(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages with the words of the system at the beginning of the first question."""
    from langchain_core.messages import HumanMessage, SystemMessage

    if not messages or not isinstance(messages[0], SystemMessage):
        return list(messages)
    system, first, *rest = messages
    return [HumanMessage([{"type": "text", "text": system.text}, *first.content]), *rest]
