"""A model that sees finer, begun from one that saw the same picture in fewer patches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from helmsight.agents.training.design import Design
from helmsight.agents.training.student import begin, build_model, build_processor


def begun(
    start: Path | None, device: str, corpus: Callable[[], Iterable[str]], design: Design
) -> tuple[Any, Any]:
    """Return a model to be trained and its processor, as `student.begin`; of a model in the folder
    `start` that is as `design` but sees coarser, one that sees finer.

    Raises:
        ModelUnavailable: `start` cannot be loaded, or is of another design.
    """
    if start is None or not _coarser(start, design):
        return begin(start, device, corpus, design)
    from helmsight.agents.models.local import LocalVLM

    loaded = LocalVLM.load(start, device=device, dtype="float32")
    tokenizer = loaded.processor.tokenizer
    model = finer(loaded.model, tokenizer, design)
    return model.to(device), build_processor(tokenizer, design)


class Remembered:
    """The text model as it was before a training.

    What it learnt before of phrases that no lesson has it forgets first, when it is taught on.
    """

    def __init__(self, model: Any) -> None:
        self._before = {
            name: weight.clone() for name, weight in model.model.text_model.state_dict().items()
        }

    def back(self, model: Any, share: float) -> None:
        """Leave the text model of `model` only `share` of the way that it has gone since."""
        text = model.model.text_model
        now = text.state_dict()
        text.load_state_dict({n: was.lerp(now[n], share) for n, was in self._before.items()})


def _coarser(start: Path, design: Design) -> bool:
    """Return whether a model has the towers and tokens of `design`, of fewer patches a token."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(start, local_files_only=True)
    if config.model_type != "idefics3":
        return False
    seen, text = config.vision_config, config.text_config
    sizes = (seen.hidden_size, seen.intermediate_size, seen.num_hidden_layers, seen.patch_size)
    wanted = (design.vision.width, design.vision.inner, design.vision.layers, design.patch)
    tokens = (seen.image_size / seen.patch_size / config.scale_factor, text.hidden_size)
    fewer = config.scale_factor < design.shuffle
    return fewer and sizes == wanted and tokens == (design.side, design.text.width)


def finer(coarse: Any, tokenizer: Any, design: Design) -> Any:
    """Return a model of `design` with the weights of `coarse`, which has fewer patches a token.

    Patches keep their side in px, the picture grows. Places in the picture are those between the
    old ones; what was read of a token's patches is spread over the new ones, so that the tokens
    are about what they were, and the text model goes on from there.
    """
    model = build_model(tokenizer, design)
    weights, wanted = coarse.state_dict(), model.state_dict()
    for name, weight in weights.items():
        if name.endswith("vision_model.embeddings.position_embedding.weight"):
            weights[name] = _places(weight, design.view // design.patch)
        elif name.endswith("connector.modality_projection.proj.weight"):
            weights[name] = _spread(weight, coarse.config.scale_factor, design.shuffle)
    assert {n: w.shape for n, w in weights.items()} == {n: w.shape for n, w in wanted.items()}
    model.load_state_dict(weights)
    return model


def _places(weight: torch.Tensor, side: int) -> torch.Tensor:
    """Return the embeddings of places (side * side, width) between those of fewer ones."""
    old = round(len(weight) ** 0.5)
    grid = weight.view(1, old, old, -1).movedim(-1, 1)
    new = nn.functional.interpolate(grid, size=(side, side), mode="bilinear")
    return new.movedim(1, -1).reshape(side * side, -1).contiguous()


def _spread(weight: torch.Tensor, old: int, new: int) -> torch.Tensor:
    """Return a projection (out, new * new * width) that reads of finer patches what `weight`
    (out, old * old * width) reads of coarser ones.
    """
    shares = nn.functional.interpolate(torch.eye(old)[None], size=new, mode="linear")[0]
    shares = shares / shares.sum(1, keepdim=True)  # (old, new): how an old one is shared out
    parts = weight.view(len(weight), old, old, -1)
    return torch.einsum("oyxd,yi,xj->oijd", parts, shares, shares).flatten(1).contiguous()
