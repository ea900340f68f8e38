"""What our embodiment and our policy hand to each other: in numbers, and what goes beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from inspect_robots import Observation as RobotObservation
from inspect_robots import StepResult

from helmsight.agents.deciding import State
from helmsight.agents.loop import Loop
from helmsight.contract.observation import Observation
from helmsight.contract.pilot import Sighting
from helmsight.contract.task import Task

CAMERA = "frame"
SHOWN = "helmsight"
"""The key in an observation's `extra` that holds a `Shown`."""
DECIDED = "helmsight"
"""The key in an action's `meta` that holds the loop's state after our policy decided."""


@dataclass(frozen=True)
class Shown:
    """What a pilot of ours is told besides picture and telemetry.

    `sighting` has no observation of its own: it is in the observation's images and state. `stale`:
    the observation is refused, and the pilot is not asked.
    """

    task: Task
    seed: int
    sighting: Sighting
    stale: bool

    def seen(self, needs: str, given: RobotObservation) -> Sighting:
        """Return the sighting with what a pilot needs of an observation."""
        seen: Observation = {}
        if "frame" in needs.split("+"):
            seen["frame"] = given.images[CAMERA]
        if "telemetry" in needs.split("+"):
            values = [given.state[entry.name] for entry in self.task.fields]
            seen["telemetry"] = np.concatenate(values, dtype=np.float64)
        return replace(self.sighting, observation=seen)


def observed(loop: Loop, state: State, seed: int, instruction: str) -> RobotObservation:
    """Return what the loop has in hand: the frame as a camera's, each telemetry field as (1,)."""
    seen, stamp = loop.observation, state["stamp"]
    telemetry = dict(zip(loop.task.fields, seen.get("telemetry", ()), strict=False))
    sighting = replace(loop.sighting(state), observation={})
    return RobotObservation(
        images={CAMERA: seen["frame"]} if "frame" in seen else {},
        state={entry.name: np.array([value]) for entry, value in telemetry.items()},
        instruction=instruction or loop.task.goal,
        image_times={CAMERA: stamp} if "frame" in seen else {},
        state_time=stamp,
        extra={SHOWN: Shown(loop.task, seed, sighting, state["stale"])},
    )


def result(loop: Loop, seen: RobotObservation, reason: str) -> StepResult:
    """Return what a step came to; a success is called "success", whatever the world calls it.

    `info` has the world's measures and outcome, `reason` in the world's own word, and which way
    the score is `better`.
    """
    outcome = loop.task.outcome
    won = bool(reason) and reason == outcome.success
    terminated = won or reason == "terminated"
    figures = {key: value for key, value in loop.measures.items() if key != "telemetry"}
    return StepResult(
        observation=seen,
        terminated=terminated,
        termination_reason="success" if won else reason or None,
        truncated=bool(reason) and not terminated,
        info={**figures, **outcome.read(loop.info), "reason": reason, "better": outcome.better},
    )
