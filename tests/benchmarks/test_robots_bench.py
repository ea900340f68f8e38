"""The benchmark of robots' calls, with two samples of each."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.serial
@pytest.mark.slow
def test_calls_of_machines_with_and_without_homing_are_measured(load: Any) -> None:
    figures = list(load("robots").measure(0.0, ["helm", "grbl"]))
    assert [one.name for one in figures] == [
        f"{kind} {what}"
        for kind in ("helm", "grbl")
        for what in ("move", "move, overhead", "state", "state, overhead")
    ]
    assert all(one.n == 2 and one.p50 > 0 for one in figures)
