"""The benchmark of the checker of relations, with few sets; how fast it is, is no matter here."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def bench(load):
    return load("constraints")


def test_the_checker_is_timed_on_one_core_and_asked_for_its_bound(bench, tmp_path, capsys):
    assert bench.main(["--scale", "0.001", "--json", str(tmp_path / "figures.json")]) == 0
    told = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["figures"]
    assert [one["asked"] for one in told] == [100_000.0, 100_000.0, None]
    assert all(one["p50"] > 0 for one in told)
    assert "random sets checked" in capsys.readouterr().out


def test_what_was_regained_is_counted_over_all_flights_in_pairs(bench):
    one = bench._regained(np.array([10.0, 30.0, 20.0]), np.array([9.0, 27.0, 18.0]))
    assert one.p50 == pytest.approx(90.0)
    assert one.held
