"""What a training tells that Ctrl-C ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from helmsight.cli.train import _telling
from helmsight.errors import INTERRUPTED


@pytest.mark.parametrize(
    ("earlier", "own", "told"),
    [
        ([], [], "nothing is kept of it yet"),
        (["checkpoint-3"], [], "nothing is kept of it yet"),
        (["checkpoint-3"], ["checkpoint-4"], "--resume goes on"),
    ],
)
def test_who_interrupts_a_training_is_told_what_is_left(
    earlier: list[str], own: list[str], told: str, tmp_path: Path, capsys: Any
) -> None:
    def interrupted(names: list[str]) -> None:
        for name in names:
            (tmp_path / name).mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted(earlier)
    with (
        pytest.raises(typer.Exit) as ended,
        _telling(tmp_path / "checkpoint-*", "--resume goes on"),
    ):
        interrupted(own)
    assert ended.value.exit_code == INTERRUPTED
    assert capsys.readouterr().err == f"interrupted; {told}\n"
