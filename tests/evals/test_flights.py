"""Flights over pilots, scenarios and seeds, and the file that keeps them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from helmsight.agents.errors import UnknownPilot
from helmsight.contract.errors import PilotUnfit
from helmsight.envs.errors import UnknownScenario
from helmsight.evals.errors import InvalidPlan, ResultsUnusable
from helmsight.evals.fingerprints import fingerprint
from helmsight.evals.flights import Cell, Conditions, FlightResult, fly_cells, grid
from helmsight.evals.results import Results

SHORT = Conditions(time="paused", max_steps=2)


@pytest.fixture(scope="module")
def flown() -> list[FlightResult]:
    return list(fly_cells(grid(["naive"], ["pe1_e1_i3"], [0, 1]), SHORT))


def test_every_flight_goes_through_the_loop_and_keeps_its_think_times(flown):
    assert [result.cell for result in flown] == [
        Cell("PE1-E1-I3", "naive", 0),
        Cell("PE1-E1-I3", "naive", 1),
    ]
    for result in flown:
        assert (result.steps, result.reason, len(result.think_ms)) == (2, "steps", 2)
        assert result.sim_s == pytest.approx(1.0, abs=0.05)
        assert result.score > 0
        assert not result.success
    assert flown[0].terms["closest_approach_m"] != flown[1].terms["closest_approach_m"]


def test_a_pilot_that_does_not_fit_is_told_before_the_first_one_flies(monkeypatch):
    monkeypatch.setattr("helmsight.agents.scripted.navball.Navball.telemetry", ("altitude",))
    flights = fly_cells(grid(["naive", "navball"], ["PE1-E1-I3"], [0]), SHORT)
    with pytest.raises(PilotUnfit, match="altitude"):
        next(flights)


def test_a_result_is_read_back_as_it_was_written(flown):
    text = json.dumps(flown[0].to_dict())
    assert FlightResult.from_dict(json.loads(text)) == flown[0]


def test_the_grid_flies_one_pilot_after_another_and_no_flight_twice():
    cells = grid(["naive", "navball"], ["PE1-E1-I1", "PE1_E1_I1"], range(2))
    assert [(cell.pilot, cell.seed) for cell in cells] == [
        ("naive", 0), ("naive", 1), ("navball", 0), ("navball", 1),
    ]  # fmt: skip


def test_a_plan_that_flies_nothing_is_refused():
    with pytest.raises(InvalidPlan, match="seeds"):
        grid(["naive"], ["PE1-E1-I1"], [])
    with pytest.raises(InvalidPlan, match="workers=0"):
        next(fly_cells([], SHORT, workers=0))
    with pytest.raises(UnknownScenario, match="Did you mean"):
        grid(["naive"], ["PE9-E1-I1"], [0])


def test_a_pilot_that_does_not_exist_is_told_before_anything_flies():
    cells = [Cell("PE1-E1-I3", "naive", 0), Cell("PE1-E1-I3", "naivete", 0)]
    with pytest.raises(UnknownPilot, match="naive"):
        next(fly_cells(cells, SHORT))


def test_an_interrupted_flight_has_no_result(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("helmsight.agents.scripted.naive.Naive.decide", stop)
    with pytest.raises(KeyboardInterrupt):
        next(fly_cells([Cell("PE1-E1-I3", "naive", 0)], SHORT))


@pytest.mark.slow
def test_processes_side_by_side_fly_the_same_flights(flown):
    beside = fly_cells([result.cell for result in flown], SHORT, workers=2)
    scores = {result.cell: result.score for result in beside}
    assert scores == {result.cell: result.score for result in flown}


def test_finished_flights_are_on_disk_and_not_flown_again(flown, tmp_path):
    path, cells = tmp_path / "new" / "flights.json", [result.cell for result in flown]
    first = Results(path, SHORT, {"header": ["told"]})
    assert first.missing(cells) == cells
    first.add(flown[0])
    again = Results(path, SHORT)
    assert again.missing(cells) == cells[1:]
    assert again.of(cells) == flown[:1]


def test_flights_of_another_pilot_by_that_name_are_flown_again(flown, tmp_path):
    path, old = tmp_path / "flights.json", replace(flown[0], made_with="older weights")
    Results(path, SHORT).add(old)
    results = Results(path, SHORT)
    assert results.missing([old.cell]) == [old.cell] == list(results.stale)
    assert "older weights" in path.read_text(encoding="utf-8"), "kept until flown again"
    results.add(flown[0])
    assert "older weights" not in path.read_text(encoding="utf-8")


def test_a_file_of_other_conditions_is_refused(flown, tmp_path):
    path = tmp_path / "flights.json"
    Results(path, SHORT).add(flown[0])
    with pytest.raises(ResultsUnusable, match="time='paused' there and 'measured' here"):
        Results(path, Conditions(max_steps=2))


@pytest.mark.slow
def test_options_of_the_environments_are_conditions_and_are_kept(flown, tmp_path):
    path, later = tmp_path / "flights.json", replace(SHORT, options={"start_met": 6.5})
    (result,) = fly_cells([flown[0].cell], later)
    assert result.score != flown[0].score
    Results(path, later).add(result)
    assert Results(path, later).flown == {result.cell: result}
    with pytest.raises(ResultsUnusable, match=r"options=.*6\.5.* there and None here"):
        Results(path, SHORT)
    assert "options" not in SHORT.to_dict(), "files from before there were options can be read"


def test_a_file_without_flights_takes_any_conditions(tmp_path):
    path = tmp_path / "flights.json"
    Results(path, Conditions(time="a mistake"))
    assert Results(path, SHORT).flown == {}


@pytest.mark.parametrize(
    "text", ["", "[]", '{"conditions": {}}', '{"conditions": 1, "flights": [1]}']
)
def test_a_file_of_something_else_is_refused_and_left_as_it_is(text, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResultsUnusable, match=r"other\.json"):
        Results(path, SHORT)
    assert path.read_text(encoding="utf-8") == text


def test_a_file_that_cannot_be_written_is_told_before_anything_flies(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResultsUnusable, match="--json"):
        Results(tmp_path / "file" / "flights.json", SHORT)


def test_new_weights_in_a_folder_change_the_fingerprint(tmp_path: Path):
    (tmp_path / "model.safetensors").write_bytes(b"old")
    before = fingerprint(str(tmp_path))
    assert before == fingerprint(f"local:{tmp_path}")
    (tmp_path / "model.safetensors").write_bytes(b"new")
    assert fingerprint(str(tmp_path)) != before


def test_other_answers_in_a_file_change_the_fingerprint(tmp_path: Path):
    (tmp_path / "answers.txt").write_text("one\n", encoding="utf-8")
    before = fingerprint(f"scripted:{tmp_path / 'answers.txt'}")
    (tmp_path / "answers.txt").write_text("two\n", encoding="utf-8")
    assert fingerprint(f"scripted:{tmp_path / 'answers.txt'}") != before
