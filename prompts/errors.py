"""Errors of the prompts. Each says whether it halts the run."""

from collections.abc import Iterable
from difflib import get_close_matches

from helmsight.contract.errors import Error


class PromptsError(Error):
    """Base of every error raised by `prompts`."""


class UnknownPrompt(PromptsError):
    """A prompt name without a template. Halts before the run starts."""

    exit_status = 2


class UnreadableAnswer(PromptsError):
    """An answer in which no command can be found. The run goes on: asked again, then default."""


class UnreadableRelation(PromptsError):
    """Words that name no relation, or more than one. The item is skipped; the run goes on."""


class InvalidItem(PromptsError):
    """A question that cannot be asked, with its file, line and reason. It is skipped; the run goes
    on and says how many were.
    """

    exit_status = 2


class UnknownOrder(PromptsError):
    """An order of relations, or a rule for the reference object, that is not known. Halts."""

    exit_status = 2


class InvalidClaims(PromptsError):
    """Relations that cannot be checked, as an object related to itself. Halts the check."""

    exit_status = 2


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean "NEAREST"?' of the `known` names; "" where none is near to `name`."""
    near = get_close_matches(name, list(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""
