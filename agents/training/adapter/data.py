"""What an adapter learns from: chat data with pictures, as `helmsight export` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from PIL import Image
from pydantic import BaseModel, Field, ValidationError

from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.errors import DataUnusable
from helmsight.contract.jsontext import parse_json
from helmsight.contract.opening import read_whole
from helmsight.contract.pictures import MOST_BYTES, decode
from helmsight.contract.textfiles import read_lines, read_text
from helmsight.contract.validation import wrong
from helmsight.tools.export.chat import SPLITS
from helmsight.tools.export.target import CARD, SCHEMA

MOST = 4 << 30  # bytes of a split
EXPECTED = "expected what `helmsight export --format chat` writes"


class Block(BaseModel):
    """A piece of a message: words, or the place of a picture."""

    type: Literal["text", "image"]
    text: str = ""


class Turn(BaseModel):
    """A message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: tuple[Block, ...]


class Conversation(BaseModel):
    """A line of the data: what is sent, the answer last; pictures as paths within the folder."""

    messages: Annotated[tuple[Turn, ...], Field(min_length=2)]
    images: tuple[Annotated[str, Field(pattern=r"^images/[\w-]+\.\w+$")], ...] = ()

    @property
    def answer(self) -> str:
        """The words of the last message."""
        return "".join(block.text for block in self.messages[-1].content)

    def turns(self, folder: Path) -> list[dict[str, Any]]:
        """Return what is sent, with its pictures, as chat templates of transformers take it."""
        images = iter(self.images)
        return [
            {"role": turn.role, "content": [_block(b, folder, images) for b in turn.content]}
            for turn in self.messages[:-1]
        ]


@dataclass(frozen=True)
class ChatData:
    """Conversations to learn from, and others to be examined on. `style` is how they are asked."""

    folder: Path
    style: AskingStyle
    train: Sequence[Conversation]
    test: Sequence[Conversation]


def read_data(folder: Path) -> ChatData:
    """Return the data in a folder; of its pictures every file is looked for.

    Raises:
        DataUnusable: it is no such folder, a line of it is none, or there are no pictures.
    """
    try:
        card = parse_json(read_text(folder / CARD))
        if not isinstance(card, dict) or card.get("schema") != SCHEMA:
            raise ValueError(f"it is of schema {SCHEMA} that is read here")
        if card.get("format") != "chat":
            raise DataUnusable(
                f"{folder} holds data of the format {card.get('format')!r}, and an adapter learns "
                "from chat: export the runs again with --format chat"
            )
        style = AskingStyle.model_validate(card.get("style"))
        train, test = (_read(folder, split) for split in SPLITS)
    except (OSError, ValueError) as error:
        said = wrong(error) if isinstance(error, ValidationError) else error
        raise DataUnusable(f"{folder} holds no data to learn from ({said}); {EXPECTED}") from None
    if not train:
        raise DataUnusable(f"{folder / 'train.jsonl'} holds no line; export more runs")
    if "frame" in style.needs and not any(each.images for each in (*train, *test)):
        raise DataUnusable(
            f"{folder} holds no pictures, and the model is to fly by them: record runs with their "
            "frames and export them again, or with --model-option observation=telemetry"
        )
    return ChatData(folder, style, train, test)


def _read(folder: Path, split: str) -> list[Conversation]:
    path = folder / f"{split}.jsonl"
    found = []
    for number, line in enumerate(read_lines(path, MOST), start=1):
        try:
            each = Conversation.model_validate(parse_json(line))
        except (ValueError, ValidationError) as error:
            said = wrong(error) if isinstance(error, ValidationError) else error
            raise DataUnusable(
                f"line {number} of {path} is no conversation ({said}); {EXPECTED}"
            ) from None
        places = [b for turn in each.messages for b in turn.content if b.type == "image"]
        if len(places) != len(each.images):
            raise DataUnusable(
                f"line {number} of {path} names {len(each.images)} pictures and has places for "
                f"{len(places)}; {EXPECTED}"
            )
        if each.messages[-1].role != "assistant":
            raise DataUnusable(f"line {number} of {path} ends with no answer; {EXPECTED}")
        if lost := next((name for name in each.images if not (folder / name).is_file()), None):
            raise DataUnusable(f"{folder / lost} is missing, which line {number} of {path} names")
        found.append(each)
    return found


def _block(block: Block, folder: Path, images: Any) -> dict[str, Any]:
    if block.type == "text":
        return {"type": "text", "text": block.text}
    path = folder / next(images)
    picture = decode(read_whole(path, MOST_BYTES, follow=True), str(path))
    return {"type": "image", "image": Image.fromarray(picture)}
