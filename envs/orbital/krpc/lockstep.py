"""Helmsight, a small service of our own: episodes that a client steps, as in the native world.

    conn.helmsight.reset("PE1-E3-I3", seed=3)
    vessel = conn.space_center.active_vessel
    while not conn.helmsight.over:
        vessel.control.forward = 0.5
        conn.helmsight.step(0.5)
    print(conn.helmsight.score)

In lockstep nothing moves until a client steps; the same burns then give the same flight as in
`helmsight.envs.orbital.env.PursuitEnv`. Lockstep ends when the client that asked for it is gone.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.screenshot import picture
from helmsight.envs.orbital.panel import telemetry as panel_telemetry
from helmsight.envs.orbital.saves import save_names as public_saves
from helmsight.envs.orbital.scenarios import BOTS, PURSUITS
from helmsight.envs.orbital.scoring import ScoreKeeper
from helmsight.envs.orbital.world import World

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.caller import Caller
    from helmsight.envs.orbital.krpc.simulation import Simulation

service = Service("Helmsight", "Episodes in lockstep, their score, and the cockpit picture.")


def _hold(game: Simulation, caller: Caller | None) -> None:
    """Note that a client keeps the world in lockstep: the last one that asked for it."""
    game.lockstep = True
    if caller is not None and game.keeper is not caller:
        game.keeper = caller
        caller.on_disconnect(partial(_release, game, caller))


def _release(game: Simulation, caller: object) -> None:
    if game.keeper is caller:
        game.keeper, game.lockstep = None, False


@service.procedure
def reset(game: Simulation, scenario: str, seed: int = 0) -> None:
    """Begin an episode, for example of PE1-E3-I3, that only Step moves on.

    Seed 0 is the public start; others move the pursuer by 50 m and 0.5 m/s (one sigma an axis).
    """
    if seed < 0:
        raise ArgumentException(f"seed {seed} is not possible; give 0 or more")
    game.reset(scenario, seed)
    _hold(game, game.caller)


@service.procedure
def step(game: Simulation, seconds: float) -> Generator[None, None, float]:
    """Move the world on, in whole physics steps of 0.02 s, and return the universal time.

    What is left of a step is owed to the next call. The score looks at the world after each.
    """
    caller = game.caller  # of this call: in a pause `game.caller` is whoever has a turn
    for _ in game.stepping(seconds):
        _hold(game, caller)  # before every pause: a client that goes away in it lets the world go
        yield
    _hold(game, caller)
    return game.ut


@service.getter
def lockstep(game: Simulation) -> bool:
    """Whether only Step moves the world."""
    return game.lockstep


@service.setter
def set_lockstep(game: Simulation, value: bool) -> None:
    """Hold the world for Step, or let it run with the clock again."""
    if value:
        _hold(game, game.caller)
    else:
        game.keeper, game.lockstep = None, False


@service.getter
def rate(game: Simulation) -> float:
    """World seconds a wall second, without lockstep and warp."""
    return game.rate


@service.setter
def set_rate(game: Simulation, value: float) -> None:
    """Set the world seconds a wall second, above 0 and at most 1000."""
    game.set_rate(value)


@service.getter
def scenario(game: Simulation) -> str:
    """The scenario or save that is flown."""
    return game.scenario


@service.getter
def seed(game: Simulation) -> int:
    """The seed of the episode; 0 for a save."""
    return game.seed


@service.getter
def scenarios(game: Simulation) -> list[str]:
    """The scenarios that Reset knows."""
    return list(PURSUITS)


@service.getter
def save_names(game: Simulation) -> list[str]:
    """The public saves that SpaceCenter.Load knows."""
    return list(public_saves())


@service.getter
def over(game: Simulation) -> bool:
    """Whether the episode is over: captured, or out of time."""
    return bool(game.fleet.over[0])


@service.getter
def captured(game: Simulation) -> bool:
    """Whether the pursuer has come within five metres of the evader."""
    return bool(_world(game).captured[0])


@service.getter
def bot(game: Simulation) -> str:
    """What flies the evader, in words; empty if the server does not."""
    return BOTS[int(game.fleet.bots.kinds[0])] if isinstance(game.fleet, World) else ""


@service.getter
def score(game: Simulation) -> float:
    """KSPDG's score at the closest approach so far, lower is better."""
    return float(_closest(game).score()[0])


@service.getter
def closest_approach(game: Simulation) -> float:
    """Closest approach so far, m, as it was after steps."""
    return float(_closest(game).distance[0])


@service.getter
def telemetry(game: Simulation) -> list[float]:
    """KSPDG's 15 numbers: time, mass, propellant, positions and velocities, SI."""
    return [float(value) for value in panel_telemetry(_world(game), 0)]


@service.getter
def frame(game: Simulation) -> Generator[None, None, bytes]:
    """What the active vessel's cockpit shows, 1280 x 720, as a PNG file."""
    return picture(game)


def _world(game: Simulation) -> World:
    if not isinstance(game.fleet, World):
        raise InvalidOperationException(
            f"{game.scenario} is a save and has no task; begin a scenario with Helmsight.Reset"
        )
    return game.fleet


def _closest(game: Simulation) -> ScoreKeeper:
    _world(game)
    assert game.closest is not None
    return game.closest
