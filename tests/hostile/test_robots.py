"""Robot descriptions that somebody hands over: a named error or a robot, in bounds.

A case is a list of edits (`edits.py`) of a description that we ship. Nothing is opened or moved.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware.spec import shipped
from tests.hostile.edits import LIMITS, cases, change
from tests.hostile.loading import MOST_MB, loader

CASES = cases("robots.json")
pytestmark = [pytest.mark.slow, LIMITS]


@pytest.fixture(scope="module")
def load() -> Iterator[Callable[[Path], dict[str, Any]]]:
    """Return a function that loads a description in a process with limits, and tells."""
    with loader("robot") as ask:
        yield ask


@pytest.mark.parametrize("name", shipped())
def test_a_description_of_ours_loads(name: str, load: Any) -> None:
    assert load(shipped()[name])["error"] == ""


@pytest.mark.parametrize("name", CASES)
def test_a_description_of_theirs_is_a_named_error_or_harmless(
    name: str, load: Any, victim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    for edit in CASES[name]:
        if edit["file"] in (path.name for path in shipped().values()):
            shutil.copy(shipped()[Path(edit["file"]).stem], folder)
        else:
            (folder / edit["file"]).touch()
        change(folder, edit, victim)
    told = load(folder / CASES[name][0]["file"])
    assert told["named"], told["error"]
    assert "precious" not in told["error"].replace(str(victim), "")
    assert not {"\x1b", "\x07"} & set(told["error"])
    assert len(told["error"]) < 2000
    assert told["mb"] < MOST_MB


def test_the_corpus_has_more_than_six_hundred_cases() -> None:
    tables = Path(__file__).parent.glob("*.json")
    assert sum(len(json.loads(path.read_text(encoding="utf-8"))) for path in tables) > 600
