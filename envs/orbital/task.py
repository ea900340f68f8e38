"""The pursuit as a task: what its pilots are told, and what is kept, drawn and judged of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from helmsight.contract.clock import ClockRules
from helmsight.contract.description import Description
from helmsight.contract.jsontext import parse_json
from helmsight.contract.measures import Measure
from helmsight.contract.observation import Box
from helmsight.contract.outcome import Outcome
from helmsight.contract.plots import Curve, PathPlot, TimePlot
from helmsight.contract.task import Example, Task
from helmsight.contract.textfiles import read_text
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.guard import BurnGuard
from helmsight.envs.orbital.panel import TELEMETRY
from helmsight.envs.orbital.sights import MARKERS, known_relations
from helmsight.envs.orbital.told import teller

GOAL = "Fly to the target: come within five metres of it, slowly, early and with little propellant."
NOTE = (
    "Flown on the orbital twin, not in Kerbal Space Program: scenario, actions and scoring formula "
    "are KSPDG's, the engine is not."
)
FUEL = Measure("fuel_kg", "kg", "propellant used", "lower", key="fuel_used", digits=0)
PROPELLANT = TimePlot(
    "propellant", "Propellant left", "units", (Curve("propellant"),), fill=True, colour=2
)
"""A term of the outcome and a plot that all families have."""


def way(name: str, title: str, key: str, origin: str) -> PathPlot:
    """Return the plot of a way around a vessel, `origin`; `key` names it in that vessel's axes."""
    return PathPlot(name, title, "m", key, ("radial", "along-track", "normal"), origin=origin)


MEASURES = (
    Measure("met", "s", "world time"),
    Measure("range", "m", better="lower", live=True),
    Measure("speed", "m/s"),
    Measure("closing", "m/s", live=True),
    Measure("propellant", "units", better="higher", live=True),
    Measure("mass", "kg"),
    Measure("fuel_used", "kg", "propellant used", better="lower"),
    Measure("time_left", "s", live=True),
    Measure("relative_position", "m"),
    Measure("telemetry"),
)
"""`relative_position` is the pursuer's in the evader's (radial, along-track, normal) axes."""
OUTCOME = Outcome(
    success="captured",
    score=Measure("score", better="lower"),
    terms=(
        Measure("closest_approach_m", "m", "closest approach", "lower", key="closest_approach"),
        Measure("closest_speed_mps", "m/s", "speed there", "lower", key="closest_speed"),
        FUEL,
    ),
)
PLOTS = (
    TimePlot("range", "Range to the target", "m", (Curve("range"),), log=True, mark="lowest"),
    TimePlot(
        "speed",
        "Speed relative to the target",
        "m/s",
        (Curve("speed", "relative speed"), Curve("closing", "closing speed")),
        zero=True,
    ),
    way("trajectory", "Trajectory around the target", "relative_position", "target"),
    PROPELLANT,
)


@cache
def briefing(family: str = "") -> str:
    """Return the words for a model that flies a family, a pursuit by default: a Jinja2 template."""
    name = f"briefing_{family}" if family else "briefing"
    return read_text(files(__package__).joinpath(f"data/{name}.j2"))


@cache
def examples(family: str = "PE1") -> tuple[Example, ...]:
    """Return the frames with answers that go with a question, the most telling first."""
    folder = files(__package__) / "data" / "few_shot"
    entries = parse_json(read_text(folder / "few_shot.json"))["examples"]
    return tuple(
        Example((folder / entry["image"]).read_bytes(), "image/jpeg", entry["why"], entry["answer"])
        for entry in entries
        if entry["task"] == family
    )


def pursuit_task(name: str, regions: Mapping[str, Box]) -> Task:
    """Return the task of the scenario called `name`; `regions` are the instruments of its frame."""
    return Task(
        name=name,
        goal=GOAL,
        command=BurnCommand,
        objects=MARKERS,
        regions=regions,
        fields=TELEMETRY,
        briefing=briefing(),
        examples=examples(),
        measures=MEASURES,
        guard=BurnGuard,
        outcome=OUTCOME,
        plots=PLOTS,
        clock=TWIN,
        note=NOTE,
        known=known_relations,
        tells=teller("the target"),
    )


TWIN = ClockRules(("paused", "fixed", "measured", "runner", "realtime"))
REALTIME = ClockRules(("realtime",), "realtime", rebuilt=False)
"""Worlds that run by themselves: the game, a window."""


def describe_schema_1(environment: str, scenario: str = "") -> Description:
    """Return the description that records of schema 1 lack: all of them were pursuits."""
    name = scenario or environment.removeprefix("helmsight/").removesuffix("-v0")
    twin = environment.startswith("helmsight/PE1-")
    return Description(
        name, NOTE if twin else "", BurnCommand.form, MEASURES, OUTCOME, PLOTS,
        limits=BurnGuard.limits_model.units(),
    )  # fmt: skip
