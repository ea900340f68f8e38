"""Episodes side by side as a gymnasium vector environment: one batch of the twin, one clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import iterate

from helmsight.contract.turns import Turns
from helmsight.envs.orbital.convoy import Berth, Convoy, berth
from helmsight.envs.orbital.env import TwinEnv
from helmsight.envs.orbital.starts import Flown

MOVE = "move"


class _Row(gym.Wrapper[Any, Any, Any, Any]):
    """One of the environments. What it has done already, together with the others, it tells."""

    def __init__(self, env: TwinEnv) -> None:
        super().__init__(env)
        self.done: deque[Any] = deque()

    def step(self, action: Any) -> Any:
        return self.done.popleft() if self.done else self.env.step(action)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        return self.done.popleft() if self.done else self.env.reset(seed=seed, options=options)


class TwinVectorEnv(SyncVectorEnv):
    """`num_envs` episodes of one scenario; each does bit by bit what `TwinEnv` alone does.

    `options` are those of `TwinEnv`. What is returned is what gymnasium's `SyncVectorEnv`
    returns, in all of its autoreset modes: only the physics is computed for all at once.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        **options: Any,
    ) -> None:
        self._turns: Turns[Any] | None = None
        rows = [TwinEnv(**options) for _ in range(num_envs)]
        self._convoy = Convoy([(env.scenario, 0) for env in rows])
        for row, env in enumerate(rows):
            env.moored = partial(self._moor, row)
        self._rows = rows
        makers: list[Callable[[], Any]] = [partial(_Row, env) for env in rows]
        super().__init__(makers, autoreset_mode=autoreset_mode)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin all episodes, or those of `options["reset_mask"]`; see `SyncVectorEnv`."""
        if options is None or "reset_mask" not in options:
            seeds = (
                [None if seed is None else seed + i for i in range(self.num_envs)]
                if seed is None or isinstance(seed, int)
                else list(seed)
            )
            self._at_once(
                {
                    i: partial(env.reset, seed=one, options=options)
                    for i, (env, one) in enumerate(zip(self._rows, seeds, strict=True))
                }
            )
        return super().reset(seed=seed, options=options)  # type: ignore[arg-type]

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take a step in every environment; see `SyncVectorEnv`."""
        ended = self._autoreset_envs
        again = ended & (self.autoreset_mode is AutoresetMode.NEXT_STEP)
        self._at_once(
            {
                i: env.reset if again[i] else partial(env.step, action)
                for i, (env, action) in enumerate(
                    zip(self._rows, iterate(self.action_space, actions), strict=True)
                )
            }
        )
        return super().step(actions)

    def _at_once(self, work: Mapping[int, Callable[[], Any]]) -> None:
        """Do the work of each environment up to where all of them want time to pass, and so on."""
        numbers = list(work)
        self._turns = Turns({MOVE: self._move})
        try:
            for at, result in self._turns.run(list(work.values())):
                self.envs[numbers[at]].done.append(result)  # type: ignore[attr-defined]
        except BaseException:
            for env in self.envs:
                env.done.clear()  # type: ignore[attr-defined]
            raise
        finally:
            self._turns = None

    def _moor(self, row: int, scenario: Flown, seed: int) -> Berth:
        self._convoy.load(row, (scenario, seed))
        return berth(self._convoy, row, self._advance)

    def _advance(self, row: int, steps: int) -> None:
        if self._turns is None:  # a reset within a step
            self._convoy.move({row: steps})
        else:
            self._turns.ask(MOVE, (row, steps))

    def _move(self, asked: Sequence[tuple[int, int]]) -> list[None]:
        self._convoy.move(dict(asked))
        return [None] * len(asked)
