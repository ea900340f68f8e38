"""The world of an episode, with its disturbance."""

from __future__ import annotations

from typing import Any

import gymnasium

from helmsight.envs.disturbances.catalogue import Disturbance
from helmsight.envs.disturbances.wrapping import disturbed, line_options
from helmsight.envs.registry import make_env
from helmsight.evals.episode import Episode


def make_world(episode: Episode, disturbance: Disturbance | None) -> gymnasium.Env[Any, Any]:
    """Return the environment that an episode is in, its disturbance around it.

    Raises:
        EnvsError, InvalidOption: an option or a disturbance that this world cannot have.
    """
    options = {**episode.options, **line_options(disturbance)}
    if episode.hold is not None:
        options["hold"] = episode.hold
    env = make_env(episode.scenario, observation=episode.observation, time=episode.time, **options)
    return env if disturbance is None else disturbed(env, disturbance)
