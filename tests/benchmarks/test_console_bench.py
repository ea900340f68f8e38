"""The console's benchmark: whatever goes away meanwhile, no command is lost or doubled."""

from __future__ import annotations

import sys

import pytest

from helmsight.console.wire import HOME
from helmsight.evals.errors import InvalidPlan

pytestmark = [pytest.mark.slow]


@pytest.mark.skipif(sys.platform == "win32", reason="connections are reset as POSIX does")
def test_console_browser_and_network_may_go_away(load, tmp_path, monkeypatch):
    """`python benchmarks/console.py --only kills` does it fifty times."""
    monkeypatch.setenv(HOME, str(tmp_path / "desks"))
    (tmp_path / "runs").mkdir()
    found = load("console").kills(tmp_path / "runs", 2)
    assert (found["flown"], found["wrong"], found["went_on"]) == (2, 0, True)


def test_a_part_that_there_is_not_is_said(load, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["console.py", "--only", "stops,none"])
    with pytest.raises(InvalidPlan, match="none: the parts are stops, spectators"):
        load("console").main()
