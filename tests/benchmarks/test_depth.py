"""Distances out of a picture in which a thing and its foot were found."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from helmsight.evals.spatial.scenes import scene


@pytest.fixture(scope="module")
def bench(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("depth")


def test_thing_and_foot_tell_the_distance_exactly(bench: ModuleType) -> None:
    placed = scene(np.random.default_rng(2), held_out=True)
    for thing in placed.things:
        spots = placed.camera.seen(np.stack([thing.centre, thing.centre * [1, 1, 0]]))[:, :2]
        away = np.linalg.norm(thing.centre - placed.camera.place)
        assert bench.distance(placed.camera, *spots) == pytest.approx(away)


def test_a_foot_above_the_horizon_tells_nothing(bench: ModuleType) -> None:
    camera = scene(np.random.default_rng(2), held_out=True).camera
    up = camera.axes @ np.array([0.0, 0.0, 1.0]) + camera.axes @ camera.axes[2]
    above = camera.focal * up[:2] / up[2]
    assert np.isnan(bench.distance(camera, above, above))


@pytest.mark.slow
def test_the_worse_a_foot_is_found_the_more_answers_are_wrong(bench: ModuleType) -> None:
    exact, rough = (np.mean(bench.answers(80, pixels)[0]) for pixels in (0.5, 20.0))
    assert exact == 1.0
    assert 0.5 < rough < 0.95


@pytest.mark.slow
def test_the_table_has_a_line_for_every_error(
    bench: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["--n", "16"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [float(line.split()[0]) for line in lines[2:]] == list(bench.ERRORS)
