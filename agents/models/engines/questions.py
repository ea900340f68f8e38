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
        self._values = _values(processor.image_processor)

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
        planes = [np.take(of, shown[..., colour]) for colour, of in enumerate(self._values)]
        return Prepared(self._known[key], np.stack(planes, axis=1))

    def _whole(self, turns: Sequence[Turn]) -> Prepared:
        inputs = self._ask(turns)
        pixels = inputs.get("pixel_values")
        return Prepared(
            inputs["input_ids"][0].numpy(), None if pixels is None else pixels[0].numpy()
        )


def _written(block: Mapping[str, Any]) -> str | None:
    """Return the words of a block, None for a picture."""
    return None if block["type"] == "image" else str(block["text"])


def _values(images: Any) -> NDArray[np.float32]:
    """Return what each byte becomes, of each colour, (3, 256)."""
    mean, spread = (np.asarray(x, np.float64) for x in (images.image_mean, images.image_std))
    scale = (images.rescale_factor / spread).astype(np.float32)
    shift = (-mean / spread).astype(np.float32)
    return np.asarray(np.arange(256, dtype=np.uint8) * scale[:, None] + shift[:, None])
