from __future__ import annotations

import json

import numpy as np
import pytest

from helmsight.agents.inspection.coverage import Coverage
from helmsight.agents.inspection.differences import (
    FEATURES,
    SIZE,
    DifferenceEyes,
    differences,
    fits_of,
    thresholds,
)
from helmsight.agents.inspection.drawing import LIGHT, Drawing, drawing
from helmsight.agents.inspection.inspector import Inspector
from helmsight.agents.training.inspector.lessons import FIRST_SEED
from helmsight.contract.fit import check_fit
from helmsight.envs.inspection.parts import DEFECTS
from helmsight.envs.inspection.plan import CellPlan

RNG = np.random.default_rng(0)
CLEAN = np.kron(RNG.integers(60, 200, (16, 16, 3)), np.ones((4, 4, 1))).astype(np.uint8)
WHOLE = np.ones((SIZE, SIZE), bool)


def feature(name: str, frame: np.ndarray) -> float:
    return float(differences(frame, CLEAN, WHOLE)[FEATURES.index(name)])


def test_light_and_colour_of_the_lamp_make_no_difference():
    dim = (CLEAN * np.array([0.5, 0.6, 0.55]) + 10).astype(np.uint8)
    spot = CLEAN.copy()
    spot[20:30, 20:30] = 10
    assert feature("changed", dim) < feature("changed", spot) - 0.5
    assert feature("spot", dim) < feature("spot", spot) - 1.0


def test_what_became_darker_and_what_became_brighter_are_told_apart():
    dark, bright = CLEAN.copy(), CLEAN.copy()
    dark[20:34, 20:34], bright[20:34, 20:34] = 0, 255
    assert feature("darker", dark) > feature("brighter", dark)
    assert feature("brighter", bright) > feature("darker", bright)


def test_only_what_is_within_the_part_counts():
    mask = WHOLE.copy()
    mask[:, 32:] = False
    beside = CLEAN.copy()
    beside[10:20, 44:60] = 0
    assert differences(beside, CLEAN, mask) == pytest.approx(
        differences(CLEAN, CLEAN, mask), abs=0.2
    )


def test_the_state_whose_differences_are_nearest_fits_best():
    states = {
        "sound": {"mean": [0.0] * 5, "spread": [1.0] * 5},
        "dent": {"mean": [4.0] * 5, "spread": [1.0] * 5},
    }
    fits = fits_of(np.full(5, 3.5), states)
    assert fits["dent"] > 10 * fits["sound"] > 0.0


def test_what_was_fitted_knows_every_state_and_only_cells_of_the_training_seeds():
    data = thresholds()
    assert data["seeds"][0] >= FIRST_SEED
    assert data["command"].startswith("python -m helmsight.agents.training.inspector.thresholds ")
    assert data["features"] == list(FEATURES)
    for kind, defects in DEFECTS.items():
        assert set(data["kinds"][kind]) == {"sound", *defects}


def test_the_drawing_has_nothing_wrong_and_nobodys_light():
    with drawing(7) as cell:
        assert cell.plan.defects == ()
        assert cell.plan.things == ()
        assert cell.plan.light == LIGHT
        assert cell.plan.shifts == CellPlan.draw(7).shifts


@pytest.mark.slow
def test_it_inspects_with_fixed_views_and_reports_every_part(paper):
    world = paper(["dish", "mast"])
    check_fit(Coverage(), world.task, "frame+telemetry")
    world.run(Coverage())
    fixed = ["dish: bowl", "mast: mast", "dish: bowl, closer", "mast: mast, closer"]
    assert world.views[:4] == fixed
    assert set(world.states) == {"dish", "mast"}


@pytest.mark.slow
def test_a_model_and_the_drawing_are_both_believed_and_only_the_model_is_charged(
    paper, truthful, monkeypatch
):
    def look(self, frame, crops, size, spent, digest):
        return [{"not seen": 0.3, "sound": 0.05, "dent": 0.9, "scorch": 0.05} for _ in crops]

    monkeypatch.setattr(DifferenceEyes, "look", look)
    eyes = truthful({}, sure=0.5)  # the model alone would say sound
    pilot = Inspector(eyes, drawing=Drawing())
    world = paper(["dish"]).run(pilot)
    assert world.states == {"dish": "dent"}
    assert "by the drawing" in world.reports["dish"].why
    assert pilot.spent.crops == len(eyes.asked)
    judged = json.loads(world.raw[1])["seen"]
    assert [entry.get("by", "model") for entry in judged] == ["drawing", "model"]
