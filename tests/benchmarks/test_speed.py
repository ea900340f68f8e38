"""The benchmark of speeds, with few samples; how fast anything is, is no matter here."""

from __future__ import annotations

import json
import math

import pytest

from helmsight.agents.models.sources import SHIPPED


@pytest.fixture
def speed(load):
    return load("speed")


@pytest.fixture
def answers(tmp_path):
    path = tmp_path / "answers.txt"
    path.write_text('{"forward": 0.5, "right": 0, "down": 0}\nhm\n', encoding="utf-8")
    return f"scripted:{path}"


@pytest.mark.slow
@pytest.mark.uncounted
def test_the_states_are_those_of_a_flight_to_the_target(speed):
    shown = list(speed.states(60))
    assert shown[-1].met - shown[0].met == pytest.approx(59 * 0.5)
    assert shown[-1].range < shown[0].range - 100
    assert shown[-1].propellant < shown[0].propellant


@pytest.mark.slow
@pytest.mark.uncounted
def test_every_figure_of_the_twin_the_cockpit_and_the_loop_is_positive(speed):
    shown = list(speed.states(3))
    found = [
        speed.twin(2, worlds=2),
        speed.twin(2, worlds=2, code="numpy"),
        speed.cockpit(shown, randomised=False),
        speed.cockpit(shown, randomised=True),
        speed.loop(3),
    ]
    assert [one.n for one in found] == [2, 2, 3, 3, 2]
    assert all(math.isfinite(one.p95) and 0 < one.p5 <= one.p50 <= one.p95 for one in found)


@pytest.mark.slow
def test_decisions_of_a_model_pilot_are_timed_the_first_apart(speed, answers):
    usual, first = speed.decision(list(speed.states(3)), answers)
    assert (usual.n, first.n) == (2, 1)
    assert usual.asked == 10.0
    assert "without a command" not in usual.name


def test_a_model_that_is_not_there_is_skipped_with_the_reason(speed, tmp_path, monkeypatch):
    monkeypatch.setitem(SHIPPED, "bundled", tmp_path / "nothing")
    (figure,) = speed.decision([])
    assert figure.words()[-1] == "skipped"
    assert "helmsight train pilot" in figure.skipped


def test_a_pilot_that_is_no_model_is_refused(speed, capsys):
    with pytest.raises(Exception, match="--model"):
        speed.decision([], "naive")


@pytest.mark.slow
@pytest.mark.uncounted
def test_the_command_prints_and_writes_every_figure(speed, answers, capsys, tmp_path):
    path = tmp_path / "speed.json"
    assert speed.main(["--scale", "0.01", "--model", answers, "--json", str(path)]) == 0
    out = capsys.readouterr().out
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert len(kept["figures"]) == 12
    assert all(one["name"] in out for one in kept["figures"])
    assert "Machine:" in out
