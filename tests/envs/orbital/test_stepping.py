"""The step in C beside the one in NumPy, and beside itself in other batches."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.envs.orbital import stepping
from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.convoy import make_world
from helmsight.envs.orbital.dynamics import MU, norm, unit
from helmsight.envs.orbital.fleet import ADRIFT, Fleet
from helmsight.envs.orbital.scenarios import SCENARIOS
from helmsight.envs.orbital.starts import AGENT
from helmsight.envs.orbital.stepping import NUMPY, VARIABLE, C, step_code
from helmsight.envs.orbital.vehicles import DRONE, SCISAT

F = TypeVar("F", bound=Fleet)
CRAFT = (SCISAT, DRONE, DRONE)
STATE = ("met", "position", "velocity", "axes", "spin", "propellant", "fuel", "angular_velocity")


@pytest.fixture(scope="module", autouse=True)
def _needs_c() -> None:
    try:
        import_module("helmsight.envs.orbital._step")
    except ImportError:
        pytest.skip("the step was not compiled here")
    assert stepping._built() is not None, "compiled from other sources: make install"


def by(code: str, make: Callable[[], F]) -> F:
    """Return what `make` makes, its steps taken by `code`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, code)
        made = make()
    assert (made._compiled is not None) == (code == C)
    return made


def random_fleet(seed: int, n: int) -> Fleet:
    """Return `n` worlds of lady, bandit and guard in which everything that can be set is set."""
    rng = np.random.default_rng(seed)
    k = len(CRAFT)

    def flags(share: float = 0.5) -> np.ndarray:
        return rng.random((n, k)) < share

    def directions(*shape: int) -> np.ndarray:
        return unit(rng.normal(size=(*shape, 3)))

    position = directions(n, k) * rng.uniform(7e5, 9e5, (n, k, 1))
    speed = np.sqrt(MU / norm(position))[..., None] * rng.uniform(0.9, 1.1, (n, k, 1))
    velocity = directions(n, k) * speed
    nose = directions(n, k)
    right = unit(np.cross(nose, directions(n, k)))
    axes = np.stack([nose, right, np.cross(nose, right)], axis=-2)
    fleet = Fleet(position, velocity, CRAFT, rng.uniform(0.0, 9.0, n), axes)
    fleet.throttle = rng.uniform(-1.0, 1.0, (n, k, 3)) * flags()[..., None]
    fleet.rotation = rng.uniform(-1.0, 1.0, (n, k, 3)) * flags(0.3)[..., None]
    fleet.main, fleet.ignited, fleet.rcs = rng.uniform(0.0, 1.0, (n, k)), flags(), flags(0.8)
    fleet.sas = rng.choice([ADRIFT, *map(int, SAS)], (n, k))
    fleet.target = rng.choice([ADRIFT, 0, 1, 2], (n, k))
    fleet.aim = np.stack([directions(n, k), directions(n, k)], axis=-2)
    fleet.aim[flags(), 1] = np.nan
    fleet.spin = rng.normal(scale=0.5, size=(n, k, 3))
    fleet.propellant *= rng.choice([0.0, 1e-3, 1.0], (n, k))  # some run dry on the way
    fleet.fuel *= rng.choice([0.0, 1e-2, 1.0], (n, k))
    fleet.held, fleet.over = rng.random(n) < 0.2, rng.random(n) < 0.1
    return fleet


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_c_flies_any_fleet_as_numpy_does(seed, n):
    fleets = [by(code, lambda: random_fleet(seed, n)) for code in (C, NUMPY)]
    for fleet in fleets:
        fleet.advance(100)
    compiled, oracle = fleets
    for name in STATE:
        # as vectors: a component that passes through zero has no figures to compare
        there, here = (np.atleast_1d(getattr(fleet, name)) for fleet in (oracle, compiled))
        scale = np.abs(there).max(axis=-1, keepdims=True)
        assert (np.abs(here - there) <= 1e-9 * scale + 1e-9).all(), name


@pytest.mark.parametrize("steps", [(40,), (1, 7, 32)])
def test_a_world_comes_to_the_same_bits_alone_in_any_row_and_in_any_portions(steps):
    whole = by(C, lambda: random_fleet(5, 16))
    rows = [by(C, partial(one_of, random_fleet(5, 16), row)) for row in range(16)]
    whole.advance(40)
    for row in rows:
        for part in steps:
            row.advance(part)
    for name in STATE:
        alone = np.concatenate([getattr(row, name) for row in rows])
        np.testing.assert_array_equal(alone, getattr(whole, name), name)


