"""Flights from names, from Python."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import gymnasium
import pytest

import helmsight
from helmsight.agents.errors import AgentsError
from helmsight.contract.errors import Error, PluginWarning
from helmsight.envs.errors import UnknownScenario
from helmsight.envs.registry import find_environment, load_environments
from helmsight.errors import (
    InvalidSetting,
    explain,
)
from helmsight.session import run_folder
from helmsight.worlds import shown


@pytest.fixture(autouse=True)
def _fresh_registry() -> Iterator[None]:
    """Forget which plug-ins were loaded, before and after."""
    load_environments.cache_clear()
    yield
    load_environments.cache_clear()


@pytest.mark.parametrize("name", sorted(set(helmsight.__all__)))
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(helmsight, name).__name__ == name
    assert name in dir(helmsight)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="fleye"):
        helmsight.fleye  # noqa: B018


@pytest.mark.parametrize(
    "spelling", ["PE1-E3-I3", "pe1_e3_i3", "PE1_E3_I3_V1", "helmsight/PE1-E3-I3-v0"]
)
def test_a_scenario_is_found_in_all_its_spellings(spelling: str) -> None:
    assert find_environment(spelling) == "helmsight/PE1-E3-I3-v0"


def test_a_scenario_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(UnknownScenario, match="Did you mean PE1-E3-I"):
        helmsight.make_env("PE1-E3-I7")


def test_a_wrong_operator_setting_is_named(answers: str) -> None:
    with pytest.raises(InvalidSetting, match="max_age_s=-2"):
        helmsight.fly("PE1-E1-I3", answers, operator={"max_age_s": -2})


def test_a_filmed_flight_shows_the_frame_besides_what_the_pilot_needs() -> None:
    assert shown("twin", "telemetry", {}, watched=True) == "frame+telemetry"
    assert shown("twin", "frame", {}, watched=True) == "frame"
    assert shown("twin", "telemetry", {}, watched=False) == "telemetry"


def test_run_folders_are_new_and_hold_no_character_a_file_system_refuses(tmp_path: Path) -> None:
    first = run_folder("helmsight/PE1-E1-I1-v0", "openai:gpt-4o", 3, tmp_path)
    first.mkdir()
    second = run_folder("helmsight/PE1-E1-I1-v0", "openai:gpt-4o", 3, tmp_path)
    assert first != second
    assert not set(first.name) & set(':/\\*?"<>| ')


def test_a_broken_plug_in_warns_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("martian", "nowhere_at_all:register", "helmsight.environments")
    monkeypatch.setattr("helmsight.contract.plugins.entry_points", lambda group: [broken])
    with pytest.warns(PluginWarning, match="martian"):
        assert "helmsight/PE1-E1-I1-v0" in load_environments()


def test_a_plug_in_adds_its_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("moon", "moon:register", "helmsight.environments")
    monkeypatch.setattr(EntryPoint, "load", lambda self: register)
    monkeypatch.setattr("helmsight.contract.plugins.entry_points", lambda group: [point])
    assert "moon/Landing-v0" in load_environments()
    assert find_environment("moon/Landing-v0") == "moon/Landing-v0"
    gymnasium.registry.pop("moon/Landing-v0")


def register() -> None:
    gymnasium.register("moon/Landing-v0", entry_point="helmsight.envs.orbital.env:PursuitEnv")


def test_errors_of_every_room_become_one_line_and_a_status() -> None:
    assert issubclass(AgentsError, Error)
    assert explain(UnknownScenario("no\nsuch")) == ("no such", 2)
    assert explain(OSError(28, "No space left on device")) == (
        "[Errno 28] No space left on device",
        1,
    )
    assert explain(KeyboardInterrupt()) == ("interrupted", 130)
    unsent = UnknownScenario("no such")
    unsent.add_note("and\nmore")
    assert explain(unsent) == ("no such; and more", 2)
    assert explain(ZeroDivisionError()) is None


def test_the_version_is_that_of_the_distribution() -> None:
    assert importlib.metadata.version("helmsight") == "0.1.0"
