"""What a record keeps of its task, so that it can be read where the world is not installed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from helmsight.contract.command import CommandForm
from helmsight.contract.measures import FROZEN, Measure
from helmsight.contract.observation import Box
from helmsight.contract.outcome import Outcome
from helmsight.contract.plots import Plot


@dataclass(frozen=True, config=FROZEN)
class Description:
    """The task as data. `note` has to be said with every result of it; `regions` are the boxes of
    its frame, px, that are shown enlarged; `limits` are the units of its guard's limits, by name.
    """

    name: str = ""
    note: str = ""
    command: CommandForm = CommandForm()
    measures: tuple[Measure, ...] = ()
    outcome: Outcome = Outcome()
    plots: tuple[Plot, ...] = ()
    regions: Mapping[str, Box] = Field(default_factory=dict)
    limits: Mapping[str, str] = Field(default_factory=dict)

    @property
    def live(self) -> tuple[Measure, ...]:
        """The measures that are shown step by step."""
        return tuple(measure for measure in self.measures if measure.live)


DESCRIPTION = TypeAdapter(Description)
"""Reads and writes a description as JSON data."""
