"""How far answers are believed: heats are found that make them as sure as they are right."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from helmsight.agents.training.inspector.calibration import FEWEST, heats
from helmsight.agents.training.inspector.lessons import CELLS, PartCrop
from helmsight.envs.inspection.parts import DEFECTS
from helmsight.envs.inspection.states import states

NOTHING = np.zeros((CELLS, CELLS), np.float32)
PIXELS = np.zeros((8, 8, 3), np.uint8)


def answered(
    kind: str, n: int, sureness: float, seed: int = 0
) -> tuple[list[PartCrop], list[NDArray[np.float64]]]:
    """Return crops in states drawn from shares, and these shares with log-odds times `sureness`."""
    rng, allowed = np.random.default_rng(seed), states(DEFECTS[kind])
    crops, told = [], []
    for _ in range(n):
        logs = rng.normal(0.0, 1.5, len(allowed))
        share = np.exp(logs) / np.exp(logs).sum()
        state = str(rng.choice(allowed, p=share))
        crops.append(PartCrop(PIXELS, PIXELS, kind, state, NOTHING, NOTHING))
        told.append(np.exp(sureness * logs))
    return crops, told


@pytest.mark.slow
@pytest.mark.parametrize("sureness", [1.0, 2.0, 4.0])
def test_who_is_too_sure_is_cooled_by_as_much(sureness: float) -> None:
    found = heats(*answered("panel", 4000, sureness))
    assert found["panel"] == pytest.approx(sureness, rel=0.15)


@pytest.mark.slow
def test_each_kind_has_its_own_and_one_with_few_crops_none() -> None:
    sure, honest = answered("dish", 3000, 3.0), answered("mast", 3000, 1.0, seed=1)
    few = answered("bus", FEWEST - 1, 1.0)
    found = heats(sure[0] + honest[0] + few[0], sure[1] + honest[1] + few[1])
    assert set(found) == {"dish", "mast"}
    assert found["dish"] > 2.0 * found["mast"]


@pytest.mark.slow
def test_how_often_a_state_comes_is_no_reason_to_be_surer_of_it() -> None:
    crops, told = answered("thruster", 4000, 2.0)
    often = [*zip(crops, told, strict=True)]
    often += [pair for pair in often if pair[0].state == "sound"] * 5
    again = heats([crop for crop, _ in often], [share for _, share in often])
    assert again["thruster"] == pytest.approx(heats(crops, told)["thruster"], rel=0.06)
