from __future__ import annotations

import json
from pathlib import Path

import pytest

from helmsight.agents.errors import DataUnusable
from helmsight.agents.training.adapter.data import read_data


def rewrite(path: Path, **fields: object) -> None:
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    lines = [json.dumps(json.loads(first) | fields), *rest]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def without_pictures(folder: Path) -> None:
    turns = [{"role": "user", "content": [{"type": "text", "text": "?"}]},
             {"role": "assistant", "content": [{"type": "text", "text": "{}"}]}]  # fmt: skip
    for split in ("train", "test"):
        line = json.dumps({"messages": turns, "images": []})
        (folder / f"{split}.jsonl").write_text(f"{line}\n", encoding="utf-8")


def test_what_was_exported_is_read(data):
    read = read_data(data(train=3, test=1))
    assert (len(read.train), len(read.test)) == (3, 1)
    (turn,) = read.train[0].turns(read.folder)
    assert [block["type"] for block in turn["content"]] == ["image", "text"]
    assert turn["content"][0]["image"].size == (32, 32)
    assert read.train[0].answer.startswith('{"forward": 1')


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "dataset.json").unlink(), r"no data to learn from.*--format chat"),
        (lambda f: (f / "dataset.json").write_text("[]"), "no data to learn from"),
        (lambda f: card(f, format="hf"), "of the format 'hf'.*export the runs again"),
        (lambda f: card(f, style={"veiws": 1}), "no data to learn from.*veiws"),
        (lambda f: (f / "train.jsonl").write_text("{\n"), "line 1 of .* is no conversation"),
        (lambda f: (f / "train.jsonl").write_text(""), "holds no line"),
        (lambda f: rewrite(f / "test.jsonl", images=[]), "names 0 pictures and has places for 1"),
        (lambda f: rewrite(f / "test.jsonl", images=["../x.png"]), "is no conversation"),
        (lambda f: rewrite(f / "test.jsonl", images=["images/gone.png"]), r"gone\.png is missing"),
        (without_pictures, "holds no pictures, and the model is to fly by them"),
    ],
)
def test_data_that_cannot_be_learnt_from_are_one_line(data, change, said):
    folder = data(train=2, test=1)
    change(folder)
    with pytest.raises(DataUnusable, match=said):
        read_data(folder)


def card(folder: Path, **fields: object) -> None:
    path = folder / "dataset.json"
    text = json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields)
    path.write_text(text, encoding="utf-8")
