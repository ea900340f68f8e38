"""Which code takes the twin's physics steps: C where it was built (`step`), else NumPy (fleet.py).

HELMSIGHT_STEP=numpy asks for NumPy, against which tests hold C; HELMSIGHT_STEP=c for C or an
error. The two differ in the last bits of angles: records and evaluations say which it was.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.compiled import compiled
from helmsight.contract.errors import InvalidOption
from helmsight.envs.orbital.dynamics import MU, Array
from helmsight.envs.orbital.vehicles import FUEL_UNIT_MASS

DT = 0.02
"""KSP's physics step, s."""
VARIABLE = "HELMSIGHT_STEP"
C, NUMPY = "c", "numpy"
SOURCES = ("fleet.h", "vectors.c", "evader.c", "escort.c", "step.c")

_TYPES = {"d": "double *", "?": "unsigned char *", "l": "int64_t *", "q": "int64_t *"}

Catch = tuple[NDArray[np.bool_], int, int, float]
"""Flags (n,), set where two vessels, by their indices, are within a range, m, of each other."""

FIGURES = (
    "dry", "unit", "thrust", "flow", "slew_rate", "slew_acceleration", "main_thrust", "main_flow",
)  # fmt: skip
ASKED = ("throttle", "rotation", "main", "aim", "ignited", "rcs", "sas", "target", "over")
STATE = (
    "met", "position", "velocity", "_pull", "axes", "_axes_before", "spin", "propellant", "fuel",
)  # fmt: skip


class Mind(Protocol):
    """Who steers the vessels that the agent does not."""

    @property
    def code(self) -> int:
        """Who that is, as `fleet.h` numbers them; 0 for nobody."""
        ...

    @property
    def figures(self) -> Mapping[str, float]:
        """Constants, by their names in `fleet.h`."""
        ...

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return what changes, an entry a world, by the names in `fleet.h`."""
        ...

    def act(self, craft: Any) -> None:
        """Set the controls for the coming physics step."""
        ...

    def draw(self, craft: Any, worlds: NDArray[np.bool_]) -> None:
        """Set what chance decides, in these worlds."""
        ...

    def take_row(self, row: int, bots: Any) -> None:
        """Have the bot of world `row` go on from where that of `bots`, a single one, is."""
        ...


class Steppable(Protocol):
    """A `Fleet`, with the arrays named in FIGURES (after an underscore), ASKED and STATE."""

    axes: Array
    over: NDArray[np.bool_]
    held: NDArray[np.bool_]
    timeout: float
    ends: bool
    _axes_before: Array
    _engines: bool

    @property
    def mind(self) -> Mind | None: ...

    @property
    def _catches(self) -> Sequence[Catch]: ...


def step_code() -> str:
    """Return which code takes the steps of a fleet that is made now: "c" or "numpy".

    Raises:
        InvalidOption: HELMSIGHT_STEP is something else, or "c" where that was not built.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked not in ("", C, NUMPY):
        raise InvalidOption(f"{VARIABLE}={asked!r} is not known; choose {C} or {NUMPY}")
    if asked == C and _built() is None:
        raise InvalidOption(
            f"{VARIABLE}={C} is not possible: the step was not compiled here, or from sources that "
            "have changed since; install helmsight again where there is a C compiler"
        )
    return asked or (NUMPY if _built() is None else C)


def twin_versions() -> dict[str, str]:
    """Return what the record of a run in the twin says of its own code: what takes its steps.

    Raises:
        InvalidOption: as `step_code`.
    """
    return {"twin step": step_code()}


@cache
def _built() -> Any:
    """Return the compiled module; None without one, or when the sources have changed since."""
    return compiled("helmsight.envs.orbital._step", Path(__file__).parent / "step", SOURCES)


class Compiled:
    """Takes the steps of one fleet in C. A copy belongs to the fleet that is copied with it."""

    def __init__(self) -> None:
        self._step = _built()
        self._fleet: Any = None
        self._kept: list[Any] = []

    def __reduce__(self) -> tuple[type[Compiled], tuple[()]]:
        return Compiled, ()

    def take(self, fleet: Steppable, steps: int) -> None:
        """Advance a fleet by `steps`; as in NumPy, new arrays of its state replace the old ones."""
        ffi = self._step.ffi
        c = self._fleet or self._bind(fleet)
        live = ~(fleet.over | fleet.held)
        due = np.where(live, steps, 0)
        drawn = np.zeros(len(due), np.bool_)
        for name in STATE:
            setattr(fleet, name, np.array(getattr(fleet, name), np.float64, order="C"))
        arrays = {name.lstrip("_"): getattr(fleet, name) for name in (*STATE, *ASKED)}
        arrays |= {"due": due, "drawn": drawn}
        if (mind := fleet.mind) is not None and mind.code:
            arrays |= mind.arrays()
            c.mind = mind.code
            for name, value in mind.figures.items():
                setattr(c, name, value)
        else:
            c.mind = 0
        for name, values in arrays.items():
            setattr(c, name, ffi.from_buffer(_TYPES[values.dtype.char], values))
        c.timeout, c.ends = fleet.timeout, fleet.ends
        for number, (flags, one, other, within) in enumerate(fleet._catches):
            c.caught[number] = ffi.from_buffer(_TYPES["?"], flags)
            c.who[2 * number], c.who[2 * number + 1] = one, other
            c.range[number] = within
        while self._step.lib.fly(c):
            assert mind is not None
            waiting = (due > 0) & ~fleet.over
            mind.draw(fleet, waiting)
            drawn |= waiting
        if due.any() or not live.all():
            self._rest(fleet, live, due)

    def _rest(self, fleet: Steppable, live: NDArray[np.bool_], due: NDArray[np.int64]) -> None:
        """Note that worlds which stood still in the last step of all have not turned in it.

        live: (n,) those that stood still in none at first; due: (n,) steps they did not take.
        """
        last = 0 if (fleet.held & ~fleet.over).any() or not live.any() else due[live].min()
        still = ~live | (due > last)
        fleet._axes_before[still] = fleet.axes[still]

    def _bind(self, fleet: Steppable) -> Any:
        """Lay out what stays as it is."""
        ffi = self._step.ffi
        self._fleet = c = ffi.new("Fleet *")
        c.n, c.k = fleet.axes.shape[:2]
        c.dt, c.mu, c.fuel_unit = DT, MU, FUEL_UNIT_MASS
        c.engines = fleet._engines
        figures = {name: getattr(fleet, f"_{name}") for name in FIGURES}
        self._kept = list(figures.values())
        for name, values in figures.items():
            setattr(c, name, ffi.from_buffer("double *", values))
        return c
