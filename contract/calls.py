"""One request to a model, and what came of it: what a step keeps of every one that it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from helmsight.contract.sent import Message


@dataclass(frozen=True)
class Call:
    """One request to a model.

    `model` is what the provider says has answered; `tokens_in` and `tokens_out` are what it counts,
    None where it does not tell; `reasoning_tokens` is the share of `tokens_out` that was reasoning.
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


def spent(calls: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sum of recorded calls: requests, tokens in and out, and the cost if all have one.

    Empty where nothing was asked.
    """
    listed = list(calls)
    if not listed:
        return {}
    answered = [call for call in listed if not call.get("error")]
    total: dict[str, Any] = {"requests": len(listed)}
    for key in ("tokens_in", "tokens_out"):
        total[key] = sum(call.get(key, 0) for call in listed)
    priced = bool(answered) and all("cost" in call for call in answered)
    total["cost"] = sum(call.get("cost", 0.0) for call in listed) if priced else None
    return total
