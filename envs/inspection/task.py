"""An inspection as a task: what its pilots are told, and what is kept, drawn and judged of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helmsight.contract.clock import ClockRules
from helmsight.contract.measures import Measure
from helmsight.contract.outcome import Outcome
from helmsight.contract.plots import Curve, Plot, TimePlot
from helmsight.contract.task import Task
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.looks import VIEWS, WAYS
from helmsight.envs.inspection.sites import SITES
from helmsight.envs.inspection.states import reportable
from helmsight.envs.inspection.telemetry import fields
from helmsight.hardware.spec import RobotSpec

NAME = "Inspection"
GOAL = "Inspect the satellite: look at every part of the list and report the state of each."
NOTE = (
    "What is wrong is known in an emulated cell only: there the reports are marked, elsewhere they "
    "are what the pilot said."
)
CLOCK = ClockRules(("realtime",), "realtime", rebuilt=False, continues=True, frozen_s=None)
"""Frozen pictures are told by the camera's own checks."""
MEASURES = (
    Measure("met", "s", "world time"),
    Measure("looks", live=True, digits=0),
    Measure("reported", "", "parts reported", live=True, digits=0),
    Measure("touches", "", "satellite touched", "lower", live=True, digits=0, optional=True),
    Measure("interventions", "", better="lower", live=True, digits=0),
    Measure("way", "m", "way of the tool", digits=3),
    Measure("telemetry"),
)
OUTCOME = Outcome(
    "inspected",
    score=Measure("score", better="higher", digits=2, optional=True),
    terms=(
        Measure("looks", digits=0),
        Measure("reported", "", "parts reported", "higher", digits=0),
        Measure("touches", "", "satellite touched", "lower", digits=0, optional=True),
        Measure("interventions", "", better="lower", digits=0),
        Measure("coverage", "", "parts seen whole, share", "higher", digits=2, optional=True),
        Measure("states_right", "", "states right, share", "higher", digits=2, optional=True),
        Measure("f1", "", "F1 of defects", "higher", digits=2, optional=True),
    ),
)
"""The optional ones are told where the truth is known: in a cell of our own."""
PLOTS: tuple[Plot, ...] = (
    TimePlot("looks", "Looks and reports so far", "", (Curve("looks"), Curve("reported"))),
    TimePlot("interventions", "Interventions so far", "", (Curve("interventions"),), fill=True),
)


def facts(parts: Sequence[str], views: int, seconds: float | None) -> dict[str, Any]:
    """Return what the words for a model are filled with.

    parts: asked for, with their sites. states: those in which each can be reported. views: the
    names of all looks. budget_views, budget_seconds: what may be spent; None: no limit. A reset
    adds `tour`: the sites in an order that turns the turntable least.
    """
    return {
        "parts": {part: [site.name for site in SITES if site.part == part] for part in parts},
        "states": {part: list(reportable(part)) for part in parts},
        "views": list(VIEWS),
        "ways": [way for way in WAYS if way],
        "budget_views": views,
        "budget_seconds": seconds,
    }


def inspection_task(
    spec: RobotSpec, parts: Sequence[str], views: int, seconds: float | None, consent: str
) -> Task:
    """Return the task of inspecting `parts` with the arm of a description."""
    return Task(
        name=NAME,
        goal=GOAL,
        command=InspectionCommand,
        objects=tuple(parts),
        fields=fields(spec),
        briefing='{% include "inspection/world.j2" %}',
        facts=facts(parts, views, seconds),
        measures=MEASURES,
        outcome=OUTCOME,
        plots=PLOTS,
        clock=CLOCK,
        note=NOTE,
        consent=consent,
    )
