"""docs/licences.md: the licence of everything that is asked for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| \**(?P<name>[\w.-]+?)\** \| (?P<licence>[^|]+) \|", re.MULTILINE)


def test_every_package_that_is_asked_for_stands_in_the_table_with_its_licence() -> None:
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    known = {row["name"]: row["licence"] for row in ROW.finditer(text)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = dict(project["optional-dependencies"])
    del extras["test"]
    asked = {
        canonicalize_name(Requirement(line).name)
        for lines in (project["dependencies"], *extras.values())
        for line in lines
    } - {"helmsight"}
    assert sorted(asked - set(known)) == [], "run make licences"
    assert [name for name in asked if known[name] in ("", "not said", "not installed here")] == []


def test_copyleft_is_said_in_words_besides() -> None:
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    words = text.partition("| package |")[0]
    strict = [row["name"] for row in ROW.finditer(text) if re.search("GPL|General", row["licence"])]
    assert len(strict) >= 5
    assert [name for name in strict if f"**{name}**" not in words] == []
