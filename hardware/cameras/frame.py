"""One picture, and the checks that it has to pass before a pilot may act on it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.errors import FrameRefused

Pixels = NDArray[np.uint8]
Trouble = Literal["stale", "frozen", "black"]
SPARSE = 4  # every fourth pixel each way is enough to see that a picture is black


@dataclass(frozen=True)
class Frame:
    """One picture.

    pixels: uint8 (H, W, 3), RGB. stamp_s: time.monotonic() when it was captured; for an address,
    when it arrived (what the network took before is not in it). number: counts from 1.
    same_since_s: stamp of the first of a run of frames with exactly these pixels.
    """

    pixels: Pixels
    stamp_s: float
    number: int
    same_since_s: float

    @property
    def age_s(self) -> float:
        """How long ago it was captured, s."""
        return time.monotonic() - self.stamp_s


@dataclass(frozen=True)
class Checks:
    """What makes a picture unfit to act on.

    max_age_s: older is stale. frozen_s: the same pixels for longer, while frames keep arriving,
    is frozen: a sensor has noise, a hung one has none; None: not checked, right for what is
    rendered or read from a file, where a still scene gives equal pixels.
    black_mean, black_spread: of 255; a picture with both mean and standard deviation at or below
    these is black (cap on, no light, no signal); black_mean < 0 switches it off.
    """

    max_age_s: float = 0.5
    frozen_s: float | None = 1.0
    black_mean: float = 8.0
    black_spread: float = 4.0

    def __post_init__(self) -> None:
        for name in ("max_age_s", "frozen_s"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < math.inf:
                raise InvalidOption(f"camera {name} {value}: expected seconds above 0")
        for name in ("black_mean", "black_spread"):
            if not math.isfinite(getattr(self, name)):
                raise InvalidOption(f"camera {name} {getattr(self, name)}: expected a number")

    def trouble(self, frame: Frame, now: float | None = None) -> tuple[Trouble, str] | None:
        """Return what is wrong with `frame` at `now` (time.monotonic()) and the figures."""
        age = frame.age_s if now is None else now - frame.stamp_s
        if age > self.max_age_s:
            return "stale", f"{age:.2f} s old, at most {self.max_age_s:g} s"
        same = frame.stamp_s - frame.same_since_s
        if self.frozen_s is not None and same > self.frozen_s:
            return "frozen", f"the same pixels for {same:.2f} s, at most {self.frozen_s:g} s"
        sparse = frame.pixels[::SPARSE, ::SPARSE]
        mean = float(sparse.mean())
        if mean <= self.black_mean:
            spread = float(sparse.std())
            if spread <= self.black_spread:
                return "black", f"mean {mean:.1f} and spread {spread:.1f} of 255"
        return None


MEND: Mapping[Trouble, str] = {
    "stale": "the source is slower than the limit: raise max_age_s or its frame rate",
    "frozen": "the camera hangs: plug it in again, or raise frozen_s for a noiseless sensor",
    "black": "take the cap off, switch the light on, or check exposure and cable",
}


def refusal(
    name: str, trouble: tuple[Trouble, str], why: str = "", mend: Mapping[Trouble, str] = MEND
) -> FrameRefused:
    """Return the error for a picture with a trouble: what was seen, and what mends it.

    `why` a source was lost, if it was, says more than what mends a stale picture.
    """
    kind, figures = trouble
    cure = why if kind == "stale" and why else mend[kind]
    return FrameRefused(f"picture of {name} is {kind}: {figures}; {cure}", kind)
