"""Files that grow by whole pieces."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from helmsight.tools.appendonly import AppendOnly


def fails_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = AppendOnly._write

    def write(self: AppendOnly, data: bytes) -> None:
        whole(self, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(AppendOnly, "_write", write)


def test_pieces_follow_on_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"one ")
    file = AppendOnly(tmp_path / "file", durable=True)
    file.append(b"two ")
    file.append(b"three")
    file.close()
    assert (tmp_path / "file").read_bytes() == b"one two three"


def test_a_piece_that_does_not_fit_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AppendOnly(tmp_path / "file")
    file.append(b"whole")
    with monkeypatch.context() as patch:
        fails_half_way(patch)
        with pytest.raises(OSError, match="No space left"):
            file.append(b"half")
    assert (tmp_path / "file").read_bytes() == b"whole"
    file.append(b" again")
    assert (tmp_path / "file").read_bytes() == b"whole again"


def test_a_piece_that_the_disk_refuses_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    file = AppendOnly(tmp_path / "file", durable=True)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        file.append(b"lost")
    assert (tmp_path / "file").read_bytes() == b""


def test_what_could_not_be_taken_back_is_before_the_next_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AppendOnly(tmp_path / "file")
    file.append(b"whole")
    with monkeypatch.context() as patch:
        fails_half_way(patch)
        patch.setattr(AppendOnly, "_take_back", lambda self: None)
        with pytest.raises(OSError, match="No space left"):
            file.append(b"half")
    file.append(b" again")
    assert (tmp_path / "file").read_bytes() == b"whole again"


def test_a_cut_file_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"kept and gone")
    file = AppendOnly(tmp_path / "file")
    file.cut(4)
    file.append(b"!")
    assert (tmp_path / "file").read_bytes() == b"kept!"


@pytest.mark.skipif(sys.platform == "win32", reason="no claims there")
def test_a_claimed_file_is_free_again_when_it_is_closed(tmp_path: Path) -> None:
    first, second = (AppendOnly(tmp_path / "file") for _ in range(2))
    first.claim()
    with pytest.raises(BlockingIOError):
        second.claim()
    first.close()
    second.claim()
