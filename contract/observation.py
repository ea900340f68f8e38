"""What a pilot is shown: the modes of an observation, named telemetry, regions of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from numpy.typing import NDArray

from helmsight.contract.errors import InvalidOption

ObservationMode = Literal["frame", "frame+telemetry", "telemetry"]
Observation = dict[str, NDArray[Any]]
"""Holds "frame", uint8 (H, W, 3) RGB, and/or "telemetry", float64 (n,)."""
Box = tuple[int, int, int, int]
"""A region of a frame, pixels: x0, y0, x1, y1."""


@dataclass(frozen=True)
class TelemetryField:
    """One telemetry entry: `name`, SI `unit` ("" when dimensionless) and the `frame` it is in."""

    name: str
    unit: str
    frame: str = ""


def observation_mode(value: str) -> ObservationMode:
    """Return `value` as an observation mode, or raise InvalidOption naming the three there are."""
    if value not in get_args(ObservationMode):
        modes = ", ".join(get_args(ObservationMode))
        raise InvalidOption(f"observation={value!r} is not known; choose one of: {modes}")
    return value  # type: ignore[return-value]
