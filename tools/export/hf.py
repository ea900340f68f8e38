"""Parquet as `datasets.load_dataset` reads it: the same rows as chat data, pictures within.

The features, pictures among them, stand in the file's metadata, as `datasets` writes them
(https://huggingface.co/docs/datasets/about_arrow).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from helmsight.tools.export.chat import SPLITS, name_of, row
from helmsight.tools.export.lesson import Lesson

ROWS = 64  # of a group: what is held in memory


def _value(kind: str) -> dict[str, str]:
    return {"dtype": kind, "_type": "Value"}


def _list(feature: Any) -> dict[str, Any]:
    return {"feature": feature, "_type": "List"}


BLOCK = {"type": _value("string"), "text": _value("string")}
FEATURES = {
    "messages": _list({"role": _value("string"), "content": _list(BLOCK)}),
    "images": _list({"_type": "Image"}),
    "run": _value("string"),
    "step": _value("int64"),
    "score": _value("float64"),
    "success": _value("bool"),
}
COLUMNS = pa.schema(
    [
        ("messages", pa.list_(pa.struct([
            ("role", pa.string()),
            ("content", pa.list_(pa.struct([("type", pa.string()), ("text", pa.string())]))),
        ]))),
        ("images", pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))),
        ("run", pa.string()),
        ("step", pa.int64()),
        ("score", pa.float64()),
        ("success", pa.bool_()),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})},
)  # fmt: skip
README = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train.parquet
  - split: test
    path: data/test.parquet
---

Steps of recorded runs of Helmsight: the messages that a model is sent, pictures included, and the
command that is the right answer. `dataset.json` says what they were made of.
"""


class HfWriter:
    """Writes `data/train.parquet` and `data/test.parquet`, and a card that names them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self._rows: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._files: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        (self.folder / "data").mkdir()
        for split in SPLITS:
            path = self.folder / "data" / f"{split}.parquet"
            self._files[split] = pq.ParquetWriter(path, COLUMNS)
        (self.folder / "README.md").write_text(README, encoding="utf-8", newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        for split, file in self._files.items():
            self._flush(split)
            file.close()

    def add(self, lesson: Lesson, split: str) -> None:
        """Write one lesson into a split."""
        pictures = [{"bytes": each.data, "path": name_of(each)} for each in lesson.pictures]
        self._rows[split].append(row(lesson) | {"images": pictures})
        self.counts[split] += 1
        self.counts["pictures"] += len(pictures)
        if len(self._rows[split]) >= ROWS:
            self._flush(split)

    def _flush(self, split: str) -> None:
        if self._rows[split]:
            self._files[split].write_table(pa.Table.from_pylist(self._rows[split], COLUMNS))
            self._rows[split] = []
