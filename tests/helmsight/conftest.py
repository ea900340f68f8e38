"""A pilot that costs nothing, and a board, for commands that run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """Commands, emulated devices and tests go by the tests' own clock."""


@pytest.fixture
def answers(tmp_path: Path) -> str:
    """Return a pilot that answers two commands and then nonsense, over and over."""
    path = tmp_path / "answers.txt"
    path.write_text(
        '{"forward": 0.5, "right": 0, "down": 0}\n{"forward": 0, "right": -1, "down": 0.2}\nhm\n',
        encoding="utf-8",
    )
    return f"scripted:{path}"


@pytest.fixture
def board() -> Iterator[Emulation]:
    """Serve a servo board."""
    with emulate("helm_arm") as emulation:
        yield emulation
