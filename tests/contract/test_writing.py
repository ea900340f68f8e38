"""A file that is written whole is the old one or the new one, whatever stood in its place."""

from __future__ import annotations

import os
import sys

import pytest

from helmsight.contract.writing import write_whole


@pytest.mark.parametrize("content", ["a\nb ä \ud800", b"\xff\x00"])
def test_what_is_written_is_there_and_nothing_else(tmp_path, content):
    write_whole(tmp_path / "file", content)
    expected = "a\nb ä \ufffd".encode() if isinstance(content, str) else content
    assert (tmp_path / "file").read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_old_file_stays_where_the_new_one_cannot_be_put(tmp_path, monkeypatch):
    write_whole(tmp_path / "file", "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="links are made as POSIX does")
@pytest.mark.parametrize("name", ["file", "file.tmp"])
def test_a_link_is_replaced_and_not_followed(tmp_path, name):
    (tmp_path / "theirs").write_text("precious")
    (tmp_path / name).symlink_to(tmp_path / "theirs")
    write_whole(tmp_path / "file", "new")
    assert (tmp_path / "theirs").read_text() == "precious"
    assert (tmp_path / "file").read_text() == "new"
    assert not (tmp_path / "file").is_symlink()
