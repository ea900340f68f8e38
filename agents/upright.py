"""Frames whose picture is moved, enlarged or in other hues are set right before anything is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.observation import Box
from helmsight.contract.task import Task

if TYPE_CHECKING:
    from helmsight.tools.placing import Placement

    Image = NDArray[np.uint8]

ALIGNED, UNMATCHED, COVERED = "aligned", "unmatched", "covered"
"""What a record counts: decisions on frames that were set right; on those in which nothing of the
picture was found, which are left as they are; and those that were not asked for, because a region
that the model looks at is covered.
"""
LONGEST_WAIT = 32
"""After how many decisions at most a picture that was not found is searched for again."""


class Upright:
    """Knows how an episode's picture lies in its frames.

    Where it lay last is looked at first, which takes less than a millisecond; it is searched for
    where it is not there, which takes a tenth of a second, and more seldom each time in vain.
    """

    def __init__(self) -> None:
        self.begin(None)

    def begin(self, task: Task | None) -> None:
        """Take up an episode of `task`; without one every frame is as it should be.

        What stands still in its frames is worked out here once, not while the first one waits.
        """
        self._stills = None if task is None else task.stills
        if self._stills is not None:
            from helmsight.tools.landmarks import landmarks

            landmarks(self._stills)
        self._held: Placement | None = None
        self._placed: Placement | None = None
        self._last = b""
        self._misses, self._wait = 0, 0

    def placed(self, frame: Image) -> Placement:
        """Return how the picture lies in a frame (H, W, 3) uint8 RGB of the episode."""
        from helmsight.tools.landmarks import landmarks
        from helmsight.tools.placing import Placement

        if self._stills is None:
            return Placement()
        seen = frame[::16, ::16].tobytes()  # a world may draw into the same memory again
        if seen != self._last:
            self._last, self._placed = seen, None
            marks = landmarks(self._stills)
            held = self._held or Placement()
            if marks.fits(frame, held):
                self._placed = held
                self._missed(False)
            elif self._wait:
                self._wait -= 1
            else:
                self._placed = marks.find(frame)
                self._missed(self._placed is None)
            self._held = self._placed or self._held
        return self._placed or Placement()

    def covered(self, frame: Image, regions: Mapping[str, Box]) -> list[str]:
        """Return which regions of the picture in a frame something else is in.

        None of a picture that was not found: it may be another one.
        """
        from helmsight.tools.landmarks import landmarks

        placed = self.placed(frame)
        if self._stills is None or self._placed is None:
            return []
        return landmarks(self._stills).covered(frame, placed, regions)

    def counts(self) -> Counter[str]:
        """Return what a record counts of the frame that was looked at last."""
        if not self._last:
            return Counter()
        if self._placed is None:
            return Counter({UNMATCHED: 1})
        return Counter() if self._placed.plain else Counter({ALIGNED: 1})

    def _missed(self, missed: bool) -> None:
        self._misses = self._misses + 1 if missed else 0
        self._wait = min(2**self._misses, LONGEST_WAIT) - 1 if missed else 0
