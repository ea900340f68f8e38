"""Rows of a batch as worlds of their own: they move alone, and exactly as a world of one does."""

import numpy as np
import pytest

from helmsight.envs.errors import EpisodeOver
from helmsight.envs.orbital.convoy import Berths
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, PURSUITS
from helmsight.envs.orbital.world import World

STARTS = [(PURSUITS["PE1-E2-I2"], 3), (PURSUITS["PE1-E4-I3"], 0), (PURSUITS["PE1-E3-I1"], 7)]
ARRAYS = (
    "met", "position", "velocity", "axes", "mass", "propellant", "throttle", "rcs", "sas", "over",
)  # fmt: skip


def berths(starts=STARTS):
    made = Berths(starts, lambda row, steps: made.move({row: steps}))
    return made


def batch(made):
    """Return the worlds that the berths are rows of: all starts are of one family."""
    return made._places[0][0].world


@pytest.mark.slow
def test_a_row_does_what_a_world_of_its_own_does_bit_for_bit_whenever_the_others_move():
    made = berths()
    rows = [made.take(row, *start) for row, start in enumerate(STARTS)]
    alone = [World([scenario], [seed]) for scenario, seed in STARTS]
    for flight in (*rows, *alone):
        flight.settle()
        # so near that the second and third evader act
        flight.position[0, PURSUER] = flight.position[0, EVADER] + [150.0, 90.0, -40.0]
        flight.velocity[0, PURSUER] = flight.velocity[0, EVADER]
    rng = np.random.default_rng(5)
    for seconds in (0.5, 0.33, 1.0):
        for row, single in zip(rows, alone, strict=True):
            push = rng.uniform(-1.0, 1.0, (1, 3))
            for flight in (row, single):
                flight.burn(push)
                flight.run(seconds)
            for name in ARRAYS:
                np.testing.assert_array_equal(getattr(row, name), getattr(single, name), name)
            np.testing.assert_array_equal(row.range, single.range)
    assert batch(made).throttle[2, EVADER, 0] == 1.0  # E3 flees
    assert batch(made).throttle[0, EVADER].any()  # E2 has drawn


def test_rows_move_by_as_many_steps_as_each_is_due():
    made = berths()
    before = batch(made).met.copy()
    made.move({0: 5, 2: 2})
    np.testing.assert_allclose(batch(made).met - before, [0.1, 0.0, 0.04])
    assert not batch(made).held.any()


def test_a_row_that_is_over_stands_still_and_the_others_go_on():
    made = berths()
    batch(made).over[1] = True
    rows = [made.take(row, *start) for row, start in enumerate(STARTS)]
    before = batch(made).met.copy()
    made.move({0: 3, 1: 3})
    rows[1].advance(3)
    np.testing.assert_allclose(batch(made).met - before, [0.06, 0.0, 0.0])


@pytest.mark.parametrize(("row", "seed"), [(0, 4), (1, 3), (9, 3)])
def test_a_berth_is_refused_to_another_start(row, seed):
    with pytest.raises(EpisodeOver, match=f"row {row} of the batch does not begin as PE1-E2-I2"):
        berths().take(row, STARTS[0][0], seed)


def test_a_berth_is_given_once():
    made = berths()
    made.take(0, *STARTS[0])
    with pytest.raises(EpisodeOver, match="flown once"):
        made.take(0, *STARTS[0])
