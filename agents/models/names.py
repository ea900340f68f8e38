"""The names of pilots: which there are, and what kind of pilot a name stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from typing import Any

from helmsight.agents.errors import UnknownPilot
from helmsight.agents.models.provider import unknown_option
from helmsight.agents.models.sources import is_path, shipped
from helmsight.agents.scripted import EXPERTS
from helmsight.contract.plugins import declared

GROUP = "helmsight.pilots"
PLAIN = "plain"  # a pilot without a model, or one of others: takes no options
FORMS = {
    "bundled": "the vision-language model trained in this repository to fly; asks the next three",
    "bundled-e3": "the same model, trained on to catch E3",
    "bundled-e4": "the same model, trained on to catch E4",
    "bundled-wide": "the same model, trained on for lady-bandit-guard and sun blocking",
    "bundled-relations": "the one trained here to tell where things are; for grounding",
    **EXPERTS,
    "inspector": "plans the inspection of a satellite around the model trained here to see defects",
    "inspector:NAME": "the same planner around any model below, by its name or folder",
    "coverage": "inspects from fixed views by the difference to a drawing; needs no model",
    "poses:NAME,NAME,...": "goes through named poses of a robot, and needs no model",
    "scripted:FILE": "a chat model that answers the lines of a file",
    "local:FOLDER_OR_HUB_ID": "a local vision-language model through transformers",
    "PROVIDER:MODEL": "any LangChain chat model, as openai:gpt-4o or ollama:qwen3-vl",
}
PROVIDERS = (
    "openai", "anthropic", "ollama", "google_genai", "mistralai", "groq", "openrouter", "deepseek",
    "azure_openai", "bedrock", "together", "fireworks", "xai", "local", "inspector", "scripted",
)  # fmt: skip
"""Names before a colon, for a hint to one that is misspelt."""
TRUST = "trust_remote_code"
"""Whether code in a model's folder may run: a person's word, which no record keeps."""
OF_PROVIDER = ("base_url", "api_key_env", "prices")
OF_LOCAL = ("device", "dtype", "engine", TRUST)
"""Where a model is served and what it runs on: each for one of the two kinds."""


def pilots() -> dict[str, str]:
    """Return what `load_pilot` understands, with a line about each; plug-ins included."""
    return FORMS | {name: f"plug-in of {point.value}" for name, point in plugins().items()}


def plugins() -> dict[str, EntryPoint]:
    """Return the pilots of other packages, by name."""
    return declared(GROUP)


def unknown(spec: str) -> UnknownPilot:
    """Return the error for a name that nothing answers to."""
    kind, colon, rest = spec.partition(":")
    near = get_close_matches(spec, [n for n in pilots() if ":" not in n], n=1)
    if colon and rest:
        near = [
            f"{n}:{rest}" for n in get_close_matches(kind, PROVIDERS, n=1, cutoff=0.75) if n != kind
        ]
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return UnknownPilot(f'no pilot is called "{spec}".{hint} See: helmsight list pilots')


def kind_of(spec: str) -> str:
    """Return what a name stands for: inspector, scripted, local, provider, or a plain pilot."""
    kind, _, rest = spec.partition(":")
    if spec in EXPERTS or spec in plugins() or kind == "poses" or spec == "coverage":
        return PLAIN
    if kind in ("inspector", "scripted"):
        return kind
    folder = shipped(spec) or kind == "local" or is_path(spec, rest)
    return "local" if folder else "provider"


def eyes_of(spec: str) -> str:
    """Return the name of the model that an inspector sees with, and any other as it is."""
    kind, _, rest = spec.partition(":")
    return rest if kind == "inspector" and rest else spec


def is_local(spec: str) -> bool:
    """Return whether a name is that of a model whose weights are loaded here; of an inspector,
    whether that of its eyes is.
    """
    eyes = eyes_of(spec)
    return eyes == "inspector" or kind_of(eyes) == "local"


def has_model(spec: str) -> bool:
    """Return whether a pilot asks a model, so that it can be asked about pictures."""
    return kind_of(spec) != PLAIN


def of_others(spec: str) -> tuple[str, ...]:
    """Return the options of `OF_PROVIDER` and `OF_LOCAL` that the model `spec` cannot have."""
    if is_local(spec):
        return OF_PROVIDER
    return (*OF_PROVIDER, *OF_LOCAL) if kind_of(eyes_of(spec)) == "scripted" else OF_LOCAL


def fitting(spec: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some options of models that are for the pilot `spec`, none for a plain one.

    For several pilots at once: where a model is served is for one, what it runs on for another.
    """
    if kind_of(spec) == PLAIN:
        return {}
    others = of_others(spec)
    return {key: value for key, value in options.items() if key not in others}


def check_meant(specs: Sequence[str], options: Mapping[str, Any]) -> None:
    """Raise UnknownOption for an option that is for none of several pilots."""
    meant = {key for spec in specs for key in fitting(spec, options)}
    if odd := [key for key in options if key not in meant]:
        raise unknown_option(", ".join(specs), odd[0], ())
