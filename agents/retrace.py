"""The states of a recorded run once more: what any pilot would have been shown at each step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gymnasium

from helmsight.agents.config import OperatorConfig
from helmsight.agents.errors import CannotResume
from helmsight.agents.ground import grounder
from helmsight.agents.loop import Loop
from helmsight.agents.resume import check, step_again
from helmsight.contract.guard import make_guard
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.record import StepRecord, plain
from helmsight.contract.task import Task
from helmsight.tools.player import Run


class _Onlooker:
    """Sees the telemetry and never decides."""

    name = "onlooker"
    needs: ObservationMode = "telemetry"

    def reset(self, task: Task, seed: int) -> None:
        """Nothing is remembered."""

    def decide(self, sighting: Sighting) -> Decision:
        """Answer nothing."""
        return Decision(None)


def retraced(
    run: Run, env: gymnasium.Env[Any, Any], config: OperatorConfig
) -> Iterator[tuple[StepRecord, Sighting]]:
    """Yield each step with all that a pilot could be shown there: telemetry, the recorded frame
    where there is one, and what the loop tells of.

    `env` is the run's world, showing telemetry; it is given every recorded command again.

    Raises:
        CannotResume: the world goes another way than it went; names the step.
    """
    world: Any = env.unwrapped
    guard = make_guard(world.task.guard, config.limits)
    loop = Loop(env, _Onlooker(), config, guard, grounder("direct"), run.spec.seed)
    frames, ended = run.frames(), ""
    for record in run.records:
        if ended:
            raise CannotResume(f"the world ended ({ended}) before recorded step {record.index}")
        now = {name: loop.measures.get(name) for name in record.measures}
        check(record, "measures", plain(now), plain(record.measures))
        shown, frame = loop.sighting_of(record, loop.observation), next(frames, None)
        seen = shown.observation if frame is None else {**shown.observation, "frame": frame}
        yield record, replace(shown, observation=seen)
        ended = step_again(loop, record)
