"""What a model was sent, in words for a person."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.asked import request_lines
from helmsight.contract.sent import Message, View


@pytest.mark.parametrize(
    ("lay", "words"),
    [
        ({}, ""),
        (
            {"matrix": (1.15, 0.0, -96.0, 0.0, 1.15, -54.0), "turn": 90},
            " (set right: it lay from (-96, -54) on, 1.15 times as large, "
            "hues turned by 90 degrees)",
        ),
    ],
)
def test_a_view_says_how_its_frame_lay(lay: dict[str, Any], words: str) -> None:
    part = View("navball", (512, 464, 768, 720), (128, 128), "pixels", **lay)
    call = {"purpose": "command", "messages": [Message("user", (part,)).to_dict()], "answer": "x"}
    line = f"[navball: 512, 464, 768, 720 of the frame{words}, as 128x128 pixels]"
    assert line in request_lines([call])
