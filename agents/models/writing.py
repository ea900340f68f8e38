"""What goes with the writing of an answer, token by token: its time, its probabilities, its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch


def numbers(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return `scores`; raises ArithmeticError where they are none: any token would be as good."""
    if bool(scores.isnan().any()):
        raise ArithmeticError("the scores of its tokens are no numbers (NaN)")
    return scores


class Patience:
    """Stops the writing of an answer when its time is over, before the next token."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self.over = False

    def __call__(self, ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """Say of each row whether it is to end; called after each token."""
        self.over = self.over or time.monotonic() >= self._until
        return torch.full((len(ids),), self.over, device=ids.device)


class Watch:
    """Looks on while one answer is generated: how probable each of its tokens was."""

    def __init__(self) -> None:
        self._last: torch.Tensor | None = None
        self._seen: list[tuple[int, float]] = []

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Take note of the token chosen last; called before each one is."""
        if self._last is not None:
            chosen = int(ids[0, -1])
            self._seen.append((chosen, float(self._last[chosen])))
        self._last = scores[0].float().log_softmax(-1)
        return scores

    def told(self, tokenizer: Any) -> list[dict[str, Any]]:
        """Return the tokens with their logarithms, without the one that ends the answer."""
        return [
            {"token": tokenizer.decode([token]), "logprob": logprob}
            for token, logprob in self._seen
        ]


def until(row: Sequence[int], ends: frozenset[int]) -> int:
    """Return how many tokens of an answer were written, the one that ends it included."""
    return next((at + 1 for at, token in enumerate(row) if token in ends), len(row))


def extended(inputs: Any, tokens: Sequence[int]) -> dict[str, Any]:
    """Return the model's inputs with `tokens` appended to every row."""
    ids = inputs["input_ids"]
    more = torch.tensor(tokens, dtype=ids.dtype, device=ids.device).expand(len(ids), -1)
    extended = {}
    for key, value in inputs.items():
        if key == "input_ids":
            value = torch.cat([value, more], dim=1)
        elif value.shape == ids.shape:  # attention 1, kinds of token 0: text
            filler = torch.full_like(more, int(key == "attention_mask"), dtype=value.dtype)
            value = torch.cat([value, filler], dim=1)
        extended[key] = value
    return extended
