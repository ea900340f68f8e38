"""Every disturbance by its name: what it is of, how strong it is unless told otherwise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from helmsight.contract.errors import InvalidOption
from helmsight.contract.plugins import nearest

Part = Literal["frame", "telemetry", "command", "line", "pilot"]


@dataclass(frozen=True)
class Kind:
    """A kind of disturbance.

    `of` is what it disturbs: the frame or the telemetry that a pilot is shown, the command on its
    way to the thrusters, a robot's serial line, or the pilot's provider. `default` is its strength
    in `unit`, from above 0 to `most`.
    """

    name: str
    of: Part
    about: str
    unit: str
    default: float
    most: float


KINDS = {
    kind.name: kind
    for kind in (
        Kind("frozen", "frame", "a new picture fails to come, and the last one is shown again",
             "share of the pictures", 0.5, 1.0),
        Kind("noisy", "frame", "Gaussian noise on every pixel", "grey levels, sigma", 25.0, 255.0),
        Kind("occluded", "frame", "a black box somewhere in the picture, the same all episode",
             "share of its area", 0.25, 0.95),
        Kind("shifted", "frame", "the picture is moved, its edges repeated",
             "share of its diagonal", 0.05, 0.5),
        Kind("zoomed", "frame", "the picture is enlarged about its centre", "times", 1.2, 10.0),
        Kind("shrunk", "frame", "the picture is that of a smaller screen, enlarged again",
             "times smaller", 2.0, 100.0),
        Kind("recoloured", "frame", "every hue is turned", "degrees", 90.0, 180.0),
        Kind("covered", "frame", "one of the regions that the task names is black",
             "which of them, from 1 on", 1.0, 9.0),
        Kind("contradicting", "telemetry", "what changed since the start is told with the other "
             "sign, so that numbers and picture say different things", "times", 1.0, 10.0),
        Kind("thruster-loss", "command", "one side of one body axis gives less thrust",
             "share that is lost", 1.0, 1.0),
        Kind("thrust-drift", "command", "thrust points elsewhere than asked, about one axis",
             "degrees", 10.0, 180.0),
        Kind("dropped-packets", "line", "messages on the robot's serial line are lost, either way",
             "share of the messages", 0.05, 1.0),
        Kind("provider-fails", "pilot", "the provider gives an error instead of an answer",
             "share of the answers", 0.2, 1.0),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Disturbance:
    """A kind of disturbance with a strength."""

    kind: Kind
    strength: float

    @classmethod
    def parse(cls, text: str) -> Disturbance:
        """Read "name" or "name:strength".

        Raises:
            InvalidOption: no such name (with the nearest), or a strength that it cannot have.
        """
        name, colon, number = text.partition(":")
        if name not in KINDS:
            raise InvalidOption(f"no disturbance {name!r}: {nearest(name, KINDS)}")
        kind = KINDS[name]
        try:
            strength = float(number) if colon else kind.default
        except ValueError:
            strength = math.nan
        if not 0.0 < strength <= kind.most:
            raise InvalidOption(
                f"disturbance {text!r}: strength is a number above 0, at most {kind.most:g} "
                f"({kind.unit}); {kind.name} alone is {kind.name}:{kind.default:g}"
            )
        return cls(kind, strength)

    def __str__(self) -> str:
        if self.strength == self.kind.default:
            return self.kind.name
        return f"{self.kind.name}:{self.strength:g}"
