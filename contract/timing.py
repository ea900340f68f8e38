"""What a pilot is told of the time between what it sees and what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from helmsight.contract.clock import TimeRule
from helmsight.contract.command import Command
from helmsight.contract.record import StepRecord

RECENT = 9  # decisions whose median is the think time that is expected of the next one
PAUSED = TimeRule("paused")


@dataclass(frozen=True)
class Timing:
    """When an answer will take effect, and what is applied until then, as far as is known.

    `think_s` is how long the decision is expected to take, world seconds; `latency_s` how many
    of them pass from the observation until the command that answers it starts. `meanwhile` is the
    command that is applied throughout them, None when nothing is. `repeats` says whether a
    command goes on past its duration while the pilot thinks about the next one.
    """

    rule: TimeRule = field(default_factory=lambda: PAUSED)
    think_s: float = 0.0
    latency_s: float = 0.0
    meanwhile: Command | None = None
    repeats: bool = True

    @classmethod
    def expected(
        cls,
        rule: TimeRule,
        records: Sequence[StepRecord],
        last: Command | None,
        *,
        repeats: bool,
    ) -> Timing:
        """Return the timing of the decision that follows `records` and the command `last`.

        Under a rule that measures, the next decision is expected to take the median of the last
        nine; the first one of an episode no time.
        """
        repeats = repeats or rule.kind == "runner"
        meanwhile = last if repeats else None
        think = rule.thinks(_usual(rule, records) if rule.measures else 0.0)
        latency = rule.waits(think, getattr(last, "duration", None))
        return cls(rule, think, latency, meanwhile, repeats)

    def applied_s(self, duration: float) -> float:
        """Return how long a command of `duration` is applied until the next one takes over, s.

        The next decision is expected to take as long as this one.
        """
        if self.rule.kind == "runner":
            return self.rule.waits(self.think_s, duration)
        return duration + (self.latency_s if self.repeats else 0.0)


def _usual(rule: TimeRule, records: Sequence[StepRecord]) -> float:
    """Return the median of what the last decisions took, s; 0 before the first."""
    decided = [record for record in records[-RECENT:] if "stale" not in record.repairs]
    if not decided:
        return 0.0
    if rule.kind == "realtime":  # what is in the record of such a world is its own time
        return median(record.lag for record in decided)
    return median(record.think_ms for record in decided) / 1e3
