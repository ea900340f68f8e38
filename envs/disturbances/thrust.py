"""Thrust that is not what was asked: a thruster that is lost, a direction that has drifted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.command import Command
from helmsight.contract.errors import InvalidOption

Vector = NDArray[np.float64]


class DisturbedThrust(gym.ActionWrapper[Any, Any, Any], ABC):
    """A world whose commands hold a vector in space, which arrives changed.

    The vector is turned to the body's axes first, as they are when the command is given, changed
    there, and held within full deflection. What is wrong depends on the episode's seed alone.

    Raises:
        InvalidOption: a world whose commands hold no vector, or cannot be read from an action.
    """

    def __init__(self, env: gym.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        task = env.unwrapped.task  # type: ignore[attr-defined]
        self._kind: Any = task.command
        if not self._kind.form.vector or not hasattr(self._kind, "from_action"):
            raise InvalidOption(
                f'the world "{task.name}" has no thrust to disturb: its commands hold no vector '
                "(`form`), or there is no `from_action` to read them back"
            )
        self._strength = strength
        self._rotations: Any = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode, and draw what is wrong with its thrust."""
        self._draw(np.random.default_rng([seed or 0, 2]))
        observation, info = super().reset(seed=seed, options=options)
        self._rotations = info.get("rotations", {})
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Apply the command as it arrives."""
        observation, reward, terminated, truncated, info = super().step(action)
        self._rotations = info.get("rotations", {})
        return observation, reward, terminated, truncated, info

    def action(self, action: Any) -> Any:
        """Return the action with its vector changed."""
        command: Command = self._kind.from_action(action)
        form, fields = command.form, command.model_dump()
        vector = np.array([fields[name] for name in form.vector], np.float64)
        frame = fields.get("frame", form.home)
        if frame != form.home:
            vector = np.asarray(self._rotations[frame]) @ vector
        full = np.inf if form.full is None else form.full
        changed = np.clip(self._changed(vector), -full, full)
        fields |= dict(zip(form.vector, changed.tolist(), strict=True))
        if "frame" in fields:
            fields["frame"] = form.home
        return type(command).model_validate(fields).action()

    @abstractmethod
    def _draw(self, random: np.random.Generator) -> None:
        """Draw what is wrong in an episode."""

    @abstractmethod
    def _changed(self, vector: Vector) -> Vector:
        """Return what becomes of a vector in the body's axes, (3,)."""


class ThrusterLoss(DisturbedThrust):
    """One side of one axis gives a share less of what is asked of it."""

    def _draw(self, random: np.random.Generator) -> None:
        self._axis, self._side = int(random.integers(3)), float(random.choice([-1.0, 1.0]))

    def _changed(self, vector: Vector) -> Vector:
        left = vector.copy()
        if left[self._axis] * self._side > 0:
            left[self._axis] *= 1.0 - self._strength
        return left


class ThrustDrift(DisturbedThrust):
    """Thrust is turned by some degrees about an axis that stays the same all episode."""

    def _draw(self, random: np.random.Generator) -> None:
        axis = random.standard_normal(3)
        x, y, z = axis / np.linalg.norm(axis)
        angle = np.deg2rad(self._strength)
        cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        # Rodrigues' formula
        self._turn = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross

    def _changed(self, vector: Vector) -> Vector:
        return np.asarray(self._turn @ vector)
