"""The twin against flights in the real game: ARCLab-MIT/kspdg (MIT licence), PE1, start I3.

Numbers only. `ksp-keyboard-pe1-i3.csv`: a flight by keyboard, a row a tick of KSPDG's runner.
`ksp-agent-pe1-i3.csv`: a flight by a language model, what it was shown and what it answered.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from helmsight.envs.orbital.dynamics import Array, gravity, norm, orbital_axes, unit
from helmsight.envs.orbital.scenarios import PURSUER, Scenario
from helmsight.envs.orbital.world import World

DATA = Path(__file__).parent / "data"
RUNNER_STEP = 2.04
"""A command of 2 s in the real runner, from one observation to the next, s."""


def rows(name: str) -> list[dict[str, float]]:
    with (DATA / f"ksp-{name}-pe1-i3.csv").open(encoding="utf-8", newline="") as file:
        return [
            {key: float(value) for key, value in row.items() if value}
            for row in csv.DictReader(file)
        ]


def push(command: tuple[float, float]) -> Array:
    """Return the direction (radial, along-track, normal) in which a command (right, down) pushed.

    Velocity differences less gravity, added up over the ticks with this command.
    """
    vectors = ("pursuer_pos", "pursuer_vel")
    total = np.zeros(3)
    flight = rows("keyboard")
    for row, after in pairwise(flight):
        if (row["right"], row["down"]) != command or row["time"] < 14.0:
            continue  # the first key presses overlap
        (here, slow), (there, fast) = (
            [np.array([tick[f"{name}_{axis}"] for axis in "xyz"]) for name in vectors]
            for tick in (row, after)
        )
        fall = 0.5 * (gravity(here) + gravity(there)) * (after["time"] - row["time"])
        total += orbital_axes(here, slow) @ (fast - slow - fall)
    return unit(total)


@pytest.mark.parametrize(("command", "row"), [((1.0, 0.0), (0, 1, 0)), ((0.0, -1.0), (0, 0, -1))])
def test_thrusters_push_as_a_keyboard_flight_in_the_game_shows(command, row):
    flight = World([Scenario(1, 3)])
    flight.settle()
    frame = orbital_axes(flight.position[0, PURSUER], flight.velocity[0, PURSUER])
    twin = frame @ (np.array(row) @ flight.axes[0, PURSUER])
    apart = np.degrees(np.arccos(np.clip(twin @ push(command), -1.0, 1.0)))
    assert apart < 5.0, f"{apart:.1f} degrees between the twin {twin} and the game {push(command)}"


def observation_times(log: list[dict[str, float]]) -> list[float]:
    """Return the mission times of all observations; three that were not logged are reckoned."""
    times = [row.get("met_s", np.nan) for row in log]
    times[1] = times[0] + 4.88  # the first answer took 2.84 s, and then it was burned for 2.04 s
    for k in range(2, len(times)):
        if np.isnan(times[k]):
            times[k] = times[k - 1] + RUNNER_STEP
    return times


@pytest.mark.slow
def test_an_agents_flight_in_the_game_stays_near_when_it_is_replayed_open_loop():
    """The runner's clock: an answer is applied at the observation after its own."""
    log = rows("agent")
    times = observation_times(log)
    burns = [(times[0] + log[0]["answer_latency_s"], log[0])]
    burns += [(times[k + 1], log[k]) for k in range(1, len(log) - 1)]
    shown = [(row["met_s"], row["range_m"]) for row in log if row.get("met_s", 999.0) < 111.0]
    flight = World([Scenario(1, 3)])
    flight.settle()
    errors = []
    while shown:
        now = float(flight.met[0]) + 1e-6
        if now >= shown[0][0]:
            errors.append(float(flight.range[0]) - shown.pop(0)[1])
        if burns and now >= burns[0][0]:
            _, row = burns.pop(0)
            flight.burn(np.array([[row["forward"], row["right"], row["down"]]]))
        flight.advance()
    assert len(errors) == 30
    assert norm(np.array(errors)) / np.sqrt(len(errors)) < 50.0
