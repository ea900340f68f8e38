"""Our scenarios as a task of inspect-robots, and what our worlds call an outcome as its scorers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspect_robots import Scene, Score, Scorer, Target, Task, TrialRecord

from helmsight.envs.registry import find_environment, scenario_name, task_of
from helmsight.evals.bridges.asked import scenarios as named
from helmsight.evals.bridges.asked import seeds as listed
from helmsight.evals.bridges.robots.theirs import errors_of_theirs
from helmsight.evals.errors import UntoldFigure

NAME = "helmsight"
MOST_STEPS = 100_000
"""Decisions of a trial, where nobody says otherwise: our worlds end by themselves."""


@errors_of_theirs()
def make_task(
    scenarios: str | Sequence[str] = "PE1-E1-I2",
    seeds: int | str | Sequence[int] = 3,
    max_steps: int = MOST_STEPS,
) -> Task:
    """Return a task: a scene for every scenario and seed, scored by success, score and its terms.

    scenarios: names, parted by commas. seeds: how many from 0 on, or numbers, parted by commas.

    Raises:
        ConfigError: a scenario or a seed that there is none of.
    """
    found = [find_environment(name) for name in named(scenarios)]
    scenes = [
        Scene(
            id=f"{scenario_name(identity)} seed {seed}",
            instruction=task_of(identity).goal,
            target=Target(task_of(identity).outcome.success or "end"),
            init_seed=seed,
            setup=identity,
            metadata={"scenario": scenario_name(identity), "seed": seed},
        )
        for identity in found
        for seed in listed(seeds)
    ]
    outcomes = [task_of(identity).outcome for identity in found]
    shared = [
        term.name
        for term in outcomes[0].terms
        if all(term in outcome.terms for outcome in outcomes) and not term.optional
    ]
    scorers: list[Scorer | str] = [Told("success", "helmsight_success")]
    if all(outcome.score for outcome in outcomes):
        scorers.append(Told("score", "helmsight_score"))
    return Task(NAME, scenes, [*scorers, *map(Told, shared)], max_steps)


@dataclass(frozen=True)
class Told:
    """Scores a trial by what the world told of its end under a key of `info`.

    Raises when called:
        UntoldFigure: the world told no such figure; the trial has no score then, not a 0.
    """

    key: str
    called: str = ""

    @property
    def name(self) -> str:
        """The key of this score in a log."""
        return self.called or self.key

    def __call__(self, record: TrialRecord, target: Target | None) -> Score:
        """Return the figure at the last step, and how the trial ended."""
        info: dict[str, Any] = dict(record.steps[-1].result.info) if record.steps else {}
        value = info.get(self.key)
        if not isinstance(value, bool | int | float):
            raise UntoldFigure(
                f"the world told no {self.key} at its end; it told: {', '.join(sorted(info))}"
            )
        better = info.get("better") if self.key == "score" else ""
        ended = info.get("reason") or record.termination_reason or "ended"
        return Score(value, f"{ended}; {better} is better" if better else str(ended))


def success() -> Scorer:
    """Return the scorer "helmsight_success": whether the world calls the end a success."""
    return Told("success", "helmsight_success")


def score() -> Scorer:
    """Return the scorer "helmsight_score": the figure that the world compares episodes by."""
    return Told("score", "helmsight_score")


def term(name: str) -> Scorer:
    """Return the scorer of a term of the world's outcome, as "fuel_used"."""
    return Told(name)
