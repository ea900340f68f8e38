"""The examination of the bundled model runs and prints marks."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.mark.slow
def test_marks_of_the_bundled_model_are_shares(
    load: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    assert load("answers").main(["--pictures", "8", "--json"]) == 0
    marks = json.loads(capsys.readouterr().out)
    for cockpit in ("nominal", "random"):
        assert marks[cockpit]["n"] == 8
        assert 0.0 <= marks[cockpit]["exact"] <= marks[cockpit]["signs"] <= 1.0
