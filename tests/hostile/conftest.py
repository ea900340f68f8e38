"""The corpus: what strangers hand over. Its tables are data; add a case there, no test is needed.

`texts.json` are words of models, devices, worlds and folders; the other tables say what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import helmsight


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with a file of somebody's, which is as it was in the end."""
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "file").write_text("precious", encoding="utf-8")
    yield folder
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert (folder / "file").read_text(encoding="utf-8") == "precious"


@pytest.fixture(scope="session")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a real run of three steps, which nobody changes."""
    folder = tmp_path_factory.mktemp("flown") / "run"
    helmsight.fly("PE1-E1-I1", "naive", steps=3, time="paused", out=folder)
    return folder
