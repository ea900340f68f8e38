"""How the cockpits of training flights look."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.training.flights import FlightBatch
from helmsight.agents.training.looks import Look, cover
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.families import FAMILIES


def test_looks_are_of_all_kinds_and_the_plain_one_is_the_nominal() -> None:
    looks = [Look.draw(np.random.default_rng(seed)) for seed in range(80)]
    assert any(look.layout.game for look in looks)
    assert any(look.shift != (0.0, 0.0) for look in looks)
    assert any(look.zoom != 1.0 for look in looks)
    assert sum(look == Look(Layout()) for look in looks) > 25
    assert Look.draw(np.random.default_rng(0), plain=True) == Look(Layout())


@pytest.mark.slow
def test_a_moved_picture_is_the_same_picture_elsewhere() -> None:
    state = FAMILIES["PE1"].cockpit(FlightBatch(1, np.random.default_rng(0)).world, 0)
    rng = np.random.default_rng(1)
    plain = Look(Layout()).frame(state, rng)
    moved = Look(Layout(), shift=(24.0, 16.0)).frame(state, rng)
    assert np.array_equal(moved[16:, 24:], plain[:-16, :-24])
    larger = Look(Layout(), zoom=1.15).frame(state, rng)
    assert larger.shape == plain.shape
    assert not np.array_equal(larger, plain)


@pytest.mark.slow
def test_what_is_covered_is_flat_and_the_rest_is_left() -> None:
    flights = FlightBatch(1, np.random.default_rng(0), plain=True)
    frame = Look(Layout()).frame(FAMILIES["PE1"].cockpit(flights.world, 0), flights.rng)
    regions = Layout().regions()
    kinds = set()
    for seed in range(12):
        hidden = frame.copy()
        cover(hidden, regions, np.random.default_rng(seed))
        flat = []
        for name, (x0, y0, x1, y1) in regions.items():
            inside = hidden[y0:y1, x0:x1]
            if (inside == inside[0, 0]).all():
                flat.append(name)
        kinds.add(tuple(flat))
        assert np.array_equal(hidden[:464], frame[:464])
    assert kinds == {("readouts",), ("navball",), ("navball", "readouts")}
