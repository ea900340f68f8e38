"""The controls of a game's evader, as arrays that a bot sets and calls that the game is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.pair import Pair, Readings
from helmsight.envs.orbital.scenarios import EVADER

INPUTS = ("forward", "right", "up", "pitch", "yaw", "roll")
Call = Callable[[Any], None]
"""What is done with a connection."""


class EvaderControls(Pair):
    """A game's evader as arrays of one world (see `orbital.bots.Steered`), and what they change.

    A bot reads the newest sample and sets the arrays; `calls` are then what the game is to be told.
    """

    def __init__(self, vessel: Any) -> None:
        self._vessel = vessel
        self.met = np.zeros(1)
        self.position = self.velocity = np.zeros((1, 2, 3))
        self.throttle, self.rotation = np.zeros((1, 2, 3)), np.zeros((1, 2, 3))
        self.rcs = np.zeros((1, 2), dtype=np.bool_)
        self.sas = np.full((1, 2), ADRIFT, dtype=np.int64)
        self.aim = np.full((1, 2, 2, 3), np.nan)
        self._told = self._settings()

    def seen(self, sample: Readings) -> None:
        """Take over where the vessels are."""
        self.met, self.position, self.velocity = sample.met, sample.position, sample.velocity

    def calls(self) -> list[Call]:
        """Return what the game has to be told since the last time, in KSPDG's order.

        The game's own autopilot keeps to the aim: pitch, heading and roll are zero in the orbit.
        """
        before, now = self._told, self._settings()
        self._told = now
        changed = {name: value for name, value in now.items() if value != before[name]}
        calls: list[Call] = []
        if "sas" in changed:
            calls.append(partial(self._point, int(changed.pop("sas"))))
        if changed:
            calls.append(partial(self._set, changed))
        return calls

    def release(self, connection: Any) -> None:
        """Put the inputs to rest and let the autopilot go."""
        self._set(dict.fromkeys(INPUTS, 0.0), connection)
        if self.sas[0, EVADER] == SAS.AIM:
            _engage(self._vessel.auto_pilot, False)

    def _settings(self) -> dict[str, float | bool]:
        forward, right, down = self.throttle[0, EVADER].tolist()
        inputs = (forward, right, 0.0 - down, *self.rotation[0, EVADER].tolist())
        return {
            "sas": int(self.sas[0, EVADER]),
            "rcs": bool(self.rcs[0, EVADER]),
            **dict(zip(INPUTS, inputs, strict=True)),
        }

    def _point(self, mode: int, connection: Any) -> None:
        vessel = self._vessel
        if mode == SAS.AIM:
            pilot = vessel.auto_pilot
            pilot.reference_frame = vessel.orbital_reference_frame
            pilot.target_pitch = pilot.target_heading = pilot.target_roll = 0.0
            _engage(pilot, True)
        else:
            vessel.control.sas = True
            vessel.control.sas_mode = connection.space_center.SASMode(mode)

    def _set(self, settings: dict[str, float | bool], connection: Any) -> None:
        for name, value in settings.items():
            setattr(self._vessel.control, name, value)


def _engage(pilot: Any, on: bool) -> None:
    """Switch an autopilot: by method up to kRPC 0.5, by property from 0.6 on."""
    if hasattr(pilot, "engage"):
        (pilot.engage if on else pilot.disengage)()
    else:
        pilot.engaged = on
