"""What a flight leaves behind: records, a summary, a spec that rebuilds it, checkpoints."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

import gymnasium
import numpy as np
from pydantic import BaseModel

from helmsight.agents.errors import CannotResume
from helmsight.contract.pilot import Pilot
from helmsight.contract.record import RunSpec, StepRecord, plain

MEASURES = (
    "met",
    "range",
    "speed",
    "closing",
    "propellant",
    "mass",
    "fuel_used",
    "time_left",
    "relative_position",
    "telemetry",
)


@dataclass
class Flight:
    """One flown episode: why it ended, one record per decision, and the summary."""

    reason: str
    summary: dict[str, Any]
    records: list[StepRecord] = field(default_factory=list)


def measures(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `info` that a record keeps (SI units; propellant in units)."""
    return {key: info[key] for key in MEASURES if key in info}


def summarise(
    records: Sequence[StepRecord], first: Mapping[str, Any], last: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the summary of a flight from its records and its first and last `info`.

    Times in the keys' own units; `repairs` counts each rung of the repair ladder but the first (an
    answer held to commands from its first token needed no repair), `clamped` and `late` count
    decisions, `grounding` sums what asking for relations took, where it was asked for. Percentiles
    are None before the first decision. Worlds that are not the twin itself say where it was
    (`world`) and who flew the other side (`evader`).
    """
    think = [record.think_ms for record in records]
    repairs: Counter[str] = Counter()
    for record in records:
        repairs.update(record.repairs)
    del repairs["constrained"]
    asked: Counter[str] = Counter()
    for record in records:
        asked.update(record.grounding)
    grounding = {"grounding": dict(asked)} if asked else {}
    place = {key: last[key] for key in ("world", "evader") if key in last}
    return place | {
        "score": last.get("score"),
        "closest_approach_m": last.get("closest_approach"),
        "captured": bool(last.get("captured", False)),
        "closest_speed_mps": last.get("closest_speed"),
        "fuel_kg": last.get("fuel_used"),
        "steps": len(records),
        "sim_s": float(last.get("met", 0.0)) - float(first.get("met", 0.0)),
        "think_ms_p50": float(np.percentile(think, 50)) if think else None,
        "think_ms_p95": float(np.percentile(think, 95)) if think else None,
        "repairs": dict(sorted(repairs.items())),
        "clamped": sum(bool(record.clamped) for record in records),
        "late": sum(record.late for record in records),
        **grounding,
    }


def run_spec(
    env: gymnasium.Env[Any, Any],
    pilot: Pilot,
    config: BaseModel,
    seed: int,
    max_steps: int | None,
) -> RunSpec:
    """Return what rebuilds the run. A callable in `config` is kept by its name only."""
    made = env.spec
    operator = {
        key: getattr(value, "__name__", str(value)) if callable(value) else value
        for key, value in config.model_dump(exclude={"checkpoint"}).items()
    }
    return RunSpec(
        environment=made.id if made else type(env.unwrapped).__name__,
        options=dict(made.kwargs) if made else {},
        pilot=getattr(pilot, "spec", pilot.name),
        pilot_options=dict(getattr(pilot, "options", {})),
        seed=seed,
        max_steps=max_steps,
        operator=plain(operator),
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """Return the versions of Python and of those packages in use that can change a run."""
    found = {"python": python_version()}
    for name in ("helmsight", "numpy", "gymnasium", "langgraph", "torch", "transformers"):
        if name == "helmsight" or name in sys.modules:
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                found[name] = "unknown"
    return found


@contextmanager
def checkpointer(path: Path | None, needed: bool) -> Iterator[Any]:
    """Yield a LangGraph checkpointer: SQLite at `path`, in memory if only `needed`, or None."""
    if path is not None:
        import sqlite3

        from langgraph.checkpoint.sqlite import SqliteSaver

        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
            yield SqliteSaver(connection)
    elif needed:
        from langgraph.checkpoint.memory import InMemorySaver

        yield InMemorySaver()
    else:
        yield None


def flown(graph: Any, thread: Mapping[str, Any]) -> list[Any]:
    """Return the graph's state after each step flown on `thread`, oldest first.

    Raises:
        CannotResume: the thread holds no flight, or one that has already ended.
    """
    name = thread["configurable"]["thread_id"]
    if graph.checkpointer is None:
        raise CannotResume("nothing to resume from; configure checkpoint=FILE")
    if not graph.get_state(thread).next:
        raise CannotResume(
            f'thread "{name}" holds no unfinished flight; start one without resuming'
        )
    past: dict[int, Any] = {}
    for snapshot in graph.get_state_history(thread):  # newest first
        values = snapshot.values
        if values.get("index", 0) > 0 and snapshot.next == ("look",):
            past.setdefault(values["index"], values)
    return [past[index] for index in sorted(past)]
