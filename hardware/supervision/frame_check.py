"""Whether a picture can be trusted to move by."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.errors import FrameRefused


class FrameSource(Protocol):
    """What a supervisor needs of a camera; `helmsight.hardware.cameras.Camera` is one."""

    def newest(self) -> Any:
        """Return the newest frame. Raises FrameRefused, CameraUnavailable."""

    def check(self, frame: Any) -> None:
        """Raise FrameRefused for a stale, frozen or black frame."""


class FrameCheck:
    """Checks the newest frame, and the age of the one that a move was decided on.

    max_age_s: how old that one may be, s; a slow pilot needs more.

    Raises:
        InvalidOption: an age that is not above 0.
    """

    def __init__(
        self, camera: FrameSource | None, max_age_s: float, clock: Callable[[], float]
    ) -> None:
        if not 0.0 < max_age_s < math.inf:
            raise InvalidOption(f"max_age_s {max_age_s}: expected seconds above 0")
        self._camera = camera
        self._max_age_s = max_age_s
        self._clock = clock

    def check(self, seen_at: float | None) -> None:
        """Look now. Raises FrameRefused, CameraUnavailable."""
        if seen_at is not None:
            age = self._clock() - seen_at
            if age < 0.0:
                raise FrameRefused(
                    f"the move was decided on a frame of {-age:.2f} s from now: its stamp is of "
                    "another clock; stamps are those of time.monotonic()"
                )
            if not age <= self._max_age_s:  # NaN fails, too
                raise FrameRefused(
                    f"the move was decided on a frame {age:.2f} s old, at most "
                    f"{self._max_age_s:g} s: look again, or raise max_age_s for a slow pilot"
                )
        if self._camera is not None:
            self._camera.check(self._camera.newest())
