"""A tiny model with random weights, and chat data about pictures of one colour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.training.design import Design, Tower
from helmsight.contract.sent import Message, Text, View
from helmsight.tools.export.chat import ChatWriter
from helmsight.tools.export.lesson import File, Lesson
from helmsight.tools.export.target import describe

DESIGN = Design(
    view=32, patch=8, mean=0.5, spread=0.5, vision=Tower(32, 48, 1, 2), text=Tower(32, 48, 1, 2),
    pieces=r"-?\d|\w+|\s|[^\w\s]", vocabulary=300, longest=12, context=512,
)  # fmt: skip
STYLE = AskingStyle(views=Views(size=32, names=("navball",)), prompt="bundled")
QUESTION = "Fly to the target. Answer the burn as JSON."


def answer(forward: int) -> str:
    return f'{{"forward": {forward}, "right": 0, "down": 0, "duration": 0.5}}'


def lesson(step: int, light: bool) -> Lesson:
    """Return a lesson: forward where the picture is light, backward where it is dark."""
    picture = np.full((32, 32, 3), 220 if light else 30, np.uint8)
    data = cv2.imencode(".png", picture)[1].tobytes()
    shown = View("navball", (0, 0, 32, 32), (32, 32), "image/png")
    messages = (Message("user", (shown, Text(QUESTION))),)
    right = answer(1 if light else -1)
    return Lesson("r", step, messages, (File(data, "image/png"),), right, 1.0, True)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch  # seconds, which the quick tests here do without

    from helmsight.agents.training.folder import save
    from helmsight.agents.training.student import build_model, build_processor, build_tokenizer

    torch.manual_seed(0)
    tokenizer = build_tokenizer([QUESTION, answer(1), answer(-1)], DESIGN)
    model, folder = build_model(tokenizer, DESIGN), tmp_path_factory.mktemp("base")
    with torch.no_grad():  # of a trained model's size: frozen small ones could say nothing else
        model.get_input_embeddings().weight.mul_(20.0)
    save(model, build_processor(tokenizer, DESIGN), folder, STYLE.model_dump(mode="json"))
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Any:
    """Return a function that writes chat data: so many lessons to learn and held out."""

    def write(train: int = 24, test: int = 6, style: AskingStyle = STYLE) -> Path:
        folder = tmp_path / "data"
        folder.mkdir()
        with ChatWriter(folder) as writer:
            for step in range(train + test):
                writer.add(lesson(step, step % 2 == 0), "train" if step < train else "test")
        describe(folder, {"format": "chat", "style": style.model_dump(mode="json")})
        return folder

    return write
