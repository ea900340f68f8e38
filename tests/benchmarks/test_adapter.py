"""The benchmark of adapters, on a few steps and without the flights afterwards."""

from __future__ import annotations

from itertools import islice

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.uncounted]


def test_it_tells_what_was_learnt_and_the_losses(load, tmp_path):
    adapter = load("adapter")
    adapter.FLIGHTS, adapter.HELD_OUT = 2, 0.5
    options = adapter.parser().parse_args(["--steps", "2", "--epochs", "1", "--device", "cpu"])
    lessons, before, after = islice(adapter.measure(options, tmp_path), 3)
    assert lessons.p50 == 2
    assert (before.n, after.n) == (1, 1)
    assert after.asked == before.p50
