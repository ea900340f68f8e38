"""Options of models: the same for every command that asks one, none of them ignored."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer

import helmsight
from helmsight.agents.errors import ModelRefused, UnknownOption, Untaught
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.names import check_meant, fitting
from helmsight.cli import application
from helmsight.cli.asked import OPTIONS, model_options
from helmsight.contract.errors import Error, InvalidOption
from helmsight.contract.secrets import redacted
from helmsight.errors import InvalidSetting
from helmsight.testing import FakeProvider
from helmsight.tools.player import load_run

GOOD = '{"forward": 0.5, "right": 0, "down": 0, "duration": 0.5}'
WITHOUT = {"cockpit"}  # the weights that fly there are shipped


def commands(command: Any, words: tuple[str, ...] = ()) -> Any:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, {parameter.name for parameter in command.params}
    for name, below in (inner or {}).items():
        yield from commands(below, (*words, name))


def test_every_command_that_takes_a_pilot_takes_the_options_of_a_model() -> None:
    found = dict(commands(typer.main.get_command(application())))
    taking = {words for words, names in found.items() if "pilot" in names}
    assert {("fly",), ("replay",), ("latency",), ("evaluate",), ("ground",)} <= taking
    for words in taking:
        if words[0] not in WITHOUT:
            assert set(OPTIONS) <= found[words], words


def test_options_are_names_with_values_as_json_or_text(monkeypatch) -> None:
    monkeypatch.setenv("MINE", "sk-1")
    given = ["temperature=0.2", "views=frame", "system_role=false", 'extra_body={"a": 1}']
    assert model_options(model_option=given, base_url="http://x/v1", api_key_env="MINE") == {
        "base_url": "http://x/v1",
        "api_key_env": "MINE",
        "temperature": 0.2,
        "views": "frame",
        "system_role": False,
        "extra_body": {"a": 1},
    }
    with pytest.raises(InvalidSetting, match=r"--model-option 'temperature'.*NAME=VALUE"):
        model_options(model_option=["temperature"])


def test_a_key_is_given_by_the_name_of_its_variable_only() -> None:
    with pytest.raises(InvalidSetting, match="--api-key-env NAME"):
        model_options(model_option=["api_key=sk-1"])
    with pytest.raises(InvalidSetting, match="sk-1: no such variable is set"):
        model_options(api_key_env="sk-1")
    with pytest.raises(InvalidOption, match="NOT_SET"):
        load_pilot("openai:m", api_key_env="NOT_SET")


@pytest.mark.parametrize(
    ("pilot", "option"),
    [
        ("naive", "temperature"),
        ("naive", "base_url"),
        ("poses:a,b", "device"),
        ("coverage", "look"),
        ("bundled", "base_url"),
        ("bundled", "temperatur"),
        ("openai:m", "device"),
        ("openai:m", "tempratur"),
    ],
)
def test_an_option_that_a_pilot_does_not_have_is_an_error(pilot: str, option: str) -> None:
    given: dict[str, Any] = {option: "cpu"}
    with pytest.raises(UnknownOption, match=option):
        load_pilot(pilot, **given)


def test_a_scripted_model_has_the_options_of_asking_and_no_others(tmp_path) -> None:
    (tmp_path / "a.txt").write_text(GOOD + "\n")
    pilot: Any = load_pilot(f"scripted:{tmp_path / 'a.txt'}", views="frame", few_shot=1)
    assert pilot.style.views.names == ("frame",)
    assert pilot.options["views"] == "frame"
    for option in ("temperature", "base_url", "device"):
        given: dict[str, Any] = {option: "x"}
        with pytest.raises(UnknownOption, match=option):
            load_pilot(pilot.spec, **given)
    with pytest.raises(InvalidOption, match="few_shot=-1"):
        load_pilot(pilot.spec, few_shot=-1)


@pytest.mark.parametrize("wrong", ["tiem", "max_steps", "few_shots"])
@pytest.mark.parametrize("pilot", ["naive", "bundled"])
def test_a_misspelt_keyword_of_a_flight_is_an_error(pilot: str, wrong: str) -> None:
    near = {"tiem": '"time"', "max_steps": '"steps"', "few_shots": "few_shot|none"}[wrong]
    given: dict[str, Any] = {wrong: 5 if wrong == "max_steps" else "paused"}
    with pytest.raises(InvalidSetting, match=f"no option {wrong}.*{near}"):
        helmsight.fly("PE1-E1-I2", pilot, steps=1, **given)


@pytest.mark.parametrize("pilot", ["naive", "bundled", "openai:m"])
@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("think_timeout", '"think_timeout_s"'),
        ("max_age", 'operator={"max_age_s"'),
        ("max_tokens_total", 'operator={"max_tokens_total"'),
    ],
)
def test_what_the_command_line_calls_otherwise_is_told_by_its_name_here(
    pilot: str, wrong: str, near: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    given: dict[str, Any] = {wrong: 3}
    with pytest.raises(InvalidSetting, match=f"no option {wrong}: did you mean {near}"):
        helmsight.fly("PE1-E1-I2", pilot, steps=1, **given)


@pytest.mark.parametrize(
    ("pilot", "option", "said"),
    [
        ("openai:m", "temperature", "temperature='hot': Input should be a valid number"),
        ("openai:m", "max_retries", "max_retries='hot': Input should be a valid integer"),
        ("bundled", "max_new_tokens", "max_new_tokens='hot': give a whole number from 1"),
        ("bundled", "max_tokens", "max_tokens='hot': give a whole number from 1"),
    ],
)
def test_a_value_that_a_model_does_not_take_is_a_wrong_usage(
    pilot: str, option: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    given: dict[str, Any] = {option: "hot"}
    with pytest.raises(InvalidOption, match=said) as refused:
        load_pilot(pilot, **given)
    assert refused.value.exit_status == 2


def test_a_pilot_that_is_made_already_has_no_options() -> None:
    with pytest.raises(InvalidSetting, match="no option temperature"):
        helmsight.fly("PE1-E1-I2", load_pilot("naive"), steps=1, temperature=1)


def test_of_several_pilots_each_gets_the_options_that_can_be_for_it() -> None:
    given = {"base_url": "http://x/v1", "device": "cpu", "few_shot": 0}
    assert fitting("openai:m", given) == {"base_url": "http://x/v1", "few_shot": 0}
    assert fitting("bundled", given) == {"device": "cpu", "few_shot": 0}
    assert fitting("naive", given) == {}
    assert fitting("inspector", given) == fitting("bundled", given)
    assert fitting("inspector:openai:m", given) == fitting("openai:m", given)
    check_meant(["openai:m", "bundled", "naive"], given)
    with pytest.raises(UnknownOption, match="base_url"):
        check_meant(["bundled", "naive"], given)


@pytest.mark.slow
def test_a_server_of_ones_own_needs_no_key(monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with FakeProvider(GOOD) as provider:
        pilot: Any = load_pilot("openai:m", base_url=provider.url, temperature=0.25, max_tokens=99)
        pilot.probe()
    (request,) = provider.requests
    assert request.body["temperature"] == 0.25
    assert 99 in (request.body.get("max_tokens"), request.body.get("max_completion_tokens"))


@pytest.mark.slow
def test_the_key_of_a_variable_is_sent_and_not_kept(monkeypatch) -> None:
    monkeypatch.setenv("MINE", "sk-very-secret")
    with FakeProvider({"when": {"key": "sk-very-secret"}, "status": 401}, GOOD) as provider:
        pilot: Any = load_pilot("openai:m", base_url=provider.url, api_key_env="MINE")
        pilot.probe()
    assert pilot.options["api_key_env"] == "MINE"
    assert "sk-very-secret" not in json.dumps(pilot.options)


@pytest.mark.slow
def test_secrets_in_an_address_reach_neither_the_run_nor_an_error(tmp_path) -> None:
    last = {"status": 402, "error": "no credit for http://u:xyzzy@h/?api_key=xyzzy"}
    with FakeProvider({"when": {"first": 2}, "text": GOOD}, last) as provider:
        address = provider.url.replace("//", "//user:xyzzy@") + "?api_key=xyzzy"
        with pytest.raises(ModelRefused) as told:
            helmsight.fly(
                "PE1-E1-I2", "openai:m", out=tmp_path / "run", time="paused", video=False,
                base_url=address,
            )  # fmt: skip
    assert "xyzzy" not in str(told.value)
    assert len(load_run(tmp_path / "run").records) == 1
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or b"xyzzy" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:word@host/v1", "http://***@host/v1"),
        ("http://host/v1?api-key=abc&x=1", "http://host/v1?api-key=***&x=1"),
        ("Incorrect API key provided: sk-proj-abc123.", "Incorrect API key provided: ***."),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer ***"),
        ("nothing to hide: http://host:8000/v1?model=m", None),
    ],
)
def test_what_reads_as_a_secret_is_taken_out_of_a_text(text: str, shown: str | None) -> None:
    assert redacted(text) == (shown or text)


def test_options_that_are_wrong_are_errors_of_the_caller() -> None:
    error: Error
    for error in (UnknownOption("x"), InvalidSetting("x")):
        assert error.exit_status == 2


@pytest.mark.parametrize("pilot", ["bundled", "inspector", "inspector:bundled"])
def test_a_model_of_this_machine_runs_on_an_engine_and_is_served_nowhere(pilot: str) -> None:
    load_pilot(pilot, engine="torch", device="cpu")
    with pytest.raises(UnknownOption, match="no option base_url: there are device, dtype, engine"):
        load_pilot(pilot, base_url="http://x/v1")


def test_a_model_that_was_trained_on_frames_is_not_asked_without_one() -> None:
    with pytest.raises(Untaught, match="trained on the frame alone"):
        load_pilot("bundled", observation="telemetry")
    assert load_pilot("bundled", observation="frame+telemetry").needs == "frame+telemetry"
