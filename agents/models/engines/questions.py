"""A question as an engine takes it: what the model's processor would make of it, sooner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST = 1024  # questions whose words are remembered
Turn = Mapping[str, Any]


class Prepared(NamedTuple):
    """Token ids (L,) int64 of a question, and its pictures (n, 3, H, W) float32, if it has any."""

    ids: NDArray[np.int64]
    pixels: NDArray[np.float32] | None


class Questions:
    """Prepares questions of one processor for a model that takes pictures of `size` x `size`.

    Words are tokens once: which ones depends on them and on how many pictures there are. Pictures
    of that size need a scale and a shift only, which here is one product; the processor's own
    differs from it by rounding.

    ask: the processor's whole preparation of one list of turns, as tensors.
    """

    def __init__(self, processor: Any, ask: Callable[[Sequence[Turn]], Any], size: int) -> None:
        self._processor, self._ask, self._size = processor, ask, size
        self._known: dict[tuple[str, int], NDArray[np.int64]] = {}
        self._scale, self._shift = _colours(processor.image_processor)

    def prepare(self, turns: Sequence[Turn]) -> Prepared:
        """Return a question, given as the turns of a chat template."""
        pictures = [b["image"] for turn in turns for b in turn["content"] if b["type"] == "image"]
        if not pictures or any(picture.size != (self._size,) * 2 for picture in pictures):
            return self._whole(turns)
        words = self._processor.apply_chat_template(
            [turns], add_generation_prompt=True, tokenize=False
        )[0]
        key = (words, len(pictures))
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = self._whole(turns).ids
        stack = np.stack([np.asarray(picture) for picture in pictures])
        pixels = np.moveaxis(stack * self._scale + self._shift, -1, 1)
        return Prepared(self._known[key], np.ascontiguousarray(pixels, np.float32))

    def _whole(self, turns: Sequence[Turn]) -> Prepared:
        inputs = self._ask(turns)
        pixels = inputs.get("pixel_values")
        return Prepared(
            inputs["input_ids"][0].numpy(), None if pixels is None else pixels[0].numpy()
        )


def _colours(images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return by what bytes are multiplied, and what is added then, of each colour."""
    mean, spread = (np.asarray(x, np.float64) for x in (images.image_mean, images.image_std))
    scale = images.rescale_factor / spread
    return scale.astype(np.float32), (-mean / spread).astype(np.float32)
