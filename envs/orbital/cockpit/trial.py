"""A key tried on the cockpit's window before a flight: pressed, and seen in the picture."""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from helmsight.contract.observation import Box
from helmsight.envs.errors import CockpitLost
from helmsight.envs.orbital.cockpit import keys
from helmsight.envs.orbital.cockpit.lettering import Picture
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.seat import Seat
from helmsight.envs.orbital.scenarios import find_pursuit
from helmsight.hardware.errors import KeysRefused
from helmsight.hardware.keyboard import Keyboard
from helmsight.hardware.screen import Screen

ANSWER_S = 5.0
"""That the window may take to show what a key did."""
TRIES = 3
FRESH_S = 0.1
"""Three pictures of the window: until then what covered it may still be seen in its place."""


@cache
def lamp() -> tuple[Box, Picture, Picture]:
    """Return where in the picture RCS shows, and how that part looks on and off."""
    seat = Seat(find_pursuit("PE1-E1-I1"))
    on = render(seat.state())
    seat.switch_rcs()
    off = render(seat.state())
    rows, columns = np.nonzero((on != off).any(axis=-1))
    box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    part = np.s_[box[1] : box[3], box[0] : box[2]]
    return box, on[part], off[part]


def try_key(screen: Screen, keyboard: Keyboard) -> float:
    """Press R twice as `_try`, again where something came between: windows that open do, even late.

    One that takes the keyboard is waited for up to TRIES times. One that covers the picture shows
    as a key without an answer: the cockpit is brought to the front once more. Raises as `_try`.
    """
    for number in range(TRIES - 1):
        try:
            return _try(screen, keyboard)
        except KeysRefused:
            pass
        except CockpitLost:
            if number > 0:
                raise
        time.sleep(0.2)
    return _try(screen, keyboard)


def _try(screen: Screen, keyboard: Keyboard) -> float:
    """Press R twice and see the RCS lamp change and change back; return seconds to the change.

    Raises:
        CockpitLost: the picture is no cockpit, or does not answer, with what was seen instead.
        KeysRefused: the window does not keep the keyboard, or the brake is on.
    """
    keyboard.aim()
    time.sleep(FRESH_S)
    began = time.perf_counter()
    while (before := _lit(screen)) is None:
        if time.perf_counter() - began > ANSWER_S:
            raise CockpitLost(f"{_seen(screen)}: this is not the cockpit, or something covers it")
        time.sleep(0.01)
    began = time.perf_counter()
    first = 0.0
    for wanted in (not before, before):
        keyboard.tap(keys.RCS, 0.01)
        while _lit(screen) != wanted:
            if time.perf_counter() - began > ANSWER_S:
                raise CockpitLost(
                    f"key {keys.RCS.upper()} was pressed in {screen.name} and {_seen(screen)}: "
                    "keys do not reach it"
                )
            time.sleep(0.002)
        first = first or time.perf_counter() - began
    return first


def _lit(screen: Screen) -> bool | None:
    """Return whether the RCS lamp is on; None when what is there is no lamp."""
    box, on, off = lamp()
    here = screen.grab().pixels[box[1] : box[3], box[0] : box[2]].astype(np.int16)
    far = [float(np.abs(here - state).mean()) for state in (on, off)]
    if min(far) > 0.5 * float(np.abs(on.astype(np.int16) - off).mean()):
        return None
    return far[0] < far[1]


def _seen(screen: Screen) -> str:
    """Return in words what is where the RCS lamp should be."""
    box, on, off = lamp()
    colours = [
        "RGB " + ",".join(f"{part:.0f}" for part in area.mean(axis=(0, 1)))
        for area in (screen.grab().pixels[box[1] : box[3], box[0] : box[2]], on, off)
    ]
    middle = f"{(box[0] + box[2]) // 2},{(box[1] + box[3]) // 2}"
    return (
        f"the RCS lamp at {middle} of the picture (the picture is {screen.place()} on the screen) "
        f"shows {colours[0]}, on is {colours[1]}, off is {colours[2]}"
    )
