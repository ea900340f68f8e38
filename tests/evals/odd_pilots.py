"""Pilots of another distribution that die, hang and eat memory; in the example's room."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from thermostat import TwoPoint


class Dies(TwoPoint):
    """Takes its process along at the third decision."""

    name = "dies"

    def reset(self, task, seed):
        self._left = 3

    def decide(self, sighting):
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().decide(sighting)


class DiesOnce(Dies):
    """Does so in the first attempt only."""

    name = "dies-once"

    def reset(self, task, seed):
        mark = Path(os.environ["ODD_PILOTS"]) / f"seed{seed}"
        self._left = 99 if mark.exists() else 3
        mark.touch()


class Hangs(TwoPoint):
    """Never answers."""

    name = "hangs"

    def decide(self, sighting):
        while True:
            time.sleep(1.0)


class Eats(TwoPoint):
    """Holds more memory with every decision."""

    name = "eats"

    def reset(self, task, seed):
        self._held = []

    def decide(self, sighting):
        self._held.append(bytearray(os.urandom(2**20)) * 100)
        time.sleep(0.1)
        return super().decide(sighting)


class Raises(TwoPoint):
    """Has a bug."""

    name = "raises"

    def decide(self, sighting):
        raise ZeroDivisionError("of the pilot's own making")
