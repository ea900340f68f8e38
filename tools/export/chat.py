"""Chat data: JSON lines of messages with pictures beside them, as trainers of chat models read."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any, Self, TextIO

from helmsight.contract.jsontext import exact_json
from helmsight.tools.export.lesson import File, Lesson

IMAGES = "images"
SPLITS = ("train", "test")


class ChatWriter:
    """Writes `train.jsonl` and `test.jsonl` into a folder, and each picture once into `images/`.

    A line holds `messages` (roles, and content blocks of the types "text" and "image"), `images`
    (paths within the folder, in the order of the image blocks), the answer as the last message, and
    where it is from: `run`, `step`, `score`, `success`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self._files: dict[str, TextIO] = {}

    def __enter__(self) -> Self:
        (self.folder / IMAGES).mkdir()
        for split in SPLITS:
            path = self.folder / f"{split}.jsonl"
            self._files[split] = path.open("w", encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, lesson: Lesson, split: str) -> None:
        """Write one lesson into a split."""
        line = row(lesson) | {"images": [self._kept(picture) for picture in lesson.pictures]}
        self._files[split].write(exact_json(line) + "\n")
        self.counts[split] += 1

    def _kept(self, picture: File) -> str:
        name = f"{IMAGES}/{name_of(picture)}"
        path = self.folder / name
        if not path.exists():
            path.write_bytes(picture.data)
            self.counts["pictures"] += 1
        return name


def row(lesson: Lesson) -> dict[str, Any]:
    """Return a lesson as JSON data, without its pictures."""
    return {
        "messages": lesson.turns(),
        "run": lesson.run,
        "step": lesson.step,
        "score": lesson.score,
        "success": lesson.success,
    }


def name_of(picture: File) -> str:
    """Return what a picture's file is called: the same for the same picture."""
    return f"{hashlib.sha256(picture.data).hexdigest()[:24]}.{picture.type.removeprefix('image/')}"
