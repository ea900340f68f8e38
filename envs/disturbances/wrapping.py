"""A disturbance put around an environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from helmsight.contract.errors import InvalidOption
from helmsight.envs.disturbances.catalogue import Disturbance
from helmsight.envs.disturbances.covered import CoveredRegion
from helmsight.envs.disturbances.pictures import DisturbedPicture
from helmsight.envs.disturbances.telemetry import ContradictingTelemetry
from helmsight.envs.disturbances.thrust import ThrustDrift, ThrusterLoss

THRUST = {"thruster-loss": ThrusterLoss, "thrust-drift": ThrustDrift}


def disturbed(env: gym.Env[Any, Any], disturbance: Disturbance) -> gym.Env[Any, Any]:
    """Return `env` with a disturbance around it.

    Those of the pilot and of a line change no environment: `env` itself is returned. The line's
    is an option of the world (`line_options`), the pilot's is around the pilot.

    Raises:
        InvalidOption: a world that does not have, or does not show, what is to be disturbed.
    """
    kind, strength = disturbance.kind, disturbance.strength
    if kind.of in ("frame", "telemetry"):
        mode: str = env.unwrapped.observation_mode  # type: ignore[attr-defined]
        if kind.of not in mode.split("+"):
            raise InvalidOption(
                f"disturbance {kind.name!r} is of the {kind.of}, and this world shows {mode}; "
                f"choose an observation with {kind.of}"
            )
    if kind.name == "covered":
        return CoveredRegion(env, strength)
    if kind.of == "frame":
        return DisturbedPicture(env, kind.name, strength)
    if kind.of == "telemetry":
        return ContradictingTelemetry(env, strength)
    if kind.of == "command":
        return THRUST[kind.name](env, strength)
    return env


def line_options(disturbance: Disturbance | None) -> dict[str, str]:
    """Return the options that disturb the line of an emulated robot; none for another kind."""
    if disturbance is None or disturbance.kind.of != "line":
        return {}
    return {"faults": f"drop={disturbance.strength:g}"}
