"""What our embodiment says of itself before anything runs."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import gymnasium
from inspect_robots import (
    ActionSemantics,
    Box,
    CameraSpec,
    EmbodimentInfo,
    ObservationSpace,
    StateField,
    StateSpec,
)
from inspect_robots.embodiment import PRIVILEGED_SUCCESS, RENDERABLE, RESETTABLE, SEEDABLE

from helmsight.contract.task import Task
from helmsight.envs.orbital.scenarios import SCENARIOS, find_scenario
from helmsight.envs.registry import is_scenario
from helmsight.evals.bridges.robots.dials import Dials
from helmsight.evals.bridges.robots.handed import CAMERA

NAME = "helmsight"


def described(env: gymnasium.Env[Any, Any], identity: str, dials: Dials) -> EmbodimentInfo:
    """Return the spaces and the words of a world, by its gymnasium id.

    A scenario of the twin can be any other of its family as well; scenes name it in their `setup`.
    """
    world: Any = env.unwrapped
    task: Task = world.task
    shown = world.observation_mode.split("+")
    cameras: tuple[CameraSpec, ...] = ()
    if "frame" in shown:
        cameras = (CameraSpec(CAMERA, *env.observation_space["frame"].shape),)  # type: ignore[index]
    fields = task.fields if "telemetry" in shown else ()
    state = StateSpec(tuple(StateField(entry.name, (1,), entry.unit) for entry in fields))
    own = find_scenario(identity).family if is_scenario(identity) else None
    family = {known.environment_id for known in SCENARIOS.values() if known.family == own}
    return EmbodimentInfo(
        name=NAME,
        action_space=Box(
            (len(dials.names),),
            dials.low,
            dials.high,
            # what a command asks for lies within these bounds whatever came before it: no limit
            # ties it to the last one, as it would absolute targets of joints
            ActionSemantics("eef_delta_pos", dim_labels=dials.names),
        ),
        observation_space=ObservationSpace(cameras=cameras, state=state if fields else None),
        is_simulated=True,
        capabilities=frozenset({SEEDABLE, RESETTABLE, PRIVILEGED_SUCCESS, RENDERABLE}),
        supported_setups=frozenset({identity} | family),
        docs=f"{task.goal}\n\nThe numbers of an action:\n{dials.words()}",
        environment_id=identity,
        environment_revision=version("helmsight"),
    )
