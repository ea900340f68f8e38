"""Many pursuits in one batch of the twin: each has a row of it, and all rows move together.

A physics step of 256 worlds costs little more than one of a single world. A row does bit by bit
what a `World` of its own does: no operation of the twin mixes rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.errors import EpisodeOver
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.fleet import Owing
from helmsight.envs.orbital.pair import Pair
from helmsight.envs.orbital.scenarios import PURSUER, Scenario
from helmsight.envs.orbital.vehicles import Vehicle
from helmsight.envs.orbital.world import Settling, World

Start = tuple[Scenario, int]
"""A scenario and a seed."""


class Convoy:
    """The rows of one `World`. `starts` are what each begins as."""

    def __init__(self, starts: Sequence[Start]) -> None:
        self.world = World([scenario for scenario, _ in starts], [seed for _, seed in starts])

    def load(self, row: int, start: Start) -> None:
        """Have row `row` begin anew, as `start`."""
        scenario, seed = start
        self.world.take_row(row, World([scenario], [seed]))

    def move(self, due: Mapping[int, int]) -> None:
        """Advance row `i` by `due[i]` physics steps, or until it is over; the others stand still.

        Rows that have equally many steps before them are advanced at once.
        """
        world = self.world
        left = np.zeros(len(world), dtype=np.int64)
        for row, steps in due.items():
            left[row] = steps
        while (moving := (left > 0) & ~world.over).any():
            world.held = ~moving
            steps = int(left[moving].min())
            world.advance(steps)
            left[moving] -= steps
        world.held = np.zeros(len(world), dtype=bool)


def _of_row(name: str) -> Any:
    """Return the property that is row `row` of the world's array `name`, still with n = 1."""

    def get(berth: Berth) -> Any:
        return getattr(berth.convoy.world, name)[berth.row : berth.row + 1]

    return property(get, doc=f"`{name}` of this row, with a leading dimension of 1.")


class Berth(Pair, Owing, Settling):
    """One row of a convoy, in the shape of a `World` of one: what an environment flies in.

    `advance(row, steps)` is how its time passes: at once, by `Convoy.move`, or together with the
    other rows as soon as these want to move on, too.
    """

    met: Array = _of_row("met")
    position: Array = _of_row("position")
    velocity: Array = _of_row("velocity")
    axes: Array = _of_row("axes")
    mass: Array = _of_row("mass")
    propellant: Array = _of_row("propellant")
    throttle: Array = _of_row("throttle")
    rcs: NDArray[np.bool_] = _of_row("rcs")
    sas: NDArray[np.int64] = _of_row("sas")
    target: NDArray[np.int64] = _of_row("target")
    over: NDArray[np.bool_] = _of_row("over")
    captured: NDArray[np.bool_] = _of_row("captured")

    def __init__(self, convoy: Convoy, row: int, advance: Callable[[int, int], None]) -> None:
        self.convoy, self.row = convoy, row
        self.vehicle: Vehicle = convoy.world.vehicle
        self.vehicles = convoy.world.vehicles
        self.timeout = convoy.world.timeout
        self._advance = advance
        self._owed = 0.0

    def __len__(self) -> int:
        return 1

    def advance(self, steps: int = 1) -> None:
        """Advance by `steps` physics steps of 0.02 s, or until the episode is over."""
        if steps > 0 and not self.over[0]:
            self._advance(self.row, steps)

    def burn(self, throttle: Array) -> None:
        """Set the pursuer's translation throttles, (1, 3) body axes, clipped to [-1, 1]."""
        self.convoy.world.throttle[self.row, PURSUER] = np.clip(throttle[0], -1.0, 1.0)


class Berths:
    """Hands out the berths of a convoy, each once: `starts` as for `Convoy`."""

    def __init__(self, starts: Sequence[Start], advance: Callable[[int, int], None]) -> None:
        self.convoy = Convoy(starts)
        self._free = {row: start for row, start in enumerate(starts)}
        self._advance = advance

    def take(self, row: int, scenario: Scenario, seed: int) -> Berth:
        """Return the berth of `row`, which begins as `scenario` with `seed`.

        Raises:
            EpisodeOver: it is taken already, or begins as something else.
        """
        if self._free.pop(row, None) != (scenario, seed):
            raise EpisodeOver(
                f"row {row} of the batch does not begin as {scenario.name} with seed {seed}, or it "
                "has been flown: an episode of a batch is flown once"
            )
        return Berth(self.convoy, row, self._advance)
