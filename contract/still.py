"""Since when a picture stands still: the one rule by which a frozen picture is told."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray


class StillPicture:
    """Compares each picture (H, W, 3) with the one before.

    A sensor has noise, and a clock stands in most drawn pictures: equal pixels mean that the same
    picture was delivered again. With `every` above 1 only each so many rows are compared (whole
    rows, since they lie together in memory); every eighth still meets every glyph.
    """

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._last = b""
        self._since = 0.0

    def since(self, picture: NDArray[Any], at: float) -> float:
        """Return the time since when pictures are the same as this one, which was seen `at`."""
        rows = picture[:: self._every].tobytes()  # comparing bytes ends at the first difference
        if rows != self._last:
            self._last, self._since = rows, at
        return self._since
