"""Run folders of other versions: older ones open, newer ones are refused by the file's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helmsight.agents.models.load import load_pilot
from helmsight.contract.errors import SchemaTooNew
from helmsight.contract.record import SCHEMA
from helmsight.envs.orbital.task import pursuit_task
from helmsight.resuming import rebuild, resume
from helmsight.tools.compare import compare
from helmsight.tools.page import render
from helmsight.tools.player import load_run
from helmsight.tools.plots import draw

OLD = Path(__file__).parent / "data" / "schema_1"
"""As Helmsight 0.1.0 recorded runs, before its files named their schema; flown in today's world."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    for file in OLD.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.mark.slow
def test_an_old_run_opens_and_is_described_as_the_pursuit_that_it_was(old):
    run = load_run(old)
    assert (run.spec.schema, len(run.records), run.reason) == (1, 3, "steps")
    assert run.spec.task == pursuit_task("PE1-E1-I3", {}).description()
    page = render(run.spec, run.records, run.summary, draw(run.records, run.spec.task))
    assert "range, m" in page
    assert "Kerbal Space Program" in page
    assert "forward (inertial)" in page  # no rotations were kept: the axes are named


def test_an_old_run_is_compared_and_built_again(old):
    run = load_run(old)
    session = rebuild(run.spec)
    env: Any = session.env.unwrapped
    task = env.task
    comparison = compare(run, load_pilot("rendezvous"), task)
    assert comparison.equal == 1.0
    session.env.close()


@pytest.mark.slow
def test_an_old_run_is_gone_on_with(old):
    flight = resume(old, steps=5)
    assert [record.index for record in flight.records] == [0, 1, 2, 3, 4]
    assert [record.index for record in load_run(old).records] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["run.json", "steps.jsonl", "summary.json"])
def test_a_newer_schema_is_refused_with_the_file_named(old, name):
    path = old / name
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    if name == "steps.jsonl":
        text = json.dumps(json.loads(first) | {"schema": SCHEMA + 1}) + "\n" + rest
    else:
        text = json.dumps(json.loads(first + rest) | {"schema": SCHEMA + 1})
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SchemaTooNew, match=rf"{name}.* schema {SCHEMA + 1}.* up to {SCHEMA}"):
        load_run(old)
