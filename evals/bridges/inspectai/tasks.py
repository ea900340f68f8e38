"""The tasks `helmsight/flight` and `helmsight/suite` of Inspect AI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import Sample

from helmsight.agents.inspection.making import Settings as LookSettings
from helmsight.contract.clock import TimeRule
from helmsight.contract.errors import InvalidOption
from helmsight.envs.registry import find_environment, scenario_name, task_of
from helmsight.evals.bridges.asked import scenarios as named
from helmsight.evals.bridges.asked import seeds as listed
from helmsight.evals.bridges.inspectai.flying import BROUGHT, EYES, MODEL, fly
from helmsight.evals.bridges.inspectai.outcomes import each, outcome
from helmsight.evals.episode import SCHEMA, Episode
from helmsight.evals.plan import Plan, plan
from helmsight.evals.suite import PilotEntry, Suite, read_suite, suite_of

ITS_MODEL = {"model": MODEL, "inspector:model": EYES}
"""What people write for a pilot with the model that Inspect evaluates."""
STILL = "paused"
"""The time rule where nobody says otherwise: what a model waits for in a queue is not its own."""


@task
def flight(
    scenarios: str | list[str] = "PE1-E1-I2",
    seeds: int | str | list[int] = 3,
    pilot: str = "model",
    observation: str = "",
    time: str = "",
    grounding: str = "",
    disturbances: str | list[str] = "",
    max_steps: int | None = None,
    options: dict[str, Any] | None = None,
    pilot_options: dict[str, Any] | None = None,
) -> Task:
    """Episodes of any world of Helmsight: scenarios x seeds x disturbances, by one pilot.

    Args:
        scenarios: names or patterns of worlds.
        seeds: how many from 0 on, or a list.
        pilot: "model" for the model that Inspect evaluates, "inspector:model" for our inspector
            with this model as its eyes; any pilot of ours, as "rendezvous".
        observation: what a model is shown: frame, telemetry or frame+telemetry.
        time: a time rule; "": paused, or the world's own where it cannot wait.
        grounding: relations that are asked for before deciding.
        disturbances: names, each with a strength after ":"; "": none.
        max_steps: decisions of an episode.
        options, pilot_options: of the worlds, and of a pilot of ours.
    """
    worlds, own = named(scenarios), pilot_options or {}
    entry = _entry(pilot, observation, grounding) | {"options": own}
    if entry["pilot"] in BROUGHT:
        strange = set(own) - (set(LookSettings.model_fields) if entry["pilot"] == EYES else set())
        if strange:
            raise InvalidOption(
                f"pilot_options: {', '.join(sorted(strange))}: a model of Inspect is told such "
                "things by Inspect, as --temperature or -M NAME=VALUE"
            )
        LookSettings.out_of(own)
    data = {
        "name": "flight",
        "pilots": [entry],
        "scenarios": worlds,
        "seeds": listed(seeds),
        "times": [time or _rule(worlds)],
        "disturbances": [disturbances] if isinstance(disturbances, str) else disturbances,
        "options": options or {},
        "max_steps": max_steps,
    }
    return _made(plan(suite_of(data, "flight"), Path("flight"), brought=BROUGHT))


@task
def suite(
    suite: str = "smoke", pilot: str = "", observation: str = "", limit: int | None = None
) -> Task:
    """An evaluation suite of Helmsight.

    Args:
        suite: the name of a shipped one, or a file.
        pilot: who flies instead of the suite's pilots; "model" and "inspector:model"
            as for `flight`.
        observation: what that pilot is shown, if it is a model.
        limit: the first so many episodes.
    """
    read, path = read_suite(suite)
    if pilot:
        entry = PilotEntry.model_validate(_entry(pilot, observation, ""))
        # how questions are put is the variant of a pilot
        variants = {e.variant for e in read.entries} if read.kind == "questions" else {""}
        entries = [entry.model_copy(update={"variant": name}) for name in sorted(variants)]
        read = read.model_copy(update={"pilots": entries})
    return _made(plan(read, path, limit, brought=BROUGHT))


def _entry(pilot: str, observation: str, grounding: str) -> dict[str, Any]:
    """Return a pilot as an entry of a suite."""
    name = ITS_MODEL.get(pilot, pilot)
    return {"pilot": name, "observation": observation, "grounding": grounding}


def _rule(worlds: Sequence[str]) -> str:
    """Return the time rule for worlds given by name; a pattern is of worlds that can wait."""
    exact = [name for name in worlds if not set(name) & set("*?[")]
    rules = [task_of(scenario_name(find_environment(name))).clock for name in exact]
    for clock, name in zip(rules, exact, strict=True):
        try:
            clock.check(TimeRule.parse(STILL), name)
        except InvalidOption:
            return clock.default
    return STILL


def _made(planned: Plan) -> Task:
    """Return the task of a plan: a sample for every episode."""
    names = _competitors(planned.episodes)
    several = len(set(names)) > 1
    samples, known = [], Counter[str]()
    for episode, competitor in zip(planned.episodes, names, strict=True):
        name = f"{episode.scenario} seed {episode.seed}" + f", {competitor}" * several
        known[name] += 1
        samples.append(_sample(episode, competitor, name + f" ({known[name]})" * (known[name] > 1)))
    return Task(
        dataset=samples,
        solver=fly(),
        scorer=outcome(_terms(planned.suite, planned.episodes)),
        metrics={"*": [each()]} if several else None,
        version=SCHEMA,
        metadata={"suite": planned.suite.name, "left_out": planned.left_out},
    )


def _sample(episode: Episode, competitor: str, name: str) -> Sample:
    goal, target = f"Question {episode.seed} of {episode.scenario}", "right"
    if episode.kind == "flight":
        world = task_of(episode.scenario)
        goal, target = world.goal, world.outcome.success
    return Sample(
        id=name,
        input=goal,
        target=target,
        metadata={
            "scenario": episode.scenario,
            "seed": episode.seed,
            "competitor": competitor,
            "episode": episode.to_dict(),
        },
    )


def _competitors(episodes: Sequence[Episode]) -> list[str]:
    """Return who flies under which conditions, as far as these differ, for every episode."""
    fields = ("time", "observation", "disturbance")
    differ = [name for name in fields if len({getattr(e, name) for e in episodes}) > 1]
    return [
        ", ".join(filter(None, (e.label(), *(getattr(e, name) for name in differ))))
        for e in episodes
    ]


def _terms(suite: Suite, episodes: Sequence[Episode]) -> list[str]:
    """Return the terms of all outcomes there are."""
    if suite.kind == "questions":
        return ["made_up", "judged", "confidence"]
    worlds = dict.fromkeys(episode.scenario for episode in episodes)
    terms = (term.name for name in worlds for term in task_of(name).outcome.terms)
    return list(dict.fromkeys(terms))
