"""Lessons and a run to write: small ones, without a world."""

from __future__ import annotations

import pytest

from helmsight.contract.sent import Message, Text, View
from helmsight.tools.export.lesson import File, Lesson

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR one"


@pytest.fixture
def lesson():
    def made(step: int = 0, picture: bytes = PNG) -> Lesson:
        shown = View("frame", (0, 0, 8, 8), (8, 8), "image/png")
        messages = (
            Message("system", (Text("You fly."),)),
            Message("user", (shown, Text(f"Now, at step {step}? ü"))),
        )
        return Lesson("run-1", step, messages, (File(picture, "image/png"),), "{}", 3.5, True)

    return made
