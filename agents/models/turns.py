"""LangChain's messages as the turns of a chat template."""

from __future__ import annotations

import base64
import io
from typing import Any

from langchain_core.messages import BaseMessage
from PIL import Image

from helmsight.contract.sent import PIXELS

ROLES = {"human": "user", "ai": "assistant", "system": "system"}


def turn(message: BaseMessage) -> dict[str, Any]:
    """Return a LangChain message as a turn of a chat template, its data URLs as images."""
    content = message.content
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {"role": ROLES[message.type], "content": [_block(block) for block in blocks]}


def _block(block: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(block, str):
        return {"type": "text", "text": block}
    if block["type"] == PIXELS:
        return {"type": "image", "image": Image.fromarray(block[PIXELS])}
    if block["type"] == "image_url":
        data = base64.b64decode(block["image_url"]["url"].partition(",")[2])
        return {"type": "image", "image": Image.open(io.BytesIO(data)).convert("RGB")}
    return {"type": "text", "text": block["text"]}
