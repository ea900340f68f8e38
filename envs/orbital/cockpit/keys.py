"""The keys of the cockpit's window: those with which KSP translates a craft, and a few of ours.

H and N forward and backward, J and L left and right, I and K down and up, R RCS, T SAS are KSP's
own in staging mode. In KSP fine control is switched with Caps Lock and Shift opens the throttle of
the main engine, which this craft does not have: here Shift is fine control for as long as it is
held.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from helmsight.contract.errors import InvalidOption
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import Array

AXES = ("forward", "right", "down")
TRANSLATION = {"h": (0, 1.0), "n": (0, -1.0), "l": (1, 1.0), "j": (1, -1.0),
               "i": (2, 1.0), "k": (2, -1.0)}  # fmt: skip
"""Key: (axis, sign) in body axes (forward, right, down)."""
FINE = "shift"
FINE_LEVEL = 0.2
"""Throttle of a translation key while fine control is held."""
RCS, SAS, HELP, QUIT = "r", "t", "f1", "escape"
PAUSE, RESTART = ("p", "space"), ("f5", "backspace")
WORDS = (
    ("H N", "forward, backward"),
    ("J L", "left, right"),
    ("I K", "down, up"),
    ("Shift", f"held: fine control, {FINE_LEVEL:g} of the thrust"),
    ("R T", "RCS, SAS on and off"),
    ("Space P", "pause"),
    ("F5 Backspace", "from the start"),
    ("F1", "this help"),
    ("Esc", "end"),
)


def throttle(pressed: Collection[str]) -> Array:
    """Return the throttles (3,), forward, right, down, of the keys that are down."""
    import numpy as np

    wanted = np.zeros(3)
    for key in pressed:
        if key in TRANSLATION:
            axis, sign = TRANSLATION[key]
            wanted[axis] += sign
    return wanted * (FINE_LEVEL if FINE in pressed else 1.0)


@dataclass(frozen=True)
class Presses:
    """A burn as keys: how long each is held, s, in the order of pressing; those held throughout
    may stay down after it (`whole`).
    """

    pulses: Mapping[str, float]
    whole: frozenset[str]


def presses(command: BurnCommand) -> Presses:
    """Return the keys that carry out `command`.

    A key is all or nothing: what is less than full is held for that part of the duration. Where
    no axis asks for more than fine control gives, Shift is held and the parts are of that level.

    Raises:
        InvalidOption: a burn in other axes than the body's.
    """
    if command.frame != "body":
        raise InvalidOption(
            f"frame={command.frame!r}: keys push along the body's own axes; answer body throttles"
        )
    wanted = [getattr(command, axis) for axis in AXES]
    fine = 0.0 < max(map(abs, wanted)) <= FINE_LEVEL
    level = FINE_LEVEL if fine else 1.0
    pulses = {FINE: command.duration} if fine else {}
    for key, (axis, sign) in TRANSLATION.items():
        if wanted[axis] * sign > 0.0:
            pulses[key] = command.duration * min(1.0, abs(wanted[axis]) / level)
    whole = {key for key, seconds in pulses.items() if seconds >= command.duration}
    return Presses(pulses, frozenset(whole if whole != {FINE} else ()))


def burnt(held: Mapping[str, float], seconds: float) -> dict[str, float]:
    """Return the mean throttles by axis over `seconds` in which keys were `held` so long, s."""
    level = FINE_LEVEL if FINE in held else 1.0
    means = dict.fromkeys(AXES, 0.0)
    for key, time_s in held.items():
        if key in TRANSLATION and seconds > 0.0:
            axis, sign = TRANSLATION[key]
            means[AXES[axis]] += sign * level * min(1.0, time_s / seconds)
    return means
