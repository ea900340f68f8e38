from __future__ import annotations

from helmsight.evals.statistics import Interval


def test_an_interval_reads_as_text():
    assert str(Interval(113.25, 98.0, 140.5, 10)) == "113.2 [98, 140.5]"


def test_without_an_interval_the_number_of_observations_is_said():
    few = Interval(0.5, None, None, 3)
    assert few.text(".1f", 100, " %") == "50.0 % (n = 3)"
    assert few.bounds == (0.5, 0.5)


def test_numbers_are_scaled_and_have_their_unit():
    found = Interval(0.5, 0.25, 0.75, 8)
    assert found.text(".0f", 100, " %") == "50 % [25 %, 75 %]"
    assert found.bounds == (0.25, 0.75)
