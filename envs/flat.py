"""A world's commands as one vector of numbers between -1 and 1: what libraries of RL act in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.command import Command
from helmsight.contract.errors import InvalidOption


class FlatActions(gym.ActionWrapper[Any, NDArray[np.float32], Any]):
    """The actions are (k,) float32 in [-1, 1]: fields of the world's command, over their bounds.

    `fields` names them; without it they are the vector that the command holds (`Command.form`) or,
    where it holds none, all its numbers with two bounds. `fixed` are values of other fields; what
    is in neither keeps the value of the safe default.

    Raises:
        InvalidOption: a field that the command does not have, or that has no two bounds.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        fields: Sequence[str] | None = None,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(env)
        self._command: type[Command] = env.unwrapped.task.command  # type: ignore[attr-defined]
        bounds = bounds_of(self._command)
        form = self._command.form
        usual = form.vector if form and set(form.vector) <= bounds.keys() else tuple(bounds)
        self.fields = tuple(fields or usual)
        wrong = [name for name in self.fields if name not in bounds]
        wrong += [name for name in fixed or {} if name not in self._command.model_fields]
        if wrong or not self.fields:
            raise InvalidOption(
                f"{', '.join(wrong) or 'no field'} cannot be acted with; numbers with two bounds "
                f"are: {', '.join(bounds) or 'none'}"
            )
        self._rest = self._command.null().model_dump() | dict(fixed or {})
        self._low, self._high = np.array([bounds[name] for name in self.fields]).T
        self.action_space = spaces.Box(-1.0, 1.0, (len(self.fields),), np.float32)

    def action(self, action: NDArray[np.float32]) -> Any:
        """Return the world's action for a vector; what is outside of [-1, 1] is clipped."""
        share = (np.clip(np.asarray(action, dtype=np.float64), -1.0, 1.0) + 1.0) / 2.0
        # exactly the bounds at both ends
        values = self._low * (1.0 - share) + self._high * share
        given = dict(zip(self.fields, map(float, values), strict=True))
        return self._command.model_validate(self._rest | given).action()


def bounds_of(command: type[Command]) -> dict[str, tuple[float, float]]:
    """Return the bounds of a command's numbers that have both."""
    found = {}
    for name, entry in command.model_json_schema()["properties"].items():
        low = entry.get("minimum", entry.get("exclusiveMinimum"))
        high = entry.get("maximum", entry.get("exclusiveMaximum"))
        if entry.get("type") == "number" and None not in (low, high):
            found[name] = (float(low), float(high))
    return found
