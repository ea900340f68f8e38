"""One episode, from its description to its row, in the process that is called."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.agents.errors import EngineUnfit, ModelRefused, ModelUnavailable
from helmsight.contract.jsontext import parse_json
from helmsight.evals.decided import deciding_step
from helmsight.evals.episode import (
    DONE,
    FAILED,
    OPERATOR,
    OUT_OF_MEMORY,
    REFUSED,
    Episode,
    EpisodeRow,
    canonical,
)
from helmsight.evals.questions import ask_question
from helmsight.evals.runner.endpoint import Meter
from helmsight.evals.runner.settings import Settings
from helmsight.evals.spatial.oracle import is_oracle

if TYPE_CHECKING:
    from helmsight.contract.pilot import Pilot
    from helmsight.contract.record import Listener, StepRecord
    from helmsight.contract.task import Task

LOADED = 4  # pilots that a process keeps in memory
LONGEST_ERROR = 500
NOTHING = ("errors", "unreadable")
"""Why a model's decision came to nothing."""
FOR_GOOD = (ModelRefused, ModelUnavailable, EngineUnfit)
"""What a model raises that will not answer in the next episode either."""
FLIGHT = "flight"
RUNS = "runs"


class Stage:
    """What an episode is run with: here a pilot that the process keeps, and a world of its own.

    A flight that is interrupted has a row of what it came to where the stage `keeps_interrupted`.
    """

    keeps_interrupted = False

    def pilot(self, episode: Episode) -> Pilot:
        """Return the pilot of an episode; a model that remembers is made anew every time."""
        pilot = load_kept(episode.pilot, made_of(episode))
        if getattr(getattr(pilot, "model", None), "remembers", False):
            load_kept.cache_clear()
        return pilot

    def world(self, episode: Episode, env: Any) -> None:
        """Prepare the environment of an episode that is about to begin."""

    def listeners(self, episode: Episode) -> Sequence[Listener]:
        """Return who else is told of a flight while it happens."""
        return ()


ALONE = Stage()


def run_episode(episode: Episode, settings: Settings, stage: Stage = ALONE) -> EpisodeRow:
    """Run one episode and return its row; what the world or the pilot raises is told in it.

    Its status is "refused" where the model will never answer: then there is no result.

    Raises:
        KeyboardInterrupt: it was interrupted, so that it has no row.
    """
    began = time.perf_counter()
    try:
        flown = episode.kind == FLIGHT
        result = _fly(episode, settings, stage) if flown else _ask(episode, settings, stage)
        return EpisodeRow.of(episode, DONE, suite=settings.suite, **result)
    except MemoryError as error:
        status, why = OUT_OF_MEMORY, f"MemoryError: {error}"
    except FOR_GOOD as error:
        status, why = REFUSED, str(error)
    except Exception as error:  # whatever a world, a pilot or a plug-in of others raises
        status, why = FAILED, f"{type(error).__name__}: {error}"
    return EpisodeRow.of(
        episode, status, suite=settings.suite, error=why[:LONGEST_ERROR],
        wall_s=time.perf_counter() - began,
    )  # fmt: skip


def _ask(episode: Episode, settings: Settings, stage: Stage) -> dict[str, Any]:
    """Put one question and return the fields of its row."""
    if is_oracle(episode.pilot):
        return ask_question(episode, None)
    pilot = stage.pilot(episode)
    with Meter.around(pilot, settings, episode) as meter:
        result = ask_question(episode, pilot)
    return result | meter.counted()


def _fly(episode: Episode, settings: Settings, stage: Stage) -> dict[str, Any]:
    """Fly one episode and return the fields of its row."""
    from helmsight.agents.config import OperatorConfig
    from helmsight.agents.operator import Operator
    from helmsight.envs.disturbances.catalogue import Disturbance
    from helmsight.evals.runner.failing import FailingProvider
    from helmsight.evals.runner.world import make_world

    disturbance = Disturbance.parse(episode.disturbance) if episode.disturbance else None
    pilot = stage.pilot(episode)
    meter = Meter.around(pilot, settings, episode)
    flyer = pilot
    if disturbance is not None and disturbance.kind.of == "pilot":
        flyer = FailingProvider(pilot, disturbance.strength)
    config = OperatorConfig(limits=episode.limits, **episode.pilot_options.get(OPERATOR, {}))
    folder = settings.folder / RUNS / episode.key
    with ExitStack() as stack:
        stack.enter_context(meter)
        env = make_world(episode, disturbance)
        stack.callback(env.close)
        stage.world(episode, env)
        listeners: list[Listener] = []
        if settings.records(episode.seed):
            listeners.append(_recorder(folder, "frame" in episode.observation))
        told = [*listeners, *stage.listeners(episode)]
        flight = Operator(env, flyer, config, told).fly(episode.seed, episode.max_steps)
        task: Task = env.unwrapped.task  # type: ignore[attr-defined]
    if flight.reason == "interrupted" and not stage.keeps_interrupted:
        raise KeyboardInterrupt
    result = _result(task, flight.summary, flight.records)
    result |= meter.counted()
    if listeners:
        result["run"] = f"{RUNS}/{episode.key}"
        if not settings.keeps(EpisodeRow.of(episode, DONE, **result)):
            shutil.rmtree(folder, ignore_errors=True)
            result["run"] = ""
    return result


def _recorder(folder: Path, video: bool) -> Any:
    """Return what records into `folder`, rid of what an attempt that died left there."""
    from helmsight.tools.recorder import Recorder

    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    return Recorder(folder, video=video)


def _result(
    task: Task, summary: Mapping[str, Any], records: Sequence[StepRecord]
) -> dict[str, Any]:
    """Return the fields of a row that a flight comes to."""
    score = summary["score"]
    success = bool(summary["success"])
    return {
        "score": float(score) if isinstance(score, int | float) and math.isfinite(score) else None,
        "better": task.outcome.better,
        "success": success,
        "reason": str(summary["reason"]),
        "steps": int(summary["steps"]),
        "sim_s": float(summary["sim_s"]),
        "wall_s": float(summary["wall_s"]),
        "think_ms": [round(record.think_ms, 3) for record in records],
        "held": sum(bool(record.clamped) for record in records),
        "late": sum(record.late for record in records),
        "repairs": canonical(summary["repairs"]),
        "requests": sum(len(record.calls) for record in records),
        **{why: sum(why in record.repairs for record in records) for why in NOTHING},
        "terms": canonical({term.name: _number(summary[term.name]) for term in task.outcome.terms}),
        "decided": deciding_step(records, task.plots, success=success),
    }


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def made_of(episode: Episode) -> str:
    """Return the keywords of `load_pilot` for the pilot of an episode, as JSON text."""
    return canonical({k: v for k, v in episode.pilot_options.items() if k != OPERATOR})


@lru_cache(maxsize=LOADED)
def load_kept(spec: str, options: str) -> Pilot:
    """Return a pilot that this process keeps in memory; `options` of `load_pilot` are JSON.

    Raises:
        AgentsError: a pilot that cannot be loaded.
    """

    from helmsight.agents.models.load import load_pilot

    return load_pilot(spec, **parse_json(options))
