"""Tables of flights."""

from __future__ import annotations

import pytest

from helmsight.evals.errors import InvalidSample
from helmsight.evals.flights import Cell, FlightResult
from helmsight.evals.machine import Machine
from helmsight.evals.tables import Row, flight_line, flight_table, rows, table


def result(score, captured=True, seed=0, pilot="naive", scenario="PE1-E1-I1", think=(1.0, 3.0)):
    return FlightResult(
        cell=Cell(scenario, pilot, seed), score=score, success=captured, steps=len(think),
        terms={"closest_approach_m": 5.0, "closest_speed_mps": 2.0, "fuel_kg": 100.0 + seed},
        sim_s=1.0, wall_s=0.1,
        late=0, clamped=1, repairs={}, reason="captured" if captured else "timeout",
        think_ms=tuple(think), made_with="",
    )  # fmt: skip


def test_a_row_sums_up_the_flights_of_one_pilot_on_one_scenario():
    row = Row.of([result(30.0, seed=0), result(10.0, seed=1), result(400.0, False, seed=2)])
    assert row.scores == ((10.0, True), (30.0, True), (400.0, False))
    assert row.score.estimate == 30.0
    assert (row.success.estimate, row.success.n) == (pytest.approx(2 / 3), 3)
    assert row.terms["fuel_kg"] == 101.0
    assert row.think_ms == (2.0, 3.0)


def test_the_words_of_a_row_name_every_score_and_mark_a_flight_without_capture():
    words = Row.of([result(30.0), result(400.0, False)]).cells()
    assert words["scores"] == "30.0 400.0x"
    assert words["captured"] == "1/2 (n = 2)"
    assert words["median score"] == "215.0 (n = 2)"
    assert words["think p50/p95 ms"] == "2.00/3.00"
    assert words["held/late %"] == "50/0"


def test_enough_flights_have_intervals():
    words = Row.of([result(30.0 + seed, seed=seed) for seed in range(8)]).cells()
    assert words["captured"] == "8/8 [0.68, 1.00]"
    assert words["median score"].startswith("33.5 [30.")


def test_a_pilot_that_never_decided_has_no_think_times():
    assert Row.of([result(1.0, think=())]).think_ms is None
    with pytest.raises(InvalidSample):
        Row.of([])


def test_scenarios_are_sorted_and_pilots_stay_in_their_order():
    flights = [
        result(1.0, pilot=pilot, scenario=scenario)
        for pilot in ("rendezvous", "naive")
        for scenario in ("PE1-E3-I3", "PE1-E1-I1")
    ]
    assert [(row.scenario, row.pilot) for row in rows(flights)] == [
        ("PE1-E1-I1", "rendezvous"), ("PE1-E1-I1", "naive"),
        ("PE1-E3-I3", "rendezvous"), ("PE1-E3-I3", "naive"),
    ]  # fmt: skip


def test_a_text_table_is_aligned_and_a_markdown_table_is_ruled():
    lines = [("a", "1"), ("bcd", "22")]
    assert table(("x", "n"), lines).splitlines() == ["x    n", "---  --", "a    1", "bcd  22"]
    ruled = table(("x", "n"), lines, markdown=True).splitlines()
    assert ruled == ["| x | n |", "| --- | --- |", "| a | 1 |", "| bcd | 22 |"]


def test_the_table_says_how_to_read_it():
    text = flight_table([result(30.0)], markdown=True)
    assert text.startswith("| scenario | pilot |")
    assert "95 % interval over the episodes" in text
    assert "Wilson" in text
    assert "Lower scores are better" in text
    assert "Closest approach, speed there, propellant used: medians" in text


def test_a_finished_flight_is_one_line():
    line = flight_line(result(30.0, seed=4))
    assert line.startswith("PE1-E1-I1 naive seed 4: captured, score 30.0, closest approach 5.0 m, ")
    assert "\n" not in line


def test_a_machine_names_its_processor_cores_and_versions():
    machine = Machine.here(("numpy", "no-such-package"))
    assert machine.cpu
    assert machine.cores >= 1
    text = " ".join(machine.lines())
    assert "python 3." in text
    assert "no-such-package missing" in text
