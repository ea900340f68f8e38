"""How a model is held to answering commands: whatever its provider offers for that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from helmsight.contract.command import Command
from helmsight.contract.jsontext import parse_json
from helmsight.prompts.thinking import Think, with_reason

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LOCAL = "helmsight-local"
STEP = 0.001  # between numbers that a model on this machine writes: its digits have an end
LONGEST_TEXT, LONGEST_LIST = 200, 16


def constraint(
    model: BaseChatModel, command: type[Command], think: Think = "none", *, taught: bool = False
) -> dict[str, Any]:
    """Return the arguments that make `model` answer commands only; empty where none are known.

    A LocalVLM that was `taught` the command's finite set of texts takes that set, any other one the
    JSON schema. A provider's model is bound as its LangChain client does it for structured output
    (https://docs.langchain.com/oss/python/langchain/structured-output): a schema, or a tool. Text
    before the command, which `think` may ask for, has no schema.
    """
    if think == "free":
        return {}
    if model._llm_type == LOCAL and taught:
        return {"allowed": tuple(choice.text() for choice in command.choices())}
    schema = strict_schema(command)
    if think == "brief":
        schema = with_reason(schema)
    if model._llm_type == LOCAL:
        return {"schema": json.dumps(_ending(schema))}
    return _bound(model, schema)


def _bound(model: BaseChatModel, schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a client gives to its provider for structured output, {} where it has nothing."""
    from langchain_core.runnables import RunnableBinding

    strict = {"strict": True} if model._llm_type in ("openai-chat", "azure-openai-chat") else {}
    try:
        chain: Any = model.with_structured_output(
            {"title": "command", **schema}, method="json_schema", include_raw=True, **strict
        )
        held = chain.first.steps__["raw"]
    except (NotImplementedError, ValueError, TypeError, AttributeError, KeyError):
        return {}  # as LangChain's base class does for a client that has no structured output
    if not isinstance(held, RunnableBinding):
        return {}
    return {key: value for key, value in held.kwargs.items() if not key.startswith("ls_")}


def strict_schema(command: type[Command]) -> dict[str, Any]:
    """Return the command's JSON schema as strict structured outputs want it: all required."""
    properties = command.model_json_schema()["properties"]
    # in the order of the canonical text, which may leave out what has its default
    names = dict.fromkeys((*parse_json(command.null().text()), *properties))
    fields = {
        name: {k: v for k, v in properties[name].items() if k not in ("default", "title")}
        for name in names
    }
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _ending(schema: Any) -> Any:
    """Return a JSON schema all of whose texts, numbers and lists have an end."""
    if isinstance(schema, list):
        return [_ending(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    ending = {key: _ending(value) for key, value in schema.items()}
    match schema.get("type"):
        case "number":
            ending.setdefault("multipleOf", STEP)
        case "string" if "enum" not in schema:
            ending.setdefault("maxLength", LONGEST_TEXT)
        case "array":
            ending.setdefault("maxItems", LONGEST_LIST)
    return ending
