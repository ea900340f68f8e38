"""What the loop costs: the figures are taken, and nothing of a recording is lost."""

from __future__ import annotations

import json

import pytest


@pytest.mark.slow
@pytest.mark.uncounted
def test_figures_of_both_drives_are_written(load, tmp_path, capsys):
    file = tmp_path / "loop.json"
    status = load("loop").main(["--scale", "0.02", "--json", str(file)])
    assert status == 0
    figures = {entry["name"]: entry for entry in json.loads(file.read_text("utf-8"))["figures"]}
    assert figures["loop, telemetry"]["n"] == figures["loop, telemetry, by the graph"]["n"] == 12
    lost = [entry for name, entry in figures.items() if name.startswith("frames lost")]
    assert [entry["p50"] for entry in lost] == [0.0, 0.0]
    assert "plain to graph, telemetry" in capsys.readouterr().out
