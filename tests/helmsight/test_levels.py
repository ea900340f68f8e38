"""A process whose memory, threads and open files stay level is told from one whose do not."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest

from helmsight.testing.levels import COLUMNS, Levels


def levels_of(descriptors: list[float]) -> Levels:
    many = len(descriptors)
    return Levels(0, {"MB": [80.0] * many, "threads": [3.0] * many, "descriptors": descriptors})


def test_what_fills_at_first_and_stays_is_level() -> None:
    assert levels_of([1.0, 5.0, 9.0, *[10.0] * 17]).held


def test_one_that_leaks_is_not() -> None:
    leaking = levels_of([float(number) for number in range(40)])
    assert not leaking.held
    assert leaking.rise["descriptors"] == pytest.approx(20.0, abs=2.0)
    assert [row[-1] for row in leaking.rows()] == ["yes", "yes", "NO"]
    assert all(len(row) == len(COLUMNS) for row in leaking.rows())


def test_too_few_samples_say_nothing() -> None:
    assert not levels_of([1.0] * 7).held


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_files_that_are_opened_are_counted(tmp_path) -> None:
    levels = Levels()
    levels.sample()
    with ExitStack() as files:
        for number in range(200):
            files.enter_context((tmp_path / str(number)).open("w"))
        levels.sample()
    before, after = levels.taken["descriptors"]
    assert after - before > 100  # others open and close some meanwhile
    assert levels.taken["MB"][0] > 1.0
