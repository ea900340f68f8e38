"""Which weights a pilot has."""

from __future__ import annotations

from pathlib import Path

import pytest

from helmsight.agents.models import digests as files
from helmsight.agents.models.digests import digest_of_folder
from helmsight.agents.weights import weights_of


def test_other_weights_are_told_by_their_digest(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"\1" * 1000)
    first = weights_of(str(tmp_path))
    assert first == weights_of(f"local:{tmp_path}") == weights_of(f"inspector:{tmp_path}")
    file.write_bytes(b"\1" * 999 + b"\2")
    assert weights_of(str(tmp_path)) not in ("", first)


def test_a_large_file_is_told_by_its_size_and_by_pieces_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WHOLE", 100_000)
    monkeypatch.setattr(files, "PIECE", 10)
    (tmp_path / "model").write_bytes(bytes(1_000_000))
    digests = {digest_of_folder(tmp_path)}
    (tmp_path / "model").write_bytes(bytes(1_000_001))
    digests.add(digest_of_folder(tmp_path))
    (tmp_path / "model").write_bytes(bytes(range(250)) * 4000)
    digests.add(digest_of_folder(tmp_path))
    (tmp_path / "model").write_bytes(bytes(999_999) + b"\1")
    digests.add(digest_of_folder(tmp_path))
    assert len(digests) == 4


def test_pilots_without_a_folder_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "naive").mkdir()
    assert weights_of("naive") == weights_of("openai:gpt-4o") == weights_of("scripted:x") == ""
    assert len(weights_of("bundled")) == 16


def test_given_answers_are_told_by_their_digest(tmp_path: Path) -> None:
    file = tmp_path / "answers.txt"
    file.write_text("{}\n", encoding="utf-8")
    first = weights_of(f"scripted:{file}")
    assert first == weights_of(f"inspector:scripted:{file}") != ""
    file.write_text('{"right": 1}\n', encoding="utf-8")
    assert weights_of(f"scripted:{file}") not in ("", first)
