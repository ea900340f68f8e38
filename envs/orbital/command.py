"""The burn command of KSPDG: translation throttles and a duration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from helmsight.contract.command import Command, CommandForm

LEVELS = (-1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0)
"""Throttle levels of constrained answers: fine near zero, where small errors cost propellant."""
FRAMES = ("body", "inertial", "orbital")
"""Axes of a burn, numbered as KSPDG's ref_frame: rhvbody, rhcbci, rhntw."""
DURATION = 0.5
"""Default duration of a command, s."""

Throttle = Annotated[float, Field(ge=-1.0, le=1.0)]


class BurnCommand(Command):
    """Fire the translation thrusters. Throttles in [-1, 1], 1 is full thrust; duration in s."""

    form: ClassVar[CommandForm] = CommandForm(vector=("forward", "right", "down"), home="body")

    duration: Annotated[float, Field(gt=0.0, le=10.0, description="seconds")] = DURATION
    forward: Annotated[Throttle, Field(description="towards the nose; negative is backwards")]
    right: Annotated[Throttle, Field(description="towards the right; negative is left")]
    down: Annotated[Throttle, Field(description="towards the belly; negative is up")]
    frame: SkipJsonSchema[Literal["body", "inertial", "orbital"]] = "body"
    """Axes of the three throttles: the body's, the inertial ones of the telemetry, or the
    orbit's (outward, prograde, normal; prograde is the velocity). Turned to body axes once, when
    the burn starts."""

    @classmethod
    def null(cls) -> Self:
        """Return half a second of coasting: the safe default."""
        return cls(forward=0.0, right=0.0, down=0.0)

    @classmethod
    def choices(cls) -> Iterator[Self]:
        """Yield the 343 commands of constrained decoding: seven levels per axis, 0.5 s."""
        for forward, right, down in product(LEVELS, repeat=3):
            yield cls(forward=forward, right=right, down=down)

    @classmethod
    def space(cls) -> spaces.Dict:
        """Return the gymnasium action space: burn (4,) as in KSPDG, and the number of its frame."""
        low, high = np.array([-1.0, -1.0, -1.0, 0.0]), np.array([1.0, 1.0, 1.0, 10.0])
        return spaces.Dict(
            {
                "burn": spaces.Box(low, high, dtype=np.float64),
                "frame": spaces.Discrete(len(FRAMES)),
            }
        )

    @classmethod
    def from_action(cls, action: dict[str, NDArray[np.float64] | int]) -> Self:
        """Return the command that a gymnasium action stands for.

        A duration of zero, which the action space contains, lasts one physics step.

        Raises:
            pydantic.ValidationError: for NaN, and for a throttle, duration or frame out of range.
        """
        forward, right, down, duration = (float(x) for x in np.asarray(action["burn"]))
        number = int(np.asarray(action["frame"]))
        frame = FRAMES[number] if 0 <= number < len(FRAMES) else str(number)
        return cls(
            forward=forward, right=right, down=down,
            duration=0.02 if duration == 0.0 else duration, frame=frame,  # type: ignore[arg-type]
        )  # fmt: skip

    def action(self) -> dict[str, NDArray[np.float64] | int]:
        """Return the gymnasium action: {"burn": float64 (4,), "frame": int}."""
        burn = np.array([self.forward, self.right, self.down, self.duration])
        return {"burn": burn, "frame": FRAMES.index(self.frame)}

    def text(self) -> str:
        """Return canonical JSON: whole numbers without a point, the frame only when not body."""
        names = ["forward", "right", "down", "duration"]
        names += [] if self.frame == "body" else ["frame"]
        return json.dumps({name: _short(getattr(self, name)) for name in names})


def _short(value: float | str) -> float | int | str:
    return int(value) if isinstance(value, float) and value.is_integer() else value
