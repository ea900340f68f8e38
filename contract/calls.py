"""One request to a model, and what came of it: what a step keeps of every one that it took."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from helmsight.contract.sent import Message, Text, View


@dataclass(frozen=True)
class Call:
    """One request to a model.

    `model` is what the provider says has answered; `tokens_in` and `tokens_out` are what it counts,
    None where it does not tell; `reasoning_tokens` is the share of `tokens_out` that was reasoning.
    `estimated` says that nobody counted them: they follow from what was sent and answered.
    `finish` is why the answer ended, in the provider's word; `refusal` and `reasoning` are texts
    beside the answer. `error` is what came instead of one. `cost` is in US dollars, None where no
    price is known. `purpose` is "command" for a decision, "" for any other question; `messages` are
    what the model was sent, `answer` is its text, and `held` tells whether that was held to a form.
    """

    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    reasoning_tokens: int | None = None
    finish: str = ""
    refusal: str = ""
    reasoning: str = ""
    error: str = ""
    cost: float | None = None
    purpose: str = ""
    messages: tuple[Message, ...] = ()
    answer: str = ""
    held: bool = False
    estimated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return what there is of it as JSON data."""
        given = ((entry.name, getattr(self, entry.name)) for entry in fields(self))
        data = {
            name: value
            for name, value in given
            if value not in (None, "", ()) and value is not False
        }
        if self.messages:
            data["messages"] = [message.to_dict() for message in self.messages]
        return data


CHARACTERS = 3.0  # of a token: fewer than in English words, so that a limit comes early
AREA_PX, PICTURE = 750.0, 1600  # pixels of a token; tokens of a picture whose size is not known


def counted(call: Call) -> Call:
    """Return a call with its tokens, estimated where the provider told none: a limit of tokens or
    costs would never be met.
    """
    if call.tokens_in is not None and call.tokens_out is not None:
        return call
    parts = [part for message in call.messages for part in message.parts]
    seen = sum(
        part.size[0] * part.size[1] / AREA_PX if isinstance(part, View) else PICTURE
        for part in parts
        if not isinstance(part, Text)
    )
    sent = sum(len(part.text) for part in parts if isinstance(part, Text)) / CHARACTERS + seen
    said = len(call.answer) + (len(call.reasoning) if call.reasoning != call.answer else 0)
    return replace(
        call,
        tokens_in=math.ceil(sent) if call.tokens_in is None else call.tokens_in,
        tokens_out=math.ceil(said / CHARACTERS) if call.tokens_out is None else call.tokens_out,
        estimated=True,
    )


def tokens(call: Mapping[str, Any], *keys: str) -> int:
    """Return the tokens of a recorded call under some keys together; what is no number is none."""
    told = (call.get(key) for key in keys)
    return sum(number for number in told if isinstance(number, int))


def cost(call: Mapping[str, Any]) -> float:
    """Return what a recorded call cost, US dollars; 0 where that is not known."""
    dollars = call.get("cost")
    return float(dollars) if isinstance(dollars, int | float) else 0.0


def spent(calls: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sum of recorded calls: requests, tokens in and out, and the cost if all have one.

    `tokens_estimated` counts those whose tokens nobody told. Empty where nothing was asked.
    """
    listed = list(calls)
    if not listed:
        return {}
    answered = [call for call in listed if not call.get("error")]
    total: dict[str, Any] = {"requests": len(listed)}
    for key in ("tokens_in", "tokens_out"):
        total[key] = sum(tokens(call, key) for call in listed)
    if estimated := sum(bool(call.get("estimated")) for call in listed):
        total["tokens_estimated"] = estimated
    priced = bool(answered) and all("cost" in call for call in answered)
    total["cost"] = sum(cost(call) for call in listed) if priced else None
    return total
