"""The benchmark of inspections: what it prints, what it keeps, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from helmsight.evals.inspection import trials
from helmsight.evals.inspection.scores import Marks
from helmsight.evals.inspection.trials import Conditions, Trial

ASKED = ["--pilots", "coverage,naive", "--seeds", "3", "--direct"]


@pytest.fixture
def bench(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("inspection")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """Return the inspections that were made, each at no cost; one pilot finds less."""
    done: list[Trial] = []

    def run(trial: Trial, conditions: Conditions) -> Marks:
        done.append(trial)
        hits = 2 if trial.pilot == "coverage" else 1
        return Marks(
            12, 10 + hits, 0, hits, 0, 2 - hits, 1.0, 20, None, 0, 34, None, 12.0, 60.0, "inspected"
        )

    monkeypatch.setattr(trials, "run_trial", run)
    return done


def test_pilots_are_compared_and_a_direct_run_says_what_it_is(
    bench: ModuleType, made: list[Trial], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*ASKED, "--results", str(tmp_path / "kept.jsonl")]
    assert bench.main(asked) == 0
    said = capsys.readouterr()
    assert bench.DIRECT in said.out
    assert "not measured" in said.out
    assert "F1, difference" in said.out
    assert "6 inspections, 6 of them to be made" in said.err
    assert len(made) == 6
    assert bench.main(asked) == 0
    again = capsys.readouterr()
    assert "6 inspections, 0 of them to be made" in again.err
    assert len(made) == 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--direct", "--faults", "drop=0.01"], "faults"),
        (["--stress", "noise"], "noise"),
        (["--seeds", "0"], "seeds"),
        (["--processes", "0"], "processes"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_line(
    bench: ModuleType,
    made: list[Trial],
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench.main(["--pilots", "coverage", *words]) == 2
    assert message in capsys.readouterr().err
    assert made == []
