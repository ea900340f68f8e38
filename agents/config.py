"""How the loop runs, whoever flies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from helmsight.contract.command import Command
from helmsight.contract.guard import Limits
from helmsight.contract.ranges import DAY_S


class OperatorConfig(BaseModel):
    """How the loop runs, whoever flies.

    `limits` are those of the world's guard, or the fields that differ from its defaults. An
    answer to an observation older than `max_age_s` world seconds is dropped for the safe default
    (`late="drop"`) or flown from the moment it arrives (`late="retime"`); both are counted. A
    picture that has not changed for `frozen_s` world seconds is refused; None: as the world says.
    `approve` names the
    commands that wait for a person: none, all, or those for which the callable returns True.
    An episode ends when its models have counted `max_tokens_total` tokens, in and out, or cost
    `max_cost` US dollars; the step that gets there is still flown.
    `checkpoint`, an SQLite file, keeps what waits for a person across an interruption.

    `drive` is who calls the nodes of the loop: "plain" calls them one after the other; "graph" is
    a LangGraph, which can interrupt for a person, keep a checkpoint and stream. "auto" takes the
    graph where a person is to approve and the plain one elsewhere. The steps are the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    grounding: str = "direct"
    limits: SerializeAsAny[Limits] | Mapping[str, Any] = Field(default_factory=dict)
    max_age_s: float = Field(default=10.0, gt=0, le=DAY_S)
    late: Literal["drop", "retime"] = "drop"
    wall_budget_s: float | None = Field(default=None, gt=0, le=366 * DAY_S)
    max_tokens_total: int | None = Field(default=None, gt=0, le=10**12)
    max_cost: float | None = Field(default=None, gt=0, le=1e6)
    history: int = Field(default=4, ge=0, le=1000)
    frozen_s: float | None = Field(default=None, gt=0, le=DAY_S)
    approve: Literal["off", "all"] | Callable[[Command], bool] = "off"
    checkpoint: Path | None = None
    drive: Literal["auto", "plain", "graph"] = "auto"

    def needs_approval(self, command: Command) -> bool:
        """Return whether `command` waits for a person."""
        return self.approve(command) if callable(self.approve) else self.approve == "all"

    @property
    def by_graph(self) -> bool:
        """Whether a LangGraph drives the loop."""
        return self.drive == "graph" or (self.drive == "auto" and self.approve != "off")
