"""Several looks at one picture, each moved a little: what a model makes of them, averaged.

An eye that sees patches tells the place of a thing worse where a patch ends; moved by a part of a
patch it errs elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

Look = tuple[float, float]
"""How far a picture is moved to the right and down, in its own sides."""


def looks_at(turns: Sequence[Mapping[str, Any]], looks: Sequence[Look]) -> list[list[Any]]:
    """Return the turns of a conversation once for each look, their pictures moved."""
    return [
        [{**turn, "content": [_moved(block, look) for block in turn["content"]]} for turn in turns]
        for look in looks
    ]


def _moved(block: Mapping[str, Any], look: Look) -> Mapping[str, Any]:
    if block["type"] != "image" or not any(look):
        return block
    return {**block, "image": Image.fromarray(moved(np.asarray(block["image"]), look))}


def moved(image: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """Return a picture (H, W, 3) moved by whole px; its edge goes on where nothing is left."""
    (height, width), (right, down) = image.shape[:2], look
    rows = np.clip(np.arange(height) - round(down * height), 0, height - 1)
    columns = np.clip(np.arange(width) - round(right * width), 0, width - 1)
    there: NDArray[np.uint8] = image[rows][:, columns]
    return there


def together(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of the mean probability of each token, for every row the same one."""
    mean: torch.Tensor = scores.float().log_softmax(-1).logsumexp(0, keepdim=True)
    mean = mean - math.log(len(scores))
    return mean.expand(len(scores), -1)


class Chance:
    """Makes the likeliest token one drawn at random (temperature 1), for every row the same one."""

    def __init__(self, seed: int) -> None:
        self._rng = torch.Generator().manual_seed(seed)

    def __call__(self, _: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores with Gumbel's noise, whose greatest is a draw from them."""
        noise = torch.empty(scores.shape[-1]).exponential_(generator=self._rng).log().neg()
        return scores + noise.to(scores.device)
