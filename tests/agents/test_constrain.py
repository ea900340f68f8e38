"""What holds the models of real clients to commands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helmsight.agents.constrain import LOCAL, constraint, strict_schema
from helmsight.envs.orbital.command import BurnCommand
from helmsight.prompts.thinking import REASON


def openai() -> Any:
    return pytest.importorskip("langchain_openai").ChatOpenAI(
        model="m", api_key="none", base_url="http://localhost/v1"
    )


def anthropic() -> Any:
    return pytest.importorskip("langchain_anthropic").ChatAnthropic(
        model="claude-sonnet-4-5", api_key="none"
    )


def ollama() -> Any:
    return pytest.importorskip("langchain_ollama").ChatOllama(model="m")


CLIENTS = {
    openai: lambda form: form["response_format"]["json_schema"]["schema"],
    anthropic: lambda form: form["output_config"]["format"]["schema"],
    ollama: lambda form: form["format"],
}


@pytest.mark.slow
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_binds_the_schema_as_its_provider_wants_it(client):
    form = constraint(client(), BurnCommand, "brief")
    held = CLIENTS[client](form)
    assert held["required"] == [REASON, "forward", "right", "down", "duration"]
    assert not any(key.startswith("ls_") for key in form)
    assert held["additionalProperties"] is False
    if client is openai:
        assert form["response_format"]["json_schema"]["strict"] is True


@pytest.mark.slow
def test_text_before_the_command_has_no_schema():
    assert constraint(openai(), BurnCommand, "free") == {}


class Local:
    _llm_type = LOCAL


def test_a_local_model_is_held_to_the_schema_or_to_the_texts_it_was_taught():
    form = constraint(Local(), BurnCommand)  # type: ignore[arg-type]
    schema = json.loads(form["schema"])
    assert schema["required"] == strict_schema(BurnCommand)["required"]
    assert all("multipleOf" in entry for entry in schema["properties"].values())
    taught = constraint(Local(), BurnCommand, taught=True)  # type: ignore[arg-type]
    assert BurnCommand.null().text() in taught["allowed"]