def one_of(fleet: Fleet, row: int) -> Fleet:
    """Return a fleet of one world, like that in `row`."""
    one = Fleet(
        fleet.position[[row]], fleet.velocity[[row]], CRAFT, fleet.met[[row]], fleet.axes[[row]]
    )
    names = ("throttle", "rotation", "main", "ignited", "rcs", "sas", "target", "aim", "spin")
    for name in (*names, "propellant", "fuel", "held", "over"):
        setattr(one, name, getattr(fleet, name)[[row]])
    return one


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize("family", ["PE1", "LBG1", "SB1"])
def test_a_whole_flight_by_c_ends_where_that_by_numpy_does(family):
    """Bots, captures and time limits too; all scenarios with random commands of half a second."""
    starts = [(scenario, 1) for name, scenario in SCENARIOS.items() if name.startswith(family)]
    worlds = [by(code, lambda: make_world(starts)) for code in (C, NUMPY)]
    for world in worlds:
        world.settle()
        rng = np.random.default_rng(2)
        while not world.over.all():
            world.burn(rng.uniform(-1.0, 1.0, (len(starts), 3)))
            world.advance(25)
    compiled, oracle = worlds
    np.testing.assert_allclose(compiled.position, oracle.position, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(compiled.propellant, oracle.propellant, rtol=0.0, atol=1e-9)
    for name in ("met", "captured", "over"):
        np.testing.assert_array_equal(getattr(compiled, name), getattr(oracle, name), name)


@pytest.mark.parametrize("code", [C, NUMPY])
def test_a_capture_ends_a_world_at_that_very_step_and_the_others_go_on(code):
    starts = [(SCENARIOS["PE1-E1-I3"], 0)] * 2
    world = by(code, lambda: make_world(starts))
    world.position[0, AGENT] = world.position[0, 0] + [0.0, 0.0, 5.5]
    world.velocity[0, AGENT] = world.velocity[0, 0] - [0.0, 0.0, 5.0]
    before = world.met.copy()
    world.advance(20)
    assert world.captured.tolist() == world.over.tolist() == [True, False]
    np.testing.assert_allclose(world.met - before, [0.1, 0.4])
    assert 4.9 < world.range[0] <= 5.0


def test_what_was_read_of_a_fleet_stays_as_it_was_read():
    fleet = by(C, lambda: random_fleet(1, 2))
    before = fleet.position, fleet.axes[0], fleet.position.copy(), fleet.axes[0].copy()
    fleet.over[:] = fleet.held[:] = False
    fleet.advance(3)
    np.testing.assert_array_equal(before[0], before[2])
    np.testing.assert_array_equal(before[1], before[3])
    assert (fleet.position != before[0]).all()


def test_a_copy_of_a_fleet_flies_by_itself():
    fleet = by(C, lambda: random_fleet(2, 2))
    fleet.over[:] = fleet.held[:] = False
    fleet.advance(2)
    other = copy.deepcopy(fleet)
    other.advance(5)
    assert (other.position != fleet.position).all()
    fleet.advance(5)
    np.testing.assert_array_equal(other.position, fleet.position)


def test_c_is_what_flies_where_it_was_built_unless_numpy_is_asked_for(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert step_code() == C
    monkeypatch.setenv(VARIABLE, NUMPY)
    assert step_code() == NUMPY
    monkeypatch.setenv(VARIABLE, "fortran")
    with pytest.raises(InvalidOption, match="HELMSIGHT_STEP='fortran' is not known; choose c or"):
        step_code()


def test_a_step_that_was_compiled_from_other_sources_is_not_flown(monkeypatch, tmp_path):
    (tmp_path / "step").mkdir()
    for name in stepping.SOURCES:
        (tmp_path / "step" / name).write_text("int changed;\n", encoding="utf-8")
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(stepping, "__file__", str(tmp_path / "stepping.py"))
    stepping._built.cache_clear()
    try:
        assert step_code() == NUMPY
        monkeypatch.setenv(VARIABLE, C)
        with pytest.raises(InvalidOption, match="sources that have changed since"):
            step_code()
    finally:
        stepping._built.cache_clear()
