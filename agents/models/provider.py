"""Chat models of providers by LangChain, made with the options that they have and no others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from helmsight.agents.errors import ModelUnavailable, UnknownOption
from helmsight.contract.errors import InvalidOption
from helmsight.contract.plugins import nearest
from helmsight.contract.secrets import redacted
from helmsight.contract.validation import wrong

OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_completion_tokens", "num_predict", "max_output_tokens")
}
"""What an option is called elsewhere."""
NO_KEY = "none-needed"
"""Sent to servers of one's own, which want no key; OpenAI's client wants one."""


def unknown_option(spec: str, name: str, known: Iterable[str]) -> UnknownOption:
    """Return the error for an option that the pilot `spec` does not have."""
    listed = sorted(known)
    hint = nearest(name, listed) if listed else "it takes none"
    error = UnknownOption(f'the pilot "{spec}" has no option {name}: {hint}')
    error.name, error.known = name, listed
    return error


class NoSuchProvider(ValueError):
    """LangChain knows no provider of this name."""


def provider_model(
    spec: str, provider: str, model: str, given: Mapping[str, Any], timeout_s: float
) -> Any:
    """Return the chat model `model` of a provider; it gives up after `timeout_s` and never retries.

    Raises:
        NoSuchProvider: there is none of this name.
        ModelUnavailable: a package or a key is missing.
        InvalidOption: a value that the model does not take, or an address that is none.
        UnknownOption: an option that it does not have; names the nearest.
    """
    make = _maker(provider, model)
    options = dict(given)
    if "base_url" in options:
        options["base_url"] = _address(options["base_url"])
    if provider == "openai" and options.get("base_url") and "api_key" not in options:
        options["api_key"] = _key_or_none()
    try:
        fields = _fields(_kind(provider, make, options))
        named = {_named(name, fields, spec): value for name, value in options.items()}
        return make(**named, **_bounds(fields, timeout_s, named))
    except ImportError as error:
        package = _package(str(error), provider)
        raise ModelUnavailable(
            f'"{spec}" needs the package {package}; install it with: pip install {package}'
        ) from error
    except UnknownOption:
        raise
    except ValidationError as error:
        given_wrong = [e for e in error.errors() if e["loc"] and e["loc"][0] in named]
        if not given_wrong:  # of what the environment holds, say: a missing key
            raise _unusable(spec, error) from error
        said = redacted(wrong(error))
        raise InvalidOption(f'"{spec}" does not take these options: {said}') from error
    except ValueError as error:
        if "nsupported" in str(error):
            raise NoSuchProvider(provider) from error
        raise _unusable(spec, error) from error
    except Exception as error:  # a missing key, a broken integration: one line is owed
        raise _unusable(spec, error) from error


def _address(given: str) -> str:
    """Return an address of a server. An empty one would be the provider's own."""
    address = given.strip()
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or a host that is none
        whole = False
    if not whole:
        raise InvalidOption(
            f'--base-url "{redacted(given)}" is no address of a server; as http://localhost:8000/v1'
        )
    return address


def _maker(provider: str, model: str) -> Any:
    """Return what makes the model of its options."""
    if provider == "openai":
        from helmsight.agents.models.openai_chat import openai_chat

        return lambda **options: openai_chat()(model=model, **options)
    from langchain.chat_models import init_chat_model

    return partial(init_chat_model, model, model_provider=provider)


def _kind(provider: str, make: Any, options: Mapping[str, Any]) -> type:
    """Return the class of the model."""
    if provider == "openai":
        from helmsight.agents.models.openai_chat import openai_chat

        kind: type = openai_chat()
        return kind
    # LangChain tells it of a model only
    made: Any = make(**{k: v for k, v in options.items() if k in ("base_url", "api_key")})
    return type(made)


def _key_or_none() -> str:
    return os.environ.get("OPENAI_API_KEY") or NO_KEY


def _fields(kind: type) -> set[str]:
    """Return every name that an option of a chat model may be given by."""
    fields: Mapping[str, Any] = getattr(kind, "model_fields", {})
    return {*fields, *(str(field.alias) for field in fields.values() if field.alias)}


def _named(name: str, fields: set[str], spec: str) -> str:
    """Return what a chat model calls an option."""
    found = [known for known in (name, *OTHER_NAMES.get(name, ())) if known in fields]
    if name == "api_key":
        found += sorted(known for known in fields if known.endswith("_api_key"))
    if found:
        return found[0]
    raise unknown_option(spec, name, sorted(fields))


def _bounds(fields: set[str], timeout_s: float, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options by which a client gives up in time and leaves asking again to the caller.

    Clients count a time-out for each read; the caller's own is for the whole answer.
    """
    bounds: dict[str, Any] = {}
    if timeout := next((n for n in ("timeout", "request_timeout") if n in fields), None):
        bounds[timeout] = timeout_s
    elif "client_kwargs" in fields:
        bounds["client_kwargs"] = {"timeout": timeout_s, **given.get("client_kwargs", {})}
    if "max_retries" in fields:
        bounds["max_retries"] = 0
    return {name: value for name, value in bounds.items() if name not in given}


def _unusable(spec: str, error: Exception) -> ModelUnavailable:
    said = " ".join(str(error).split())
    key = " (or: --api-key-env NAME)" if "api_key" in said.lower() else ""
    return ModelUnavailable(redacted(f'"{spec}" cannot be used: {said}{key}'))


def _package(text: str, provider: str) -> str:
    named = re.search(r"pip install (?:-U )?([\w\-]+)", text) or re.search(
        r"(langchain[_\-][\w\-]+)", text
    )
    return named[1].replace("_", "-") if named else f"langchain-{provider}"
