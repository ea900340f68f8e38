"""Model folders that somebody hands over: a named error or a model, in bounded memory and time.

A case is a list of edits (`edits.py`) of the bundled model's folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helmsight.agents.models.sources import BUNDLED
from tests.hostile.edits import LIMITS, cases, change
from tests.hostile.loading import MOST_MB, loader

CASES = cases("models.json")
pytestmark = [pytest.mark.slow, LIMITS]


@pytest.fixture(scope="module")
def load() -> Iterator[Callable[[Path], dict[str, Any]]]:
    """Return a function that loads a folder in a process with limits and tells what came of it."""
    with loader("model") as ask:
        yield ask


def test_a_model_of_ours_loads(load: Any) -> None:
    assert load(BUNDLED)["error"] == ""


@pytest.mark.parametrize("name", CASES)
def test_a_model_of_theirs_is_a_named_error_or_harmless(
    name: str, load: Any, victim: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    shutil.copytree(BUNDLED, folder)
    for edit in CASES[name]:
        if not (folder / edit["file"]).exists():
            (folder / edit["file"]).touch()
        change(folder, edit, victim)
    told = load(folder)
    assert told["named"], told["error"]
    assert "precious" not in told["error"].replace(str(victim), "")
    assert told["mb"] < MOST_MB
    assert not list(tmp_path.rglob("xxxxx"))  # what a pickle of theirs would make
    shutil.rmtree(folder)
