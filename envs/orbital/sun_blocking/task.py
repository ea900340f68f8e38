"""Sun blocking as a task: what its pilots are told, and what is kept, drawn and judged of it."""

from __future__ import annotations

from collections.abc import Mapping

from helmsight.contract.measures import Measure
from helmsight.contract.observation import Box
from helmsight.contract.outcome import Outcome
from helmsight.contract.plots import Curve, TimePlot
from helmsight.contract.task import Task
from helmsight.envs.orbital import task
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.guard import BurnGuard
from helmsight.envs.orbital.sun_blocking.panel import TELEMETRY
from helmsight.envs.orbital.sun_blocking.sights import OBJECTS, in_view, known_relations
from helmsight.envs.orbital.told import teller

GOAL = (
    "Stand between the evader and the sun: a hundred metres from the evader, on the line to the "
    "sun, as soon as you can and for as long as you can."
)
MEASURES = (
    *(measure for measure in task.MEASURES if measure.name != "telemetry"),
    Measure("phase_angle", "deg", "angle from sun to pursuer", "lower", live=True),
    Measure("blocking", "", "what this moment counts", "higher", live=True, digits=3),
    Measure("sun"),
    Measure("telemetry"),
)
"""`sun` is the direction to the sun in the evader's (radial, along-track, normal) axes."""
OUTCOME = Outcome(
    score=Measure("score", better="higher"),
    terms=(
        Measure("most_blocking", "", "most that a moment counted", "higher", digits=3),
        Measure("least_blocking", "", "least that a moment counted", "higher", digits=3),
        task.FUEL,
    ),
)
PLOTS = (
    TimePlot("blocking", "What a moment counts", "", (Curve("blocking"),), zero=True),
    TimePlot("range", "Range to the evader", "m", (Curve("range"),), log=True),
    TimePlot("phase", "Angle between pursuer and sun", "deg", (Curve("phase_angle"),), zero=True),
    task.way("trajectory", "Trajectory around the evader", "relative_position", "evader"),
    task.PROPELLANT,
)


def blocking_task(name: str, regions: Mapping[str, Box]) -> Task:
    """Return the task of the scenario called `name`; `regions` are the instruments of its frame."""
    return Task(
        name=name,
        goal=GOAL,
        command=BurnCommand,
        objects=OBJECTS,
        regions=regions,
        fields=TELEMETRY,
        briefing=task.briefing("sb1"),
        examples=task.examples("SB1"),
        measures=MEASURES,
        guard=BurnGuard,
        outcome=OUTCOME,
        plots=PLOTS,
        clock=task.TWIN,
        note=task.NOTE,
        known=known_relations,
        tells=teller("the evader", sun=True),
        in_view=in_view,
    )
