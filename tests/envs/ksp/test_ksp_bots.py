"""The evaders on this side of the wire do what the twin's own do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from helmsight.envs.ksp.controls import EvaderControls
from helmsight.envs.ksp.errors import BotLost
from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.bots import CRUISE_THROTTLE, Bots
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import orbital_axes
from helmsight.envs.orbital.scenarios import EVADER
from helmsight.envs.orbital.stepping import DT

if TYPE_CHECKING:
    from tests.envs.ksp.conftest import Game

pytestmark = pytest.mark.slow  # many short flights: together they are long

COAST = BurnCommand(forward=0.0, right=0.0, down=0.0, duration=2.0).action()


def nose(fleet: Any) -> Any:
    """Components of the evader's nose along (radial, along-track, normal)."""
    axes = orbital_axes(fleet.position[0, EVADER], fleet.velocity[0, EVADER])
    return axes @ fleet.axes[0, EVADER, 0]


def eventually(holds: Callable[[], bool]) -> bool:
    """Return whether something holds within ten minutes: the bots have threads of their own."""
    deadline = time.monotonic() + 600.0
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_e3_burns_along_its_normal_while_the_pursuer_is_near(game: Game) -> None:
    env = game.env("PE1-E3-I1")
    assert env.reset()[1]["about"]["evader"] == "client"
    game.meet(3000.0)
    env.step(COAST)
    assert not game.fleet(lambda fleet: bool(fleet.rcs[0, EVADER]))  # asleep
    game.meet(1000.0)
    assert eventually(lambda: nose_is(game, (0.0, 0.0, 1.0)))
    assert game.throttle(EVADER) == [0.0, 0.0, 0.0]
    game.meet(150.0)
    assert eventually(lambda: game.throttle(EVADER) == [1.0, 0.0, 0.0])
    game.meet(500.0)
    assert eventually(lambda: game.throttle(EVADER) == [0.0, 0.0, 0.0])


def nose_is(game: Game, wanted: tuple[float, float, float]) -> bool:
    return float(game.fleet(nose) @ np.array(wanted)) > 0.999


def test_e4_burns_prograde_all_the_time(game: Game) -> None:
    env = game.env("PE1-E4-I1")
    env.reset()
    cruising = pytest.approx([CRUISE_THROTTLE, 0.0, 0.0])
    assert eventually(lambda: game.throttle(EVADER) == cruising)
    assert eventually(lambda: nose_is(game, (0.0, 1.0, 0.0)))
    env.close()
    assert game.throttle(EVADER) == [0.0, 0.0, 0.0]


def test_e2_fidgets_within_its_range_and_lets_go_at_the_end(game: Game) -> None:
    env = game.env("PE1-E2-I1")
    env.reset()
    seen = set()

    def fidgeted() -> bool:
        game.meet(1000.0)
        seen.add(tuple(game.throttle(EVADER)))
        return len(seen) > 3

    assert eventually(fidgeted)
    assert game.fleet(lambda fleet: int(fleet.sas[0, EVADER])) == SAS.PROGRADE
    env.close()
    assert game.throttle(EVADER) == [0.0, 0.0, 0.0]
    assert game.fleet(lambda fleet: fleet.rotation[0, EVADER].tolist()) == [0.0, 0.0, 0.0]


def inputs(seed: int) -> list[tuple[float, ...]]:
    """Return when E2 near its pursuer changes its inputs, and to what, in ten minutes."""
    controls = EvaderControls(None)
    bots = Bots([2], [seed], np.zeros(1))
    drawn: list[tuple[float, ...]] = []
    for tick in range(30_000):
        controls.met = np.array([tick * DT])
        bots.act(controls)
        axes = (*controls.throttle[0, EVADER], *controls.rotation[0, EVADER])
        if not drawn or drawn[-1][1:] != axes:
            drawn.append((tick * DT, *axes))
    return drawn


@pytest.mark.uncounted
def test_e2_draws_its_inputs_from_the_seed() -> None:
    drawn = inputs(3)
    assert drawn == inputs(3) != inputs(4)
    moves = [any(values[:3]) for _, *values in drawn]
    turns = [any(values[3:]) for _, *values in drawn]
    assert 0.4 < np.mean(moves) < 0.8  # a rest that follows a rest is not seen
    assert 0.4 < np.mean(turns) < 0.8
    assert 350 < len(drawn) < 650
    assert np.mean(np.diff([when for when, *_ in drawn]) < 2.0) > 0.7
    assert all(abs(value) <= 1.0 for _, *values in drawn for value in values)


def test_a_bot_that_dies_ends_the_flight(game: Game) -> None:
    env = game.env("PE1-E3-I1")
    env.reset()
    game.cut("Helmsight evader")
    game.meet(150.0)
    with pytest.raises(BotLost, match=r"E3 died.*passive evader"):
        env.step(BurnCommand(forward=0.0, right=0.0, down=0.0, duration=10.0).action())
