"""What a robot's loop costs: the figures are taken, and a step is split into what is ours."""

from __future__ import annotations

import json

import pytest


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.uncounted
def test_figures_of_a_robots_loop_are_written(load, tmp_path, capsys):
    file = tmp_path / "loop.json"
    assert load("robot_loop").main(["--scale", "0.03", "--json", str(file)]) == 0
    figures = {entry["name"]: entry for entry in json.loads(file.read_text("utf-8"))["figures"]}
    ours = figures["command to motion to fresh picture, ours"]
    assert ours["n"] == 8
    assert 0.0 < ours["p50"] < figures["the same, with the line"]["p50"]
    assert "answer to acknowledged motion" in capsys.readouterr().out
    assert figures["step on the disk before it begins"]["n"] == 9
    assert figures["ours, nothing on the disk before it begins"]["n"] == 8
