from __future__ import annotations

import json

import numpy as np
import pytest

from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.spatial.dataset import load, picture, save
from helmsight.evals.spatial.generator import Split, questions
from helmsight.prompts.errors import InvalidItem


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.slow
def test_what_is_saved_is_the_public_form_and_is_read_back_with_its_truth(data):
    written = lines(data)
    assert set(written[0]) == {"image", "text", "label", "question_id"}
    cases, skipped = load(data)
    assert skipped == []
    made = list(questions(Split.TEST, 32, size=64))
    for generated, case in zip(made, cases, strict=True):
        assert case.name == generated.name
        assert case.item.label is generated.cell.label
        assert case.item.question == generated.question
        assert (case.known.kind, case.known.counter) == (
            generated.picture.kind,
            generated.cell.counter,
        )
        assert list(case.known.truth.claims()) == list(generated.picture.truth.claims())
        drawn = picture(case.image)
        assert drawn.shape == generated.picture.image.shape
        assert np.abs(drawn.astype(int) - generated.picture.image).mean() < 4  # JPEG


@pytest.mark.slow
def test_the_same_seed_writes_the_same_files(data, tmp_path):
    save(tmp_path, "test", questions(Split.TEST, 32, size=64))
    for path in (data, data.with_name("test.truth.jsonl"), data.parent / "images"):
        files = sorted(path.glob("test*")) if path.is_dir() else [path]
        assert files
        for file in files:
            again = tmp_path / file.relative_to(data.parent)
            assert again.read_bytes() == file.read_bytes()


BAD = [
    ('{"image": "gone.jpg", "text": "Is there a cup left of a plate?", "label": "yes"}',
     'no picture "gone.jpg"'),
    ('{"image": "a.jpg", "text": "Is there a cup near a plate?", "label": "yes"}',
     "names no relation"),
    ('{"image": "a.jpg", "text": "Is there a cup left of a cup?", "label": "yes"}',
     "two objects of one name"),
    ('{"image": "a.jpg", "text": "Is there a cup left of a plate?", "label": "maybe"}',
     "neither yes nor no"),
    ('{"image": "a.jpg", "text": "Is there a cup left of a plate?", "label"', "not a line of JSON"),
    ('{"image": "a.jpg", "text": "Is there a cup left of a plate?"}', "label is missing"),
    ('["image", "text", "label"]', "not an object"),
    ('{"image": "words.jpg", "text": "Is there a cup left of a plate?", "label": "no"}',
     "is no picture"),
    ('{"image": ".", "text": "Is there a cup left of a plate?", "label": "no"}', "no picture"),
]  # fmt: skip


def test_every_bad_question_is_named_with_file_line_and_reason_and_the_others_stay(data, tmp_path):
    good = '{"image": "a.jpg", "text": "Is there a cup left of a plate?", "label": "no"}'
    path, images = tmp_path / "mixed.jsonl", tmp_path / "pictures"
    images.mkdir()
    (images / "a.jpg").write_bytes((data.parent / "images" / "test-0-00000.jpg").read_bytes())
    (images / "words.jpg").write_text("no picture", encoding="utf-8")
    path.write_text("\n".join([good, *(text for text, _ in BAD), good]), encoding="utf-8")
    cases, skipped = load(path, images)
    assert [case.item.line for case in cases] == [1, len(BAD) + 2]
    assert [case.known for case in cases] == [None, None]
    assert len(skipped) == len(BAD)
    for line, (why, (_, reason)) in enumerate(zip(skipped, BAD, strict=True), 2):
        assert why.startswith(f"{path}:{line}: ")
        assert reason in why


def test_a_second_question_of_one_id_is_skipped(data, tmp_path):
    path = tmp_path / "twice.jsonl"
    first = data.read_text(encoding="utf-8").splitlines()[0]
    path.write_text(f"{first}\n{first}\n", encoding="utf-8")
    cases, skipped = load(path, data.parent / "images")
    assert len(cases) == 1
    assert ":2: a second question" in skipped[0]


def test_files_that_cannot_be_read_or_written_are_named(data, tmp_path):
    with pytest.raises(InvalidItem, match="nowhere"):
        load(tmp_path / "nowhere.jsonl")
    path = tmp_path / "odd.jsonl"
    path.write_bytes(data.read_bytes())
    path.with_name("odd.truth.jsonl").write_text('{"names": ["a"]}\n', encoding="utf-8")
    with pytest.raises(InvalidItem, match="generate the data again"):
        load(path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResultsUnusable, match="cannot be written"):
        save(tmp_path / "file", "test", questions(Split.TEST, 1, size=64))
