"""The benchmark of adapters, on a few steps."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.uncounted]


def test_it_tells_losses_and_scores(load):
    adapter = load("adapter")
    small = ["--steps", "3", "--fly", "2", "--epochs", "1", "--device", "cpu"]
    figures = {figure.name: figure for figure in adapter.main(small)}
    assert figures["lessons"].p50 == 4 * 3
    assert figures["held-out loss after"].held
    assert figures["score of adapter"].n == figures["score of shade"].n == 1
