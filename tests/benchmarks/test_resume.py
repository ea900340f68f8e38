"""Commands that are hit by signals and gone on with leave what an undisturbed run leaves."""

from __future__ import annotations

import json
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")


@pytest.mark.slow
@pytest.mark.uncounted
def test_nothing_is_lost_by_a_signal(load, tmp_path):
    resume, file = load("resume"), tmp_path / "resume.json"
    arguments = ["--only", "spatial", "--kills", "1", "--terms", "1", "--json", str(file)]
    assert resume.main(arguments) == 0
    [told] = json.loads(file.read_text("utf-8"))["commands"]
    assert (told["kills"], told["terms"]) == (1, 1)
    assert sum(told["moments"].values()) == 2
    assert told["held"], told["found"]


@pytest.mark.slow
@pytest.mark.uncounted
def test_a_flight_that_is_hit_is_the_flight_that_nobody_hit(load, tmp_path):
    resume = load("resume")
    resume.commands = lambda root: [resume.Fly(root, "rendezvous", 12)]
    *_, [hits] = resume.measure(1, 1, ["fly"], seed=1)
    assert hits.held, hits.found
    assert (hits.kills, hits.terms) == (1, 1)


def test_every_command_has_its_share(load, tmp_path):
    resume = load("resume")
    assert {command.name for command in resume.commands(tmp_path)} == set(resume.SHARES)
    assert sum(resume.SHARES.values()) == pytest.approx(1.0)
