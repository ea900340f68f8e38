"""Lady, bandit and guard as a task: what pilots are told; what is kept, drawn and judged."""

from __future__ import annotations

from collections.abc import Mapping

from helmsight.contract.measures import Measure
from helmsight.contract.observation import Box
from helmsight.contract.outcome import Outcome
from helmsight.contract.plots import Curve, TimePlot
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.guard import BurnGuard
from helmsight.envs.orbital.lady_bandit_guard.panel import TELEMETRY
from helmsight.envs.orbital.lady_bandit_guard.sights import (
    OBJECTS,
    SIGHTLINES,
    in_view,
    known_relations,
)
from helmsight.envs.orbital.task import FUEL, NOTE, PROPELLANT, TWIN, briefing, examples, way
from helmsight.envs.orbital.told import teller

GOAL = (
    "You are the bandit: come within five metres of the lady, and stay as far from the guard as "
    "you can on the way."
)
MEASURES = (
    Measure("met", "s", "world time"),
    Measure("range", "m", "range to the lady", "lower", live=True),
    Measure("speed", "m/s", "speed relative to the lady"),
    Measure("closing", "m/s", live=True),
    Measure("guard_range", "m", "range to the guard", "higher", live=True),
    Measure("guard_closing", "m/s", "closing with the guard"),
    Measure("guard_angle", "deg", "angle between lady and guard"),
    Measure("propellant", "units", better="higher"),
    Measure("mass", "kg"),
    Measure("fuel_used", "kg", "propellant used", better="lower"),
    Measure("time_left", "s", live=True),
    Measure("relative_position", "m"),
    Measure("guard_position", "m"),
    Measure("caught", label="caught by the guard"),
    Measure("telemetry"),
)
"""Positions are in the lady's (radial, along-track, normal) axes."""
OUTCOME = Outcome(
    success="captured",
    score=Measure("score", better="lower"),
    terms=(
        Measure("closest_lady_m", "m", "closest to the lady", "lower", key="closest_lady"),
        Measure("closest_guard_m", "m", "closest to the guard", "higher", key="closest_guard"),
        FUEL,
    ),
)
PLOTS = (
    TimePlot(
        "range",
        "Range to lady and guard",
        "m",
        (Curve("range", "lady"), Curve("guard_range", "guard")),
        log=True,
        mark="lowest",
    ),
    TimePlot(
        "speed",
        "Closing speeds",
        "m/s",
        (Curve("closing", "lady"), Curve("guard_closing", "guard")),
        zero=True,
    ),
    TimePlot(
        "angle", "Angle between lady and guard", "deg", (Curve("guard_angle"),), zero=True, colour=1
    ),
    way("trajectory", "The bandit's way around the lady", "relative_position", "lady"),
    way("guard", "The guard's way around the lady", "guard_position", "lady"),
    PROPELLANT,
)


def guarding_task(name: str, regions: Mapping[str, Box]) -> Task:
    """Return the task of the scenario called `name`; `regions` are the instruments of its frame."""
    return Task(
        name=name,
        goal=GOAL,
        command=BurnCommand,
        objects=OBJECTS,
        regions=regions,
        fields=TELEMETRY,
        briefing=briefing("lbg1"),
        examples=examples("LBG1"),
        measures=MEASURES,
        guard=BurnGuard,
        outcome=OUTCOME,
        plots=PLOTS,
        clock=TWIN,
        note=NOTE,
        tells=teller("the lady", "the guard"),
        known=known_relations,
        in_view=in_view,
        sightlines=SIGHTLINES,
    )
