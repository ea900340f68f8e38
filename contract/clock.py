"""How world time passes while an operator thinks: the four time rules."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from helmsight.contract.errors import InvalidOption


@dataclass(frozen=True)
class TimeRule:
    """`paused`: the world waits. `fixed:S`: it runs S seconds per decision. `measured`: it runs as
    long as the decision really took. `realtime`: a wall clock paces the whole episode.
    """

    kind: Literal["paused", "fixed", "measured", "realtime"]
    seconds: float = 0.0

    @classmethod
    def parse(cls, text: str) -> TimeRule:
        """Read "paused", "measured", "realtime" or "fixed:S" (S >= 0 seconds).

        Raises:
            InvalidOption: for anything else.
        """
        kind, _, value = text.partition(":")
        if kind in ("paused", "measured", "realtime") and not value:
            return cls(kind)  # type: ignore[arg-type]
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if kind == "fixed" and math.isfinite(seconds) and seconds >= 0:
            return cls("fixed", seconds)
        raise InvalidOption(
            f"time={text!r} is not known; choose paused, measured, realtime or fixed:SECONDS"
        )

    def __str__(self) -> str:
        return f"fixed:{self.seconds:g}" if self.kind == "fixed" else self.kind


@dataclass(frozen=True)
class ClockRules:
    """The kinds of time rule that a world can keep, and the rule it is run by if none is asked for.

    A world that can be built again from its seed and steps is `rebuilt`: an interrupted episode
    of it can be resumed. One that runs by a wall clock cannot. A picture that has not changed for
    `frozen_s` world seconds is refused; None where pictures may stand still.
    """

    kinds: tuple[str, ...] = ("paused", "fixed", "measured", "realtime")
    default: str = "measured"
    rebuilt: bool = True
    frozen_s: float | None = 5.0


class Clock:
    """Turns the wall time between an observation and its command into world seconds.

    The loop may report the exact think time with `thought`; without it, the time since the
    observation was handed out counts.
    """

    def __init__(self, rule: TimeRule, now: Callable[[], float] = time.perf_counter) -> None:
        self.rule = rule
        self._now = now
        self._shown_at = now()
        self._reported: float | None = None
        self._retraced: float | None = None

    def observed(self) -> None:
        """Mark the moment an observation is handed out."""
        self._shown_at = self._now()
        self._reported = self._retraced = None

    def thought(self, seconds: float) -> None:
        """Report how long deciding took, wall seconds, so that bookkeeping is not counted."""
        self._reported = max(0.0, seconds)

    def retrace(self, lag: float) -> None:
        """Have the next step be one that was recorded: its lag is known, and nothing is paced."""
        self._retraced = lag

    def lag(self, thought: float | None = None) -> float:
        """Return the world seconds that pass before the next command takes effect."""
        if self._retraced is not None:
            return self._retraced
        if self.rule.kind == "paused":
            return 0.0
        if self.rule.kind == "fixed":
            return self.rule.seconds
        if self.rule.kind == "realtime":  # bookkeeping takes real time too
            return self._now() - self._shown_at
        spent = self._reported if thought is None else thought
        return self._now() - self._shown_at if spent is None else spent

    def pace(self, seconds: float) -> None:
        """Under `realtime`, sleep for `seconds` of the wall clock; otherwise return at once."""
        if self.rule.kind == "realtime" and seconds > 0 and self._retraced is None:
            time.sleep(seconds)


def hold_rule(value: str) -> str:
    """Return `value` as what a thruster does while its pilot thinks, or raise InvalidOption."""
    if value not in ("repeat", "coast"):
        raise InvalidOption(f"hold={value!r} is not known; choose repeat or coast")
    return value
