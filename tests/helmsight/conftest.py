"""The command line in this process, and a pilot that costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helmsight.cli import main
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """Commands, emulated devices and tests go by the tests' own clock."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Return a function that runs `helmsight` with arguments, in an empty folder."""

    def call(*arguments: object) -> Result:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["helmsight", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, out, err)

    return call


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
