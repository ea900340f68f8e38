"""The benchmark of what running an episode costs, with few of them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import gymnasium
import pytest

from helmsight.envs.registry import load_environments, task_of
from helmsight.evals.runner.work import load_kept


@pytest.mark.slow
def test_every_figure_is_taken_of_all_episodes(load, capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    load_environments.cache_clear()
    try:
        out = tmp_path / "figures.json"
        assert (
            load("evaluation").main(["--episodes", "20", "--workers", "1", "--json", str(out)]) == 0
        )
    finally:
        gymnasium.registry.pop("thermostat/Evening-v0", None)
        sys.modules.pop("thermostat", None)
        load_environments.cache_clear()
        load_kept.cache_clear()
        task_of.cache_clear()
    figures = {entry["name"]: entry for entry in json.loads(out.read_text())["figures"]}
    assert figures["an episode itself"]["n"] == 20
    assert figures["a row to the disk"]["n"] == 20
    assert "overhead of cores, 1 processes, n = 12" in figures
    assert "overhead of processor, 1 processes, n = 12" in figures
    assert "Machine:" in capsys.readouterr().out
