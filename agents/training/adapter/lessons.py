"""Batches to learn from: what a model reads in flight, and the answer that it should go on with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from helmsight.agents.models.local import LocalVLM
from helmsight.agents.training.adapter.data import Conversation

IGNORE = -100


class Collator:
    """Makes a batch of conversations: the questions exactly as `LocalVLM` gives them to its model,
    the answers after them, and labels that count the answers alone, their ends included.
    """

    def __init__(self, vlm: LocalVLM, folder: Path) -> None:
        self._vlm, self._folder = vlm, folder

    def __call__(self, lessons: Sequence[Conversation]) -> dict[str, Any]:
        """Return the model's inputs and `labels`, each row padded on both sides."""
        inputs = self._vlm.prepared([lesson.turns(self._folder) for lesson in lessons])
        coded = self._vlm.processor.tokenizer(
            [lesson.answer for lesson in lessons], add_special_tokens=False
        )["input_ids"]
        return answered(inputs, [[*row, self._vlm.end()] for row in coded], self._pad())

    def _pad(self) -> int:
        return int(self._vlm.processor.tokenizer.pad_token_id)


def answered(inputs: Any, answers: Sequence[Sequence[int]], pad: int) -> dict[str, Any]:
    """Return inputs (n, length) with a row of tokens after each, and labels for these tokens."""
    ids = inputs["input_ids"]
    longest = max(map(len, answers))
    kind: dict[str, Any] = {"dtype": ids.dtype, "device": ids.device}
    more = torch.full((len(answers), longest), pad, **kind)
    there = torch.zeros_like(more)
    for row, answer in enumerate(answers):
        more[row, : len(answer)] = torch.tensor(answer, **kind)
        there[row, : len(answer)] = 1
    batch: dict[str, Any] = {}
    for key, value in inputs.items():
        if key == "input_ids":
            value = torch.cat([value, more], dim=1)
        elif key == "attention_mask":
            value = torch.cat([value, there.to(value.dtype)], dim=1)
        elif getattr(value, "shape", None) == ids.shape:  # kinds of token: 0 is text
            value = torch.cat([value, torch.zeros_like(more, dtype=value.dtype)], dim=1)
        batch[key] = value
    unread = torch.full_like(ids, IGNORE)
    batch["labels"] = torch.cat([unread, more.masked_fill(there == 0, IGNORE)], dim=1)
    return batch
