"""The families of scenarios that the twin flies, each with all that is special to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from helmsight.contract.observation import Box, TelemetryField
from helmsight.contract.task import Task
from helmsight.envs.orbital import panel, sights, task
from helmsight.envs.orbital.cockpit.beside import RADAR, SUNDIAL
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.cockpit.stills import painter
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.lady_bandit_guard import panel as trio
from helmsight.envs.orbital.lady_bandit_guard.scoring import GuardingKeeper
from helmsight.envs.orbital.lady_bandit_guard.sights import craft_relations
from helmsight.envs.orbital.lady_bandit_guard.task import guarding_task
from helmsight.envs.orbital.lady_bandit_guard.world import SETTLE as GUARDED_SETTLE
from helmsight.envs.orbital.scoring import ScoreKeeper
from helmsight.envs.orbital.sights import Placed
from helmsight.envs.orbital.sun_blocking import panel as sunlit
from helmsight.envs.orbital.sun_blocking.scoring import BlockingKeeper
from helmsight.envs.orbital.sun_blocking.sights import marker_relations as sunlit_relations
from helmsight.envs.orbital.sun_blocking.task import blocking_task
from helmsight.envs.orbital.world import SETTLE


class Keeper(Protocol):
    """Keeps the score of a batch of worlds; a sample is taken at reset and after every command."""

    def sample(self, world: Any) -> None:
        """Look at the worlds now."""
        ...

    def reward(self, world: Any, i: int, over: bool) -> float:
        """Return KSPDG's reward of world `i` for the step that has ended."""
        ...

    def figures(self, world: Any, i: int) -> dict[str, float]:
        """Return what an environment tells of world `i`: score, and what it is made of; SI."""
        ...


@dataclass(frozen=True)
class Family:
    """One family of KSPDG: what its worlds show, how they are scored, and what its pilots are told.

    `telemetry`, `measures` and `cockpit` read world `i` of a batch. `relations` are the true ones
    between what the cockpit shows. `beside` is what the panel beside its readouts is called, if it
    has one. `settling` is the time from loading to the first observation, s.
    """

    name: str
    kind: str
    fields: tuple[TelemetryField, ...]
    telemetry: Callable[[Any, int], Array]
    measures: Callable[[Any, int], dict[str, float | list[float]]]
    keeper: Callable[[Any], Keeper]
    task: Callable[[str, Mapping[str, Box]], Task]
    cockpit: Callable[[Any, int], CockpitState]
    relations: Callable[[CockpitState], list[Placed]]
    beside: str = ""
    settling: float = SETTLE

    def told(self, name: str, layout: Layout) -> Task:
        """Return the task of the scenario called `name`, for a cockpit that looks like that."""
        told = self.task(name, layout.regions(self.beside))
        return replace(told, stills=painter(layout, self.beside))


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "PE1", "pursuit", panel.TELEMETRY, panel.telemetry, panel.measures, ScoreKeeper,
            task.pursuit_task, panel.cockpit_state, sights.marker_relations,
        ),
        Family(
            "LBG1", "lady-bandit-guard", trio.TELEMETRY, trio.telemetry, trio.measures,
            GuardingKeeper, guarding_task, trio.cockpit, craft_relations, RADAR, GUARDED_SETTLE,
        ),
        Family(
            "SB1", "sun blocking", sunlit.TELEMETRY, sunlit.telemetry, sunlit.measures,
            BlockingKeeper, blocking_task, sunlit.cockpit, sunlit_relations, SUNDIAL,
        ),
    )
}  # fmt: skip
