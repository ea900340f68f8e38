"""What a supervisor did between two observations, told once and in few words."""

from __future__ import annotations

import re
from collections import deque

from helmsight.hardware.supervision.interventions import Intervention, Rule

_NUMBERS = re.compile(r"[-+]?\d[\d.e+-]*")
STEPWISE = frozenset({Rule.step, Rule.speed, Rule.acceleration, Rule.tool_speed})
"""Cuts that every step of a long way has: no news where the way is gone in steps."""


class News:
    """Listens to a supervisor, from any thread, and tells what is worth telling.

    `resting`: the robot was seen to stand. That the watchdog then holds it, since the pilot thinks
    for longer, changes nothing. `stepwise`: cuts of single steps are no news. `count` of what was
    worth telling of the supervisor's doing; what the world says itself is no intervention.
    """

    def __init__(self) -> None:
        self.resting, self.stepwise, self.count = True, False, 0
        self._texts: deque[tuple[str, bool]] = deque(maxlen=1000)  # and whether it was heard

    def heard(self, event: Intervention) -> None:
        """Take what the supervisor did."""
        idle = self.resting and event.rule is Rule.watchdog
        if not idle and not (self.stepwise and event.rule in STEPWISE):
            self._texts.append((event.text, True))

    def say(self, text: str) -> None:
        """Add a line."""
        self._texts.append((text, False))

    def add(self, text: str) -> None:
        """Add a line unless the supervisor told it already."""
        if all(text != told for told, _ in self._texts):
            self.say(text)

    def clear(self) -> None:
        """Forget all that came before a run."""
        self._texts.clear()
        self.count = 0

    def take(self) -> tuple[str, ...]:
        """Return what is new, oldest first; what differs in its numbers alone is told once."""
        lines: dict[str, tuple[str, int]] = {}
        heard_of = set()
        while self._texts:
            text, heard = self._texts.popleft()
            first, times = lines.get(key := _NUMBERS.sub("#", text), (text, 0))
            lines[key] = (first, times + 1)
            if heard:
                heard_of.add(key)
        self.count += len(heard_of)
        return tuple(
            f"{text} ({times} times)" if times > 1 else text for text, times in lines.values()
        )
