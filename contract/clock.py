"""How world time passes while an operator thinks: the five time rules."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from helmsight.contract.errors import InvalidOption
from helmsight.contract.ranges import MANY

Kind = Literal["paused", "fixed", "measured", "runner", "realtime"]
RULES = {
    "measured": "the world runs as long as a decision really takes",
    "runner": "KSPDG's: the last command is run again, as a whole, until a decision has come",
    "runner:0.5": "the same, with decisions that last 0.5 s",
    "fixed:0.5": "the world runs 0.5 s a decision",
    "paused": "the world waits",
    "realtime": "a wall clock paces everything",
}
CHOICES = "paused, measured, realtime or fixed:SECONDS, runner or runner:SECONDS"
SLACK = 1e-6
"""Share of a duration by which an answer may miss a boundary and still be taken there: rounding."""


@dataclass(frozen=True)
class TimeRule:
    """`paused`: the world waits. `fixed:S`: it runs S seconds per decision. `measured`: it runs as
    long as the decision really took. `runner`: it runs the last command for its whole duration,
    again and again, until a decision has come, as KSPDG's AgentEnvRunner does; `runner:S` takes
    every decision to last S seconds. `realtime`: a wall clock paces the whole episode.
    """

    kind: Kind
    seconds: float | None = None

    @classmethod
    def parse(cls, text: str) -> TimeRule:
        """Read "paused", "measured", "runner", "realtime", "fixed:S" or "runner:S", S from 0 to a
        million seconds.

        Raises:
            InvalidOption: for anything else.
        """
        kind, colon, value = text.partition(":")
        if kind in ("paused", "measured", "runner", "realtime") and not colon:
            return cls(kind)  # type: ignore[arg-type]
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if kind in ("fixed", "runner") and 0.0 <= seconds <= MANY:
            return cls(kind, seconds)  # type: ignore[arg-type]
        raise InvalidOption(f"time={text!r} is not known; choose {CHOICES} (0 to {MANY} seconds)")

    def __str__(self) -> str:
        return self.kind if self.seconds is None else f"{self.kind}:{self.seconds:g}"

    @property
    def measures(self) -> bool:
        """Whether what a decision really takes makes a difference to the world."""
        return self.kind != "paused" and self.seconds is None

    def check(self, duration: float) -> None:
        """Raise InvalidOption where a command of `duration` s cannot be given under this rule."""
        if self.kind == "runner" and not 0.0 < duration < math.inf:
            raise InvalidOption(
                f"duration={duration:g}: under time={self} a command is run for its whole duration "
                "until the next one comes; give more than 0 seconds"
            )

    def thinks(self, spent: float) -> float:
        """Return the world seconds that a decision counts for which took `spent` seconds."""
        if self.kind == "paused":
            return 0.0
        return spent if self.seconds is None else self.seconds

    def waits(self, spent: float, running: float | None) -> float:
        """Return the world seconds from an observation to the start of the command it leads to.

        `running` is the duration of the command that is applied meanwhile, s; None when there is
        none yet, and nothing to wait for.
        """
        think = self.thinks(spent)
        if self.kind != "runner" or running is None:
            return think
        return repeats(think, running) * running


def repeats(think: float, running: float) -> int:
    """Return how often a runner applies a command of `running` s while a decision takes `think`.

    At least once: it looks for an answer right after it has handed out the observation, before
    anyone can have given one. Source: kspdg 0.14.0, agent_api/ksp_interface.py.
    """
    return max(1, math.ceil(think / running - SLACK))


@dataclass(frozen=True)
class ClockRules:
    """The kinds of time rule that a world can keep, and the rule it is run by if none is asked for.

    A world that can be built again from its seed and steps is `rebuilt`: an interrupted episode
    of it is resumed by giving it every recorded command again. One that runs by a wall clock
    cannot. Where it `continues`, it stands where it was left: an interrupted episode goes on from
    there, and no recorded command is ever given again. A picture that has not changed for
    `frozen_s` world seconds is refused; None where pictures may stand still.
    """

    kinds: tuple[str, ...] = ("paused", "fixed", "measured", "realtime")
    default: str = "measured"
    rebuilt: bool = True
    continues: bool = False
    frozen_s: float | None = 5.0

    def check(self, rule: TimeRule, world: str) -> None:
        """Raise InvalidOption unless the world called `world` can keep `rule`."""
        if rule.kind not in self.kinds:
            raise InvalidOption(
                f'the world "{world}" cannot keep time={rule}; it knows: {", ".join(self.kinds)}'
            )


class Clock:
    """Turns the wall time between an observation and its command into world seconds.

    The loop may report the exact think time with `thought`; without it, the time since the
    observation was handed out counts. A world that keeps `runner` tells with `runs` which
    command it is that is repeated.
    """

    def __init__(
        self,
        rule: TimeRule,
        now: Callable[[], float] = lambda: time.perf_counter(),  # looked up when called
    ) -> None:
        self.rule = rule
        self.running: float | None = None
        self._now = now
        self._shown_at = now()
        self._reported: float | None = None
        self._retraced: float | None = None

    def observed(self) -> None:
        """Mark the moment an observation is handed out."""
        self._shown_at = self._now()
        self._reported = self._retraced = None

    def runs(self, duration: float | None) -> None:
        """Tell the duration, s, of the command that is applied from now on; None: there is none.

        Raises:
            InvalidOption: a duration that a runner could not repeat.
        """
        if duration is not None:
            self.rule.check(duration)
        self.running = duration

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
        spent = self._reported if thought is None else thought
        if spent is None or self.rule.kind == "realtime":  # bookkeeping takes real time too
            spent = self._now() - self._shown_at
        return self.rule.waits(spent, self.running)

    def pace(self, seconds: float) -> None:
        """Under `realtime`, sleep for `seconds` of the wall clock; otherwise return at once."""
        if self.rule.kind == "realtime" and seconds > 0 and self._retraced is None:
            time.sleep(seconds)


def hold_rule(value: str, rule: TimeRule | None = None) -> str:
    """Return `value` as what a thruster does while its pilot thinks, or raise InvalidOption.

    Under a `rule` that repeats the last command there is nothing to choose.
    """
    if value not in ("repeat", "coast"):
        raise InvalidOption(f"hold={value!r} is not known; choose repeat or coast")
    if value == "coast" and rule is not None and rule.kind == "runner":
        raise InvalidOption(
            f"hold='coast': under time={rule} the last command is run again; choose repeat"
        )
    return value
