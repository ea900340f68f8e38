"""Games whose clock stands, and properties set as a client sets them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import orbital_axes
from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.vessel import Vessel
from helmsight.envs.orbital.krpc.types import Dialect
from helmsight.envs.orbital.stepping import DT


def put(thing: Any, **values: Any) -> None:
    """Set properties of a remote object, which Python code cannot assign: it is frozen."""
    for name, value in values.items():
        getattr(type(thing), name).fset(thing, value)


@pytest.fixture(name="put")
def _put() -> Callable[..., None]:
    """Return what sets properties: `put(control, forward=1.0)`."""
    return put


@pytest.fixture
def game() -> Simulation:
    """The fourth orbits of PE1: an ellipse, inclined, 2.7 km from a circle."""
    return Simulation("pe1_i4_init")


@pytest.fixture
def level(game: Simulation) -> None:
    """Noses along the track, bellies towards Kerbin, whatever the save says."""
    fleet = game.fleet
    radial, along, normal = np.moveaxis(orbital_axes(fleet.position, fleet.velocity), -2, 0)
    fleet.axes = np.stack([along, -normal, -radial], axis=-2)


@pytest.fixture
def vessels(game: Simulation) -> Sequence[Vessel]:
    """Evader and pursuer."""
    return procedures.vessels(game)


@pytest.fixture
def pursuer(vessels: Sequence[Vessel]) -> Vessel:
    """The pursuer, active, with the evader as its target."""
    evader, pursuer = vessels
    procedures.set_active_vessel(pursuer.game, pursuer)
    procedures.set_target_vessel(pursuer.game, evader)
    return pursuer


@pytest.fixture
def run() -> Callable[[Simulation, float], None]:
    """Return what lets a game's clock run: `run(game, 2.0)`, seconds of its time."""

    def clock(game: Simulation, seconds: float) -> None:
        game.lockstep = False
        wall = 0.0
        game.catch_up(wall)
        for _ in range(round(seconds / DT)):
            wall += DT / game.rate
            game.catch_up(wall)

    return clock


@pytest.fixture
def make_caller() -> Callable[..., Caller]:
    """Return the maker of clients that call: `game.caller = make_caller()`."""

    def make(name: str = "a script") -> Caller:
        return Caller(name.encode().ljust(16, b"\0"), name, "127.0.0.1", Dialect.MODERN)

    return make
