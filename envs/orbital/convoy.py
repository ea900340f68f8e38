"""Many episodes in one batch of the twin: each has a row of it, and all rows move together.

In NumPy a physics step of 256 worlds costs little more than one of a single world. A row does bit
by bit what a `World` of its own does: no operation of the twin mixes rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.errors import EpisodeOver
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.fleet import Owing
from helmsight.envs.orbital.lady_bandit_guard.world import GuardedWorld, Trio
from helmsight.envs.orbital.pair import Pair
from helmsight.envs.orbital.starts import AGENT, Flown
from helmsight.envs.orbital.sun_blocking.world import SunlitWorld
from helmsight.envs.orbital.vehicles import Vehicle
from helmsight.envs.orbital.world import Settling, World

Start = tuple[Flown, int]
"""A scenario and a seed."""
AnyWorld = World | GuardedWorld | SunlitWorld


def make_world(starts: Sequence[Start]) -> AnyWorld:
    """Return one world for each of `starts`, side by side; all have to be of one family.

    Raises:
        EpisodeOver: they are of several.
    """
    families = {scenario.family for scenario, _ in starts}
    if len(families) != 1:
        raise EpisodeOver(f"one batch flies one family of scenarios, not {sorted(families)}")
    kind: Any = _WORLDS[families.pop()]
    made: AnyWorld = kind([scenario for scenario, _ in starts], [seed for _, seed in starts])
    return made


_WORLDS: dict[str, type[AnyWorld]] = {"PE1": World, "LBG1": GuardedWorld, "SB1": SunlitWorld}


def ends(world: AnyWorld | Berth) -> dict[str, bool]:
    """Return who was captured in a world of one: the target; the agent, where there is a guard."""
    caught = {"caught": bool(world.caught[0])} if hasattr(world, "caught") else {}
    return {"captured": bool(world.captured[0]), **caught}


class Convoy:
    """The rows of one batch of worlds of a family. `starts` are what each begins as."""

    def __init__(self, starts: Sequence[Start]) -> None:
        self.world = make_world(starts)

    def load(self, row: int, start: Start) -> None:
        """Have row `row` begin anew, as `start`."""
        self.world.take_row(row, make_world([start]))

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

    read = attrgetter(name)

    def get(berth: Berth) -> Any:
        return read(berth.convoy.world)[berth.rows]

    return property(get, doc=f"`{name}` of this row, with a leading dimension of 1.")


class Berth(Owing, Settling):
    """One row of a convoy, in the shape of a world of one: what an environment flies in.

    `advance(row, steps)` is how its time passes: at once, by `Convoy.move`, or together with the
    other rows as soon as these want to move on, too.
    """

    met: Array = _of_row("met")
    position: Array = _of_row("position")
    velocity: Array = _of_row("velocity")
    axes: Array = _of_row("axes")
    propellant: Array = _of_row("propellant")
    throttle: Array = _of_row("throttle")
    rcs: NDArray[np.bool_] = _of_row("rcs")
    sas: NDArray[np.int64] = _of_row("sas")
    target: NDArray[np.int64] = _of_row("target")
    over: NDArray[np.bool_] = _of_row("over")
    captured: NDArray[np.bool_] = _of_row("captured")

    def __init__(self, convoy: Convoy, row: int, advance: Callable[[int, int], None]) -> None:
        self.convoy, self.row = convoy, row
        self.rows = slice(row, row + 1)
        self.vehicle: Vehicle = convoy.world.vehicle
        self.vehicles = convoy.world.vehicles
        self.settling = convoy.world.settling
        self.timeout = convoy.world.timeout
        self._advance = advance
        self._owed = 0.0

    def __len__(self) -> int:
        return 1

    @property
    def mass(self) -> Array:
        """Masses, (1, k) kg."""
        return self.convoy.world.weigh(self.rows)

    def advance(self, steps: int = 1) -> None:
        """Advance by `steps` physics steps of 0.02 s, or until the episode is over."""
        if steps > 0 and not self.over[0]:
            self._advance(self.row, steps)

    def burn(self, throttle: Array) -> None:
        """Set the agent's translation throttles, (1, 3) body axes, clipped to [-1, 1]."""
        self.convoy.world.throttle[self.row, AGENT] = np.clip(throttle[0], -1.0, 1.0)


class PairBerth(Pair, Berth):
    """A berth of a pursuit, or of sun blocking."""


class TrioBerth(Trio, Berth):
    """A berth of lady, bandit and guard."""

    caught: NDArray[np.bool_] = _of_row("caught")


def berth(convoy: Convoy, row: int, advance: Callable[[int, int], None]) -> PairBerth | TrioBerth:
    """Return the berth of a row, in the shape of its family's world."""
    kind = TrioBerth if isinstance(convoy.world, GuardedWorld) else PairBerth
    return kind(convoy, row, advance)


class Berths:
    """Hands out berths, each once: `starts` as for `Convoy`, of any families.

    `advance(number, steps)` is given the number of a start in `starts`.
    """

    def __init__(self, starts: Sequence[Start], advance: Callable[[int, int], None]) -> None:
        self._starts = list(starts)
        self._places: list[tuple[Convoy, int]] = [None] * len(starts)  # type: ignore[list-item]
        for family in dict.fromkeys(scenario.family for scenario, _ in starts):
            numbers = [n for n, (scenario, _) in enumerate(starts) if scenario.family == family]
            convoy = Convoy([starts[n] for n in numbers])
            for row, number in enumerate(numbers):
                self._places[number] = convoy, row
        self._free = set(range(len(starts)))
        self._advance = advance

    def move(self, due: Mapping[int, int]) -> None:
        """Advance the world of start `i` by `due[i]` physics steps; see `Convoy.move`."""
        shares: dict[int, tuple[Convoy, dict[int, int]]] = {}
        for number, steps in due.items():
            convoy, row = self._places[number]
            shares.setdefault(id(convoy), (convoy, {}))[1][row] = steps
        for convoy, share in shares.values():
            convoy.move(share)

    def take(self, number: int, scenario: Flown, seed: int) -> Berth:
        """Return the berth of start `number`, which begins as `scenario` with `seed`.

        Raises:
            EpisodeOver: it is taken already, or begins as something else.
        """
        if number not in self._free or self._starts[number] != (scenario, seed):
            raise EpisodeOver(
                f"row {number} of the batch does not begin as {scenario.name} with seed {seed}, or "
                "it has been flown: an episode of a batch is flown once"
            )
        self._free.remove(number)
        convoy, row = self._places[number]
        return berth(convoy, row, lambda _, steps: self._advance(number, steps))
