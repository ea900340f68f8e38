"""The log of steps: what of it is whole, and how it fills a disk."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.parts import Parts
from helmsight.tools.steplog import Step, StepLog, whole_steps


@pytest.fixture
def lines(record: Any) -> list[bytes]:
    return [(record(index).to_json() + "\n").encode() for index in range(4)]


@pytest.mark.parametrize(
    "end", [b"", b'{"index":4,"sta', b"\x00\x00\xff", b"null\n", b"{}\n", b"\n"]
)
def test_steps_end_where_they_are_not_whole(tmp_path: Path, lines: list[bytes], end: bytes) -> None:
    (tmp_path / "steps").write_bytes(b"".join(lines) + end + lines[0])
    records, size = whole_steps(tmp_path / "steps")
    assert [record.index for record in records] == [0, 1, 2, 3]
    assert size == sum(map(len, lines))


def test_a_line_that_lacks_only_its_end_is_not_whole(tmp_path: Path, lines: list[bytes]) -> None:
    (tmp_path / "steps").write_bytes(b"".join(lines).removesuffix(b"\n"))
    assert len(whole_steps(tmp_path / "steps")[0]) == 3


def test_steps_out_of_turn_are_none(tmp_path: Path, lines: list[bytes]) -> None:
    (tmp_path / "steps").write_bytes(lines[0] + lines[1] + lines[1] + lines[2])
    assert whole_steps(tmp_path / "steps")[1] == len(lines[0] + lines[1])
    assert whole_steps(tmp_path / "missing") == ([], 0)


def test_of_several_lines_those_are_kept_that_fit(
    tmp_path: Path, record: Any, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, whole = sum(map(len, lines[:2])) + 7, AppendOnly._write

    def write(self: AppendOnly, data: bytes) -> None:
        left = room - self._file.tell()
        whole(self, data[:left])
        if left < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(AppendOnly, "_write", write)
    parts, passed = Parts(tmp_path / "reserve", ()), list[Any]()
    log = StepLog(AppendOnly(tmp_path / "steps"), parts, passed.append)
    steps = [Step(record(index), None) for index in range(4)]
    log.write(steps)
    assert (tmp_path / "steps").read_bytes() == lines[0] + lines[1]
    assert passed == steps
    assert list(parts.told()) == [
        "steps stopped after 3 steps (OSError: [Errno 28] No space left on device)"
    ]


def test_a_step_that_is_there_already_is_only_passed_on(tmp_path: Path, record: Any) -> None:
    passed: list[Step] = []
    log = StepLog(AppendOnly(tmp_path / "steps"), Parts(tmp_path / "x", ()), passed.append)
    log.write([Step(record(0), None, again=True), Step(record(1), None)])
    assert len((tmp_path / "steps").read_bytes().splitlines()) == 1
    assert len(passed) == 2
