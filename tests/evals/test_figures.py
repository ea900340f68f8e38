"""Measured quantities and their bounds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from helmsight.evals.figures import COLUMNS, add_options, figure, show, skipped


def test_a_figure_holds_its_bound_from_the_right_side() -> None:
    assert figure("f", "ms", [1.0, 2.0, 9.0], 2.0).held
    assert not figure("f", "ms", [1.0, 3.0, 9.0], 2.0).held
    assert figure("f", "1/s", [1.0, 3.0, 9.0], 2.0, least=True).held
    assert figure("f", "ms", [1.0]).held is None


def test_a_bound_may_be_asked_of_the_tail() -> None:
    late = figure("stop", "ms", [1.0] * 90 + [500.0] * 10, 100.0, of="p99")
    assert late.held is False
    assert "p99 at most 100" in late.words()
    assert len(late.words()) == len(COLUMNS)


def test_what_was_not_taken_holds_nothing_and_says_why(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = argparse.ArgumentParser()
    add_options(options)
    path = tmp_path / "figures.json"
    asked = options.parse_args(["--json", str(path)])
    show([skipped("decision", "ms", "no weights", 60.0), figure("f", "ms", [1.0], 2.0)], asked)
    assert "decision was skipped: no weights" in capsys.readouterr().out
    kept = json.loads(path.read_text(encoding="utf-8"))["figures"]
    assert [one["held"] for one in kept] == [None, True]
