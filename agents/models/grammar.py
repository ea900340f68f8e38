"""Answers of a local model that are held to a JSON schema, token by token.

llguidance does it: 3 MB, no dependencies, about a millisecond a token; the other engines for that
bring a gigabyte, or take several times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer

from helmsight.agents.errors import ModelUnavailable


class Grammar:
    """Says which tokens of a model's vocabulary may come next; makes what holds one answer."""

    def __init__(self, tokenizer: Any, vocabulary: int, ends: Sequence[int]) -> None:
        """`vocabulary` is how many logits the model has, `ends` are the tokens that end an answer.

        Raises:
            ModelUnavailable: a tokenizer that has no fast version.
        """
        try:
            self._tokens: LLTokenizer = from_tokenizer(
                tokenizer, n_vocab=vocabulary, eos_token=list(ends)
            )
        except (ValueError, AttributeError) as error:
            raise ModelUnavailable(
                f"this model's tokenizer cannot be held to a schema ({error}); ask it without: "
                "--model-option constrained=false"
            ) from error

    def holding(self, schema: str, start: int, rows: int = 1) -> Held:
        """Return a logits processor for `rows` answers that begin at token `start`."""
        grammar = _compiled(schema)
        return Held([LLMatcher(self._tokens, grammar) for _ in range(rows)], start)


class Held:
    """A logits processor that forbids every token with which an answer would leave its schema."""

    def __init__(self, matchers: Sequence[LLMatcher], start: int) -> None:
        self._matchers, self._read = matchers, start

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return `scores` (rows, vocabulary) with what is forbidden at minus infinity."""
        for token in range(self._read, ids.shape[1]):
            for matcher, chosen in zip(self._matchers, ids[:, token].tolist(), strict=True):
                if not matcher.is_stopped():  # what follows an end is padding
                    matcher.consume_token(chosen)
        self._read = ids.shape[1]
        # not by llguidance.torch, which compiles a kernel for it
        bits = [np.frombuffer(matcher.compute_bitmask(), np.uint8) for matcher in self._matchers]
        allowed = np.unpackbits(np.stack(bits), axis=1, count=scores.shape[1], bitorder="little")
        forbidden = torch.from_numpy(allowed == 0).to(scores.device)
        return scores.masked_fill(forbidden, -torch.inf)


@lru_cache(maxsize=16)
def _compiled(schema: str) -> str:
    # JSON as Python writes it: tokens are spent on values
    return LLMatcher.grammar_from_json_schema(
        schema,
        defaults={
            "whitespace_flexible": False,
            "item_separator": ", ",
            "key_separator": ": ",
        },
    )
