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
        self._known: dict[tuple[Any, ...], NDArray[np.int64]] = {}
        self._scale, self._shift = _line(processor.image_processor)

    def prepare(self, turns: Sequence[Turn]) -> Prepared:
        """Return a question, given as the turns of a chat template."""
        pictures = [b["image"] for turn in turns for b in turn["content"] if b["type"] == "image"]
        if not pictures or any(picture.size != (self._size,) * 2 for picture in pictures):
            return self._whole(turns)
        # the template writes what the turns say, so that they stand for its words
        key = tuple((turn["role"], *map(_written, turn["content"])) for turn in turns)
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = self._whole(turns).ids
        shown = np.stack([np.asarray(picture) for picture in pictures])
        pixels = np.empty((len(shown), 3, *shown.shape[1:3]), np.float32)
        for colour in range(3):  # colour by colour: one product of all takes ten times as long
            plane = pixels[:, colour]
            np.multiply(shown[..., colour], self._scale[colour], out=plane)
            plane += self._shift[colour]
        return Prepared(self._known[key], pixels)

    def _whole(self, turns: Sequence[Turn]) -> Prepared:
        inputs = self._ask(turns)
        pixels = inputs.get("pixel_values")
        return Prepared(
            inputs["input_ids"][0].numpy(), None if pixels is None else pixels[0].numpy()
        )


def _written(block: Mapping[str, Any]) -> str | None:
    """Return the words of a block, None for a picture."""
    return None if block["type"] == "image" else str(block["text"])


def _line(images: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return by what the bytes of each colour are multiplied, and what is added then, (3,) each."""
    mean, spread = (np.asarray(x, np.float64) for x in (images.image_mean, images.image_std))
    return (images.rescale_factor / spread).astype(np.float32), (-mean / spread).astype(np.float32)
