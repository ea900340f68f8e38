"""Samples drawn by other processes, and what is left of them when nobody needs more."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest

from helmsight.agents.errors import TrainingFailed
from helmsight.agents.training.drawing import drawing

WAIT_S = 600.0  # against hanging only

pytestmark = pytest.mark.slow  # a process is started


def test_a_fit_may_end_long_before_all_samples_are_drawn() -> None:
    kept: list[int] = []

    def fit() -> None:
        with drawing(list, range(5_000), chunk=1) as drawn:
            drawn.wait(3)
            kept.extend(drawn.kept[:3])

    fitting = Thread(target=fit, daemon=True)
    fitting.start()
    fitting.join(WAIT_S)
    assert not fitting.is_alive()
    assert kept == [0, 1, 2]


def test_samples_that_cannot_be_drawn_end_the_wait_for_them() -> None:
    unable: Any = int  # a range is no number
    with (
        drawing(unable, range(4), chunk=2) as drawn,
        pytest.raises(TrainingFailed, match="TypeError"),
    ):
        drawn.wait(1)
