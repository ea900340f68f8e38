"""Words inside a gymnasium action: UTF-8 in an array of fixed length."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


def words_space(most: int) -> spaces.Box:
    """Return the space of words of `most` bytes."""
    return spaces.Box(0, 255, (most,), np.uint8)


def cut(words: str, most: int) -> str:
    """Return as many whole characters of `words` as `most` bytes hold."""
    return words.encode()[:most].decode("utf-8", "ignore")


def packed(words: str | None, most: int) -> NDArray[np.uint8]:
    """Return words as (most,) uint8, filled up with zeros; what is too long is cut."""
    array = np.zeros(most, np.uint8)
    said = cut(words or "", most).encode()
    array[: len(said)] = np.frombuffer(said, np.uint8)
    return array


def unpacked(array: NDArray[np.uint8]) -> str:
    """Return the words of an array; bytes that are no UTF-8 are left out."""
    return np.asarray(array, np.uint8).tobytes().decode("utf-8", "ignore").rstrip("\0")
