"""References are flown on the twin, kept in a file, and pilots are told beside them."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.flights import Cell, FlightResult
from helmsight.evals.optimum import ratios
from helmsight.evals.optimum.search import Reference

KNOWN = {
    ("PE1-E1-I3", seed): Reference("PE1-E1-I3", seed, 20.0, seed > 0, 5.0, 1.5, 80.0, 238.0)
    for seed in (0, 1)
}


def flight(seed, score):
    return FlightResult(
        Cell("PE1-E1-I3", "rendezvous", seed), score, True, {}, 1, 1.0, 1.0, 0, 0, {}, "", (), "x"
    )


def test_the_table_divides_seed_by_seed():
    shown = ratios.ratio_table([flight(0, 22.0), flight(1, 26.0)], KNOWN).splitlines()
    cells = shown[-1].split()
    assert cells[:3] == ["PE1-E1-I3", "rendezvous", "2"]
    assert "1/2" in cells
    assert "1.20" in cells


def test_what_is_kept_is_not_found_again(tmp_path):
    path = tmp_path / "kept.json"
    kept = dict(KNOWN)
    assert list(ratios.missing(list(KNOWN), kept, path)) == []
    assert kept == KNOWN


def test_a_file_of_something_else_is_told(tmp_path):
    path = tmp_path / "other.json"
    path.write_text('[{"score": 1}]')
    with pytest.raises(ResultsUnusable, match=r"other\.json.*another --json"):
        ratios.load(path)


def test_a_capture_goes_before_a_low_score():
    missed, met = KNOWN["PE1-E1-I3", 0], KNOWN["PE1-E1-I3", 1]
    assert met.rank < missed.rank


@pytest.mark.slow
@pytest.mark.uncounted
def test_a_reference_is_near_the_known_optimum_and_is_kept(tmp_path):
    """PE1-E3-I4, the shortest to fly: 27.9 to 33.1 were found for seeds 0 to 9."""
    path = tmp_path / "kept.json"
    kept: dict[tuple[str, int], Any] = {}
    (found,) = ratios.missing([("PE1-E3-I4", 1)], kept, path)
    assert found.captured
    assert 27.0 < found.score < 35.0
    assert ratios.load(path) == kept == {("PE1-E3-I4", 1): found}
