"""How long a picture has stood still: the one rule by which a frozen picture is told."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

EVERY = 4  # every fourth row and column is compared: a sixteenth of the work, and still every glyph


class StillPicture:
    """Compares each picture (H, W, 3) with the one before."""

    def __init__(self) -> None:
        self._last: NDArray[Any] | None = None
        self._changed_at = 0.0

    def seen(self, picture: NDArray[Any], at: float) -> float:
        """Return for how many seconds, up to `at`, pictures have been the same as this one."""
        thinned = picture[::EVERY, ::EVERY]
        if self._last is None or not np.array_equal(thinned, self._last):
            self._last, self._changed_at = thinned.copy(), at
        return at - self._changed_at
