"""Every behaviour of a provider in `providers.toml`, by real clients over a real connection."""

from __future__ import annotations

import re
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from helmsight.agents import caller
from helmsight.agents.errors import AgentsError, ModelSilent
from helmsight.agents.models.load import load_pilot
from helmsight.agents.operator import Operator
from helmsight.contract.errors import InvalidOption
from helmsight.testing import FakeProvider

DATA = Path(__file__).with_name("providers.toml")
BEHAVIOURS = tomllib.loads(DATA.read_text("utf-8"))["provider"]
KEYS = {"OPENAI_API_KEY": "sk-0", "ANTHROPIC_API_KEY": "a-0"}


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """A think timeout goes by the tests' own clock, or a busy machine is a slow model."""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A provider gets better soon here, and the keys that clients look for are there."""
    monkeypatch.setattr(caller, "WAITS", (0.01, 0.01, 0.01))
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)


@pytest.fixture(scope="module")
def provider_of():
    """One provider for each protocol: what a client needs to begin it needs once an address."""
    with ExitStack() as stack:
        kinds = ("openai", "anthropic", "ollama")
        yield {kind: stack.enter_context(FakeProvider(protocol=kind)) for kind in kinds}


def shown(case):
    """Return a behaviour as a parameter; one that is waited for takes its think timeout, and the
    clients of some take two seconds to load.
    """
    slow = "think_timeout_s" in case.get("options", {}) or case.get("protocol") == "anthropic"
    return pytest.param(case, id=case["name"], marks=[pytest.mark.slow] * slow)


@pytest.mark.corpus
@pytest.mark.parametrize("case", [*map(shown, BEHAVIOURS)])
def test_a_provider_that_behaves_so_is_flown_or_told_so(case, world, notebook, provider_of):
    protocol = case.get("protocol", "openai")
    provider = provider_of[protocol]
    provider.become(*case.get("rules", ()))
    options = {"base_url": case.get("address", provider.url), "few_shot": 0}
    pilot: Any = load_pilot(f"{protocol}:m", **{**options, **case.get("options", {})})
    told = None
    try:
        pilot.probe()
        Operator(world(), pilot, listeners=[notebook]).fly(max_steps=case.get("steps", 2))
    except AgentsError as error:
        told = error
    if "requests" in case:
        assert len(provider.requests) == case["requests"]
    assert (told is None) == ("ends" not in case), told
    if told is not None:
        assert re.search(case["ends"], str(told)), told
        assert "\n" not in str(told)
        assert told.exit_status == 1
        assert (len(notebook.records) if notebook.spec else -1) == case.get("after", -1)
        return
    forward = [record.applied["forward"] for record in notebook.records]
    if "flies" in case:
        assert forward == case["flies"]
    if "counts" in case:
        assert notebook.summary["repairs"] == case["counts"]
    assert re.search(case.get("raw", ""), notebook.records[0].raw)
    kept = notebook.records[0].calls[-1]
    assert case.get("calls", {}).items() <= kept.items()


def test_there_are_sixty_behaviours_at_least_and_no_two_of_a_name():
    assert len({case["name"] for case in BEHAVIOURS}) == len(BEHAVIOURS) >= 60


def test_json_of_a_depth_that_none_has_is_an_error_of_one_line(provider_of):
    provider = provider_of["openai"]
    provider.become({"body": '{"a": ' * 5000 + "1" + "}" * 5000})
    with pytest.raises(AgentsError, match="RecursionError") as told:
        probed(provider)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "address",
    ["", "  ", "localhost:8000/v1", "http://", "http://h:99999/v1", "http://[::1/v1", "ftp://h"],
)
def test_an_address_that_is_none_is_told_before_anything_is_asked(address):
    for provider in ("openai", "anthropic", "ollama"):
        with pytest.raises(InvalidOption, match="is no address of a server; as http://"):
            load_pilot(f"{provider}:m", base_url=address)


def probed(provider: FakeProvider) -> Any:
    pilot: Any = load_pilot("openai:m", base_url=provider.url, few_shot=0)
    pilot.probe()
    return pilot


@pytest.mark.slow
def test_a_server_that_answers_again_after_a_restart_goes_on_being_asked(world):
    good = '{"forward": 0.5}'
    with FakeProvider(good) as provider:
        pilot = probed(provider)
    flight = Operator(world(), pilot).fly(max_steps=2)
    assert flight.summary["repairs"] == {"errors": 2, "retry": 6}
    with pytest.raises(ModelSilent):
        Operator(world(), pilot).fly(max_steps=9)


@pytest.mark.slow
def test_a_request_in_ten_that_fails_costs_less_than_a_third_of_a_request_a_step(world):
    tenth = {"when": {"every": 10}, "status": 500, "error": "boom"}
    with FakeProvider(tenth, '{"forward": 0.5}') as provider:
        flight = Operator(world(), probed(provider)).fly(max_steps=40)
    assert len(flight.records) == 40
    assert len(provider.requests) - 1 <= 1.3 * 40
    assert {record.applied["forward"] for record in flight.records} == {0.5}
