"""Text of files: marks and ends of lines are no part of it, and what is not UTF-8 is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import Error, NotUtf8
from helmsight.contract.textfiles import decoded, lines_of, read_lines, read_text

MARK = b"\xef\xbb\xbf"
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\ufeff"))
MARKS, ENDS = st.sampled_from([b"", MARK]), st.sampled_from(["\n", "\r\n", "\r"])


@given(TEXTS, MARKS, ENDS)
def test_a_text_is_the_same_whatever_system_wrote_it(text: str, mark: bytes, end: str) -> None:
    data = mark + text.replace("\n", end).encode()
    assert decoded(data, "file") == text
    assert "\n".join(lines_of(text)) == text.removesuffix("\n")


@given(st.lists(st.text(), min_size=1), MARKS, ENDS)
def test_lines_of_json_stay_whole_whatever_characters_are_in_them(
    values: list[str], mark: bytes, end: str
) -> None:
    lines = (json.dumps(value, ensure_ascii=value.isprintable()) + end for value in values)
    try:
        data = mark + "".join(lines).encode()
    except UnicodeEncodeError:  # half of a character, which no file can hold
        return
    assert [json.loads(line) for line in lines_of(decoded(data, "file"))] == values


def is_utf_8(data: bytes) -> bool:
    """Return whether `data` is UTF-8, as Python tells."""
    try:
        return isinstance(data.decode(), str)
    except UnicodeDecodeError:
        return False


@given(st.binary())
def test_any_bytes_are_a_text_or_are_told_with_the_first_one_that_is_wrong(data: bytes) -> None:
    if is_utf_8(data):
        plain = data.removeprefix(MARK).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        assert decoded(data, "file").encode() == plain
        return
    with pytest.raises(NotUtf8, match=r"^some/file\.toml is .*; save it as UTF-8") as refusal:
        decoded(data, "some/file.toml")
    told = re.search(r"byte 0x(\w\w) at position (\d+) \(line (\d+)\)", str(refusal.value))
    if told is None:
        assert data[:2] in (b"\xff\xfe", b"\xfe\xff")
    else:
        at = int(told[2])
        assert data[at] == int(told[1], 16)
        assert decoded(data[:at], "what comes before").count("\n") == int(told[3]) - 1


def test_a_file_is_read_with_its_name_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "arm.toml"
    path.write_bytes(MARK + 'name = "Ärmel"\r\nport = 1\r\n'.encode())
    assert read_text(path) == 'name = "Ärmel"\nport = 1\n'
    assert read_lines(path) == ['name = "Ärmel"', "port = 1"]
    path.write_bytes("a = 1\r\nname = 'Ärmel'".encode("latin-1"))
    with pytest.raises(
        NotUtf8, match=r"arm\.toml is not UTF-8: byte 0xc4 at position 15 \(line 2\)"
    ):
        read_text(path)
    path.write_bytes("name = 1".encode("utf-16"))
    with pytest.raises(NotUtf8, match=r"arm\.toml is UTF-16, .* save it as UTF-8"):
        read_lines(path)
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "none")


def test_it_is_a_value_error_of_the_callers_making() -> None:
    assert issubclass(NotUtf8, ValueError)
    assert issubclass(NotUtf8, Error)
    assert NotUtf8.exit_status == 2
