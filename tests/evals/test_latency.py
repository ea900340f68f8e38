"""Sweeps over think times: what is flown, kept, told and drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helmsight.agents.errors import UnknownPilot
from helmsight.envs.errors import UnknownScenario
from helmsight.evals.errors import InvalidPlan, ResultsUnusable
from helmsight.evals.flights import Cell, Conditions, FlightResult
from helmsight.evals.latency import Point, Sweep, delays, latency_table, plot
from helmsight.evals.tables import Row

SHORT = Conditions(max_steps=2)


def sweep(folder: Path, at=(0.0, 1.0), seeds=range(1), pilots=("naive",), **more) -> Sweep:
    return Sweep("pe1_e1_i3", pilots, at, seeds, folder, conditions=SHORT, **more)


def result(score: float, captured: bool = True, pilot: str = "naive", seed: int = 0):
    return FlightResult(
        cell=Cell("PE1-E1-I2", pilot, seed), score=score, success=captured,
        terms={"closest_approach_m": 5.0, "closest_speed_mps": 2.0, "fuel_kg": 100.0},
        steps=2, sim_s=1.0, wall_s=0.1, late=0, clamped=0, repairs={}, reason="timeout",
        think_ms=(40.0, 60.0), made_with="",
    )  # fmt: skip


def point(delay_s: float, *scores: float, captured: bool = True, pilot: str = "naive") -> Point:
    flights = [result(one, captured, pilot, seed) for seed, one in enumerate(scores)]
    return Point(delay_s, Row.of(flights))


def test_delays_are_sorted_and_none_comes_twice():
    assert delays("3, 0.5,0,0.50") == [0.0, 0.5, 3.0]


@pytest.mark.parametrize("text", ["", "0,,1", "-1", "0,soon", "nan", "inf", "1;2", "fixed:1"])
def test_what_is_no_delay_is_named(text):
    with pytest.raises(InvalidPlan, match="is no delay; give seconds from 0 on"):
        delays(text)


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> tuple[Sweep, list[tuple[float, FlightResult]]]:
    done = sweep(tmp_path_factory.mktemp("sweep"), at=(0.0, 2.0), seeds=range(2))
    return done, list(done.fly())


@pytest.fixture(scope="module")
def flown(swept) -> Sweep:
    return swept[0]


@pytest.mark.slow
def test_the_world_runs_for_the_delay_before_each_command(flown):
    (still, late) = flown.points()
    assert (still.delay_s, late.delay_s) == (0.0, 2.0)
    by_delay = {delay: results.of(flown.cells) for delay, results in flown.results.items()}
    for prompt, slow in zip(by_delay[0.0], by_delay[2.0], strict=True):
        assert prompt.cell == slow.cell
        assert slow.sim_s - prompt.sim_s == pytest.approx(2 * 2.0, abs=0.05)


def test_every_delay_has_a_flight_before_any_has_two(swept):
    assert [(delay, one.cell.seed) for delay, one in swept[1]] == [
        (0.0, 0), (2.0, 0), (0.0, 1), (2.0, 1),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_second_sweep_flies_only_what_is_missing(flown):
    again = sweep(flown.folder, at=(0.0, 2.0, 3.0), seeds=range(2))
    assert [conditions.time for _, conditions in again.missing()] == ["fixed:3", "fixed:3"]
    assert again.points() == flown.points()


def test_what_was_flown_before_ctrl_c_is_kept(tmp_path, monkeypatch):
    cut = sweep(tmp_path, seeds=range(2))
    flights = cut.fly()
    next(flights)
    monkeypatch.setattr(
        "helmsight.agents.scripted.naive.Naive.decide",
        lambda *_: (_ for _ in ()).throw(KeyboardInterrupt),
    )
    with pytest.raises(KeyboardInterrupt):
        next(flights)
    assert len(cut.points()) == 1
    assert len(sweep(tmp_path, seeds=range(2)).missing()) == 3


@pytest.mark.slow
def test_flights_side_by_side_are_the_same_flights(flown, tmp_path):
    beside = sweep(tmp_path, at=(0.0, 2.0), seeds=range(2), workers=2)
    assert len(list(beside.fly())) == 4
    assert [p.row.scores for p in beside.points()] == [p.row.scores for p in flown.points()]


def test_a_wrong_name_is_told_before_anything_is_written(tmp_path):
    folder = tmp_path / "new"
    with pytest.raises(UnknownPilot, match="naive"):
        sweep(folder, pilots=["naive", "naivete"])
    with pytest.raises(UnknownScenario):
        Sweep("PE9", ["naive"], [0.0], range(1), folder)
    with pytest.raises(InvalidPlan, match="workers=0"):
        sweep(folder, workers=0)
    assert not folder.exists()


def test_a_folder_of_other_conditions_is_refused_by_the_option_that_mends_it(flown):
    with pytest.raises(ResultsUnusable, match=r"max_steps=2 there.*--out"):
        Sweep("PE1-E1-I3", ["naive"], [0.0], range(1), flown.folder)


def test_the_table_has_a_row_for_each_pilot_and_delay():
    text = latency_table([point(0.0, 30.0, 10.0, 20.0), point(0.5, 400.0, captured=False)])
    first, second = (line.split() for line in text.splitlines()[2:4])
    assert first[:4] == ["naive", "0", "3", "3/3"]
    assert second[:4] == ["naive", "0.5", "1", "0/1"]
    assert "20.0 (n = 3)" in text
    assert "95 % interval" in text
    assert latency_table([point(0.0, 1.0)], markdown=True).startswith(
        "| pilot | delay s | n | captured | median score | closest approach, m |"
    )


def test_a_point_is_told_with_its_interval_and_captures():
    told = point(0.5, 30.0, 10.0, 20.0, 25.0, 15.0, 22.0, 18.0, 21.0, 19.0, 20.0).to_dict()
    assert (told["delay_s"], told["n"], told["successes"]) == (0.5, 10, 10)
    assert told["score"] == 20.0
    assert 15.0 < told["score_low"] < 19.0
    assert 21.0 < told["score_high"] < 25.0
    few = point(0.5, 30.0, 10.0, 20.0).to_dict()
    assert (few["score_low"], few["score"], few["score_high"]) == (None, 20.0, None)
    assert told["think_ms_p50"] == 50.0


def test_a_sweep_under_kspdgs_runner_is_of_its_thinking_and_says_so(tmp_path):
    swept = sweep(tmp_path, at=(0.7,), kind="runner")
    list(swept.fly())
    (point_there,) = swept.points()
    assert point_there.to_dict()["time"] == "runner:0.7"
    assert "runner:S, S = 0.7 s" in "\n".join(swept.header)
    assert "time rule runner:S" in latency_table([point_there])
    assert (tmp_path / "runner-0.7.json").is_file()
    assert len(sweep(tmp_path, at=(0.7,)).missing()) == 1  # fixed:0.7 is another flight
    with pytest.raises(InvalidPlan, match=r"time='measured' has no delays.*fixed or runner"):
        sweep(tmp_path, kind="measured")


@pytest.mark.slow
def test_the_picture_shows_every_pilot_in_its_colour(tmp_path):
    points = [point(d, 30.0 + d, 10.0, pilot=p) for p in ("naive", "navball") for d in (0.0, 2.0)]
    one, both = tmp_path / "one.png", tmp_path / "both.png"
    plot(points[:2], one)
    plot(points, both)
    with Image.open(both) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert tuple(pixels[0, 0]) == (255, 255, 255)
    orange = (pixels == (0xD9, 0x82, 0x2B)).all(axis=2).sum()
    assert orange > 300
    with Image.open(one) as picture:
        alone = np.asarray(picture.convert("RGB"))
    assert (alone == (0xD9, 0x82, 0x2B)).all(axis=2).sum() == 0
    assert both.stat().st_size < 100_000


@pytest.mark.slow
def test_a_picture_that_cannot_be_written_says_what_mends_it(tmp_path):
    with pytest.raises(ResultsUnusable, match="--out"):
        plot([point(0.0, 1.0)], tmp_path / "nowhere" / "latency.png")
