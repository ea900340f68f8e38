"""The examination of the bundled model runs and prints marks."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "answers.py"


@pytest.mark.slow
def test_marks_of_the_bundled_model_are_shares(capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("answers", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    answers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(answers)
    assert answers.main(["--pictures", "8", "--json"]) == 0
    marks = json.loads(capsys.readouterr().out)
    for cockpit in ("nominal", "random"):
        assert marks[cockpit]["n"] == 8
        assert 0.0 <= marks[cockpit]["exact"] <= marks[cockpit]["signs"] <= 1.0
