from __future__ import annotations

from importlib import metadata
from typing import Any

import pytest

from helmsight.agents.errors import ModelUnavailable, UnknownPilot
from helmsight.agents.models import load, names, sources
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.names import pilots
from helmsight.agents.operator import Operator
from helmsight.contract.errors import InvalidOption, PluginBroken
from helmsight.contract.pilot import Decision


class Plugged:
    name, needs = "plugged", "frame"

    def reset(self, task, seed):
        pass

    def decide(self, sighting):
        return Decision(None)


def test_a_wrong_name_is_answered_with_the_nearest_and_the_list_command():
    with pytest.raises(UnknownPilot, match=r'"rendezvouz".*Did you mean "rendezvous".*list pilots'):
        load_pilot("rendezvouz")
    with pytest.raises(UnknownPilot, match="helmsight list pilots"):
        load_pilot("zzz")


@pytest.mark.parametrize("path", ["./no/such/model", "/no/such/model", "~/no-such-model"])
def test_a_missing_folder_is_an_immediate_error(path, monkeypatch):
    monkeypatch.setattr(sources, "_from_hub", lambda hub_id: pytest.fail("the hub was asked"))
    for spec in (path, f"local:{path}"):
        with pytest.raises(ModelUnavailable, match="no model folder"):
            load_pilot(spec)


def test_a_folder_that_holds_no_model_is_refused(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"config\.json"):
        load_pilot(str(tmp_path))


@pytest.mark.slow
def test_a_hub_id_that_is_not_cached_is_not_fetched_offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE"):
        load_pilot("local:nobody/has-this-model")


def test_the_bundled_model_names_the_command_that_makes_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sources.SHIPPED, "bundled", tmp_path)
    with pytest.raises(ModelUnavailable, match="helmsight train pilot"):
        load_pilot("bundled")


def test_a_scripted_file_flies(world, tmp_path):
    file = tmp_path / "answers.txt"
    file.write_text('forward: 1\n{"down": 1}\n', encoding="utf-8")
    flight = Operator(world(), load_pilot(f"scripted:{file}")).fly(max_steps=3)
    assert [r.applied["forward"] for r in flight.records] == [1, 0, 1]


@pytest.mark.parametrize("content", [None, ""])
def test_a_scripted_file_that_is_missing_or_empty_is_refused(tmp_path, content):
    file = tmp_path / "answers.txt"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ModelUnavailable, match=r"answers\.txt"):
        load_pilot(f"scripted:{file}")


def test_a_provider_whose_package_is_missing_names_the_pip_command():
    with pytest.raises(ModelUnavailable, match="pip install langchain-mistralai"):
        load_pilot("mistralai:pixtral")


def test_an_unknown_provider_is_an_unknown_pilot():
    with pytest.raises(UnknownPilot):
        load_pilot("nobody:model")


def test_a_wrong_observation_mode_is_refused(tmp_path):
    file = tmp_path / "answers.txt"
    file.write_text("x", encoding="utf-8")
    with pytest.raises(InvalidOption, match="telemetry"):
        load_pilot(f"scripted:{file}", observation="pixels")


def test_the_options_rebuild_the_pilot_and_hold_no_secret(tmp_path):
    file = tmp_path / "answers.txt"
    file.write_text("x", encoding="utf-8")
    spec = f"scripted:{file}"
    pilot: Any = load_pilot(spec, observation="telemetry", few_shot=1, think_timeout_s=5)
    again: Any = load_pilot(spec, **pilot.options)
    assert again.style == pilot.style
    assert again.options == pilot.options
    seated = load._model_pilot(pilot.model, spec, pilot.style, 5.0, {"api_key": "s", "top_k": 3})
    assert "api_key" not in seated.options
    assert seated.options["top_k"] == 3


def point(value):
    return {"mine": metadata.EntryPoint("mine", value, names.GROUP)}


def test_a_plug_in_pilot_is_found_by_its_name(world, monkeypatch):
    monkeypatch.setattr(names, "declared", lambda group: point("builtins:dict"))
    monkeypatch.setattr(metadata.EntryPoint, "load", lambda self: Plugged)
    assert Operator(world(), load_pilot("mine")).fly(max_steps=1).summary["pilot"] == "plugged"
    assert "mine" in pilots()


@pytest.mark.parametrize("value", ["builtins:dict", "no_such_module:Pilot"])
def test_a_broken_plug_in_is_named(monkeypatch, value):
    monkeypatch.setattr(names, "declared", lambda group: point(value))
    with pytest.raises(PluginBroken, match=r"plug-in.*mine"):
        load_pilot("mine")


@pytest.mark.parametrize(
    ("given", "meant"), [("opneai:gpt-4o", "openai:gpt-4o"), ("olama:m", "ollama:m")]
)
def test_a_provider_that_is_misspelt_is_told_by_the_nearest(given, meant):
    with pytest.raises(UnknownPilot, match=f'no pilot is called "{given}". Did you mean "{meant}"'):
        load_pilot(given)
