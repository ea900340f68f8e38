"""A flight that is killed and gone on with is the flight that nobody killed."""

from __future__ import annotations

import json

import pytest


@pytest.mark.slow
@pytest.mark.uncounted
def test_nothing_differs_after_a_kill(load, tmp_path):
    resume, file = load("resume"), tmp_path / "resume.json"
    known = resume.pilots
    resume.pilots = lambda folder: {
        pilot: 25
        for pilot in known(folder)
        if pilot != "bundled"  # slow to start
    }
    assert resume.main(["--scale", "0.1", "--json", str(file)]) == 0
    figures = json.loads(file.read_text("utf-8"))["figures"]
    assert [entry["n"] for entry in figures] == [1, 1, 2]
    assert [entry["p99"] for entry in figures] == [0.0, 0.0, 0.0]
