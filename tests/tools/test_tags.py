"""Tags of a run: kept in its folder, told apart from what is none."""

from __future__ import annotations

import json

import pytest

from helmsight.tools.errors import TagRefused
from helmsight.tools.tags import LONGEST, MOST, TAGS, change_tags, read_tags


def test_tags_are_put_on_taken_off_and_found_in_the_folder(tmp_path):
    assert read_tags(tmp_path) == ()
    assert change_tags(tmp_path, add="demo") == ("demo",)
    assert change_tags(tmp_path, add="überflug") == ("demo", "überflug")
    assert change_tags(tmp_path, add="demo") == ("demo", "überflug")
    assert json.loads((tmp_path / TAGS).read_text(encoding="utf-8"))["tags"] == ["demo", "überflug"]
    assert change_tags(tmp_path, remove="demo") == ("überflug",)
    assert change_tags(tmp_path, remove="none such") == ("überflug",)
    assert read_tags(tmp_path) == ("überflug",)


@pytest.mark.parametrize(
    "tag", ["a b", "a,b", "#a", "a" * (LONGEST + 1), "a\x1b", "a\u202e", " ", "\n", "\ud800"]
)
def test_what_is_no_tag_is_refused_and_changes_nothing(tmp_path, tag):
    change_tags(tmp_path, add="mine")
    with pytest.raises(TagRefused, match="is no tag"):
        change_tags(tmp_path, add=tag)
    assert read_tags(tmp_path) == ("mine",)


def test_a_run_has_so_many_tags_and_no_more(tmp_path):
    for number in range(MOST):
        change_tags(tmp_path, add=f"t{number}")
    with pytest.raises(TagRefused, match="at most"):
        change_tags(tmp_path, add="more")
    assert len(read_tags(tmp_path)) == MOST


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ()), ("[1]", ()), ("{", ()), ('{"tags": 7}', ()), ('{"tags": {"a": 1}}', ("a",)),
        ('{"tags": ["good", 5, null, "a b", "\\u001b[2J", "good"]}', ("good",)),
    ],
)  # fmt: skip
def test_of_a_file_of_others_only_tags_are_read(tmp_path, text, kept):
    (tmp_path / TAGS).write_text(text, encoding="utf-8")
    assert read_tags(tmp_path) == kept


def test_a_folder_that_is_gone_says_so(tmp_path):
    with pytest.raises(TagRefused, match="cannot be written"):
        change_tags(tmp_path / "none", add="mine")
