"""What a run leaves behind: records, a summary, a spec that rebuilds it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from platform import python_version
from typing import Any

import gymnasium
import numpy as np

from helmsight.agents.config import OperatorConfig
from helmsight.agents.weights import weights_of
from helmsight.contract import making
from helmsight.contract.calls import spent
from helmsight.contract.guard import Guard
from helmsight.contract.identity import WEIGHTS
from helmsight.contract.outcome import Outcome
from helmsight.contract.pilot import Pilot
from helmsight.contract.record import SCHEMA, RunSpec, StepRecord, plain
from helmsight.contract.task import Task


@dataclass
class Episode:
    """One flown episode: why it ended, one record per decision, and the summary."""

    reason: str
    summary: dict[str, Any]
    records: list[StepRecord] = field(default_factory=list)


def summarise(
    outcome: Outcome,
    records: Sequence[StepRecord],
    first: Mapping[str, Any],
    last: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the summary of an episode from its records and its first and last `info`.

    The world's `outcome` comes first. Times are in the keys' own units; `repairs` counts each rung
    of the repair ladder but the first (an answer held to commands from its first token needed no
    repair), `clamped` and `late` count decisions, `grounding` sums what asking for relations took,
    where it was asked for; so do `requests`, `tokens_in`, `tokens_out` and `cost` (US dollars, None
    where no price is known) of what models were asked. Percentiles are None before the first
    decision. Worlds that run by themselves say in `info` what they were (`about`).
    """
    think = [record.think_ms for record in records]
    repairs: Counter[str] = Counter()
    grounding: Counter[str] = Counter()
    for record in records:
        repairs.update(record.repairs)
        grounding.update(record.grounding)
    del repairs["constrained"]
    about: Mapping[str, Any] = last.get("about", {})
    return {
        "schema": SCHEMA,
        **about,
        **outcome.read(last),
        "steps": len(records),
        "sim_s": float(last.get("met", 0.0)) - float(first.get("met", 0.0)),
        "think_ms_p50": float(np.percentile(think, 50)) if think else None,
        "think_ms_p95": float(np.percentile(think, 95)) if think else None,
        "repairs": dict(sorted(repairs.items())),
        "clamped": sum(bool(record.clamped) for record in records),
        "late": sum(record.late for record in records),
        **({"grounding": dict(grounding)} if grounding else {}),
        **spent(call for record in records for call in record.calls),
    }


def run_spec(
    env: gymnasium.Env[Any, Any],
    pilot: Pilot,
    config: OperatorConfig,
    guard: Guard,
    seed: int,
    max_steps: int | None,
) -> RunSpec:
    """Return what rebuilds the run, with the limits in force.

    A callable in `config` is kept by its name only. A world whose own code can change a run says
    which it is in `versions`.
    """
    made = env.spec
    flies = str(getattr(pilot, "spec", pilot.name))
    weights = weights_of(flies)
    world: Any = env.unwrapped
    task: Task = world.task
    # said also where the world was made without them: what a score was flown under is never open
    kept = {"time": str(world.clock.rule)}
    kept |= {"hold": world.hold} if hasattr(world, "hold") else {}
    operator = {
        key: getattr(value, "__name__", str(value)) if callable(value) else value
        for key, value in config.model_dump(exclude={"checkpoint", "drive"}).items()
    }
    return RunSpec(
        environment=made.id if made else type(world).__name__,
        options={**(made.kwargs if made else {}), **kept},
        pilot=flies,
        pilot_options=dict(getattr(pilot, "options", {})),
        seed=seed,
        max_steps=max_steps,
        operator=plain(operator | {"limits": guard.limits.model_dump(mode="json")}),
        versions=versions()
        | getattr(world, "versions", {})
        | ({WEIGHTS: weights} if weights else {}),
        task=task.description(),
        style=style_of(pilot, task),
        texts=dict(getattr(pilot, "texts", {})),
        made=making.made(),
    )


def style_of(pilot: Pilot, task: Task) -> dict[str, Any]:
    """Return how a pilot's model is asked in a task, as JSON data; empty where there is none."""
    asked_in = getattr(pilot, "asked_in", None)
    return {} if asked_in is None else dict(asked_in(task).style.model_dump(mode="json"))


def versions() -> dict[str, str]:
    """Return what can change a run of any world: Python and the packages in use."""
    numbers = {"python": python_version()}
    for name in ("helmsight", "numpy", "gymnasium", "langgraph", "torch", "transformers"):
        if name == "helmsight" or name in sys.modules:
            try:
                numbers[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                numbers[name] = "unknown"
    return numbers
