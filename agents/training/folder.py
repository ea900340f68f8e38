"""Model folders: weights, processor, and in which form the model wants to be asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helmsight.agents.training.design import VIEW, VIEWS
from helmsight.agents.training.questions import UNREADABLE

ASKING_STYLE: Mapping[str, Any] = {
    "views": {"size": VIEW, "names": list(VIEWS)},
    "prompt": "fly",
    "constrained": True,
    "needs": "frame",
    "max_new_tokens": 32,
    "cannot": UNREADABLE,
}
"""How the model that flies is asked."""


def asking_style(*, named: bool) -> dict[str, Any]:
    """Return how a model that flies is asked: in words that name the bot, or in such as do not."""
    return dict(ASKING_STYLE) | ({} if named else {"prompt": "bundled"})


def save(model: Any, processor: Any, folder: Path, style: Mapping[str, Any] = ASKING_STYLE) -> None:
    """Write weights (bfloat16), processor and `helmsight.json` so that any loader can use them."""
    import copy

    import torch

    small = copy.deepcopy(model).to(torch.bfloat16)
    small.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    small.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    small.save_pretrained(folder)
    processor.save_pretrained(folder)
    text = json.dumps(dict(style), indent=2) + "\n"
    (folder / "helmsight.json").write_text(text, encoding="utf-8")


def replace(
    model: Any, processor: Any, folder: Path, style: Mapping[str, Any] = ASKING_STYLE
) -> None:
    """Write a model folder in place of the last one, so that there is always a whole one."""
    part = folder.with_name(folder.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    save(model, processor, part, style)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
