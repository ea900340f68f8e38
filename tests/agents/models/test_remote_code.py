"""Code in a model's folder: it runs where a person says so, and nowhere else."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.sources import BUNDLED
from helmsight.contract.record import RunSpec
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.plan import plan
from helmsight.evals.suite import Suite
from helmsight.resuming import rebuild

pytestmark = pytest.mark.slow  # transformers is loaded

CODE = """
from pathlib import Path
from transformers import PretrainedConfig

Path({marker!r}).touch()

class EvilConfig(PretrainedConfig):
    model_type = "evil"
"""


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A folder with a configuration of its own kind, and what its code leaves when it runs."""
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder, marker = shutil.copytree(BUNDLED, tmp_path / "evil"), tmp_path / "it ran"
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.EvilConfig"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "evil.py").write_text(CODE.format(marker=str(marker)), encoding="utf-8")
    return folder, marker


def test_it_does_not_run_and_nobody_is_asked_on_the_terminal(evil, monkeypatch):
    folder, marker = evil
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(ModelUnavailable, match=r"code of its own.*--trust-remote-code"):
        load_pilot(str(folder))
    assert not marker.exists()


def test_it_runs_where_a_person_trusts_it(evil):
    folder, marker = evil
    with pytest.raises(ModelUnavailable):  # it is a configuration without a model
        load_pilot(str(folder), trust_remote_code=True)
    assert marker.exists()


def test_a_record_cannot_ask_for_it(evil):
    folder, marker = evil
    asks = {"trust_remote_code": True}
    spec = RunSpec("helmsight/PE1-E1-I1-v0", str(folder), pilot_options=asks)
    with pytest.raises(ModelUnavailable, match="code of its own"):
        rebuild(spec)
    assert not marker.exists()


def test_a_suite_cannot_ask_for_it(evil, tmp_path):
    folder, marker = evil
    entry: Any = {"pilot": str(folder), "options": {"trust_remote_code": True}}
    suite = Suite(name="evil", pilots=[entry], scenarios=["PE1-E1-I1"], seeds=1)
    with pytest.raises(InvalidPlan, match=r"options\.trust_remote_code.*base_url"):
        plan(suite, tmp_path / "suite.yaml")
    assert not marker.exists()


def test_a_record_keeps_no_trust():
    pilot = load_pilot("bundled", trust_remote_code=True)
    assert "trust_remote_code" not in pilot.options  # type: ignore[attr-defined]
