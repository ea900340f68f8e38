"""The benchmark of adapters, on a few steps."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.uncounted]


def test_it_tells_losses_and_scores(load):
    adapter = load("adapter")
    small = ["--steps", "2", "--fly", "1", "--epochs", "1", "--device", "cpu"]
    figures = {figure.name: figure for figure in adapter.run(small)}
    assert figures["lessons"].p50 == 4 * 2
    losses = [figures[f"held-out loss {when}"] for when in ("before", "after")]
    assert [loss.n for loss in losses] == [1, 1]
    assert losses[1].asked == losses[0].p50
    assert figures["score of adapter"].n == figures["score of shade"].n == 1
