"""The inspector's lessons and its fit: crops with the state they show, and that it is learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from helmsight.agents.inspection.change import composite
from helmsight.agents.training.folder import replace
from helmsight.agents.training.inspector import fit as fitting
from helmsight.agents.training.inspector import lessons
from helmsight.agents.training.inspector.design import (
    ASKING_STYLE,
    INSPECTOR,
    STATES,
    VIEW,
    corpus,
    question,
)
from helmsight.agents.training.inspector.fit import InspectorFit, Pool, taught, varied
from helmsight.agents.training.inspector.lessons import CELLS, PartCrop, crops
from helmsight.agents.training.student import begin
from helmsight.envs.inspection.parts import DEFECTS
from helmsight.envs.inspection.states import NOT_SEEN, SOUND, states

pytestmark = pytest.mark.slow  # torch is loaded
KINDS = tuple(DEFECTS)
SIDE = 32


def painted(kind: str, state: str, shade: int) -> PartCrop:
    """Return a crop of one grey, which is all that tells its state."""
    nothing = np.zeros((CELLS, CELLS), np.float32)
    image, clean = (np.full((VIEW, VIEW, 3), each, np.uint8) for each in (shade, 120))
    return PartCrop(image, clean, kind, state, nothing, nothing)


def test_crops_of_a_cell_show_what_they_are_said_to_show_and_come_again(drawing: None) -> None:
    drawn = list(crops(3, SIDE, views=4))
    again = list(crops(3, SIDE, views=4))
    assert len(drawn) == len(again) > 8
    for one, two in zip(drawn, again, strict=True):
        assert np.array_equal(one.image, two.image)
        assert one.image.shape == (SIDE, SIDE, 3)
        assert one.state in states(DEFECTS[one.kind])
        assert (one.wrong.max() > 0) == (one.state in DEFECTS[one.kind])
        if one.state == SOUND:
            assert one.part.max() > 0
    assert {crop.state for crop in drawn} >= {SOUND, NOT_SEEN}


def test_the_place_of_a_part_that_is_not_there_is_a_lesson_in_not_seeing_it(
    drawing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "GONE", 1.0)
    bare = [crop for crop in crops(3, SIDE, views=4) if crop.kind != "bus"]
    assert {(crop.state, float(crop.part.max())) for crop in bare} == {(NOT_SEEN, 0.0)}
    drawn = [np.abs(crop.image.astype(float) - crop.clean).mean() for crop in bare]
    assert max(drawn) > 20.0  # the drawing has what the picture has not


def test_a_pool_gives_every_kind_and_takes_up_what_comes_later() -> None:
    kept = [painted(kind, SOUND, 100) for kind in KINDS] * 3
    pool = Pool(kept, np.random.default_rng(0))
    assert set(Counter(crop.kind for crop in pool.draw(200))) == set(KINDS)
    assert {crop.state for crop in pool.draw(50)} == {SOUND}
    kept.append(painted("bus", "scorch", 20))
    told = Counter((crop.kind, crop.state) for crop in pool.draw(600))
    assert 0 < told["bus", "scorch"] < 300


def test_a_varied_crop_is_the_same_part_in_the_same_state_mirrored_as_a_whole() -> None:
    rng = np.random.default_rng(0)
    part = np.zeros((CELLS, CELLS), np.float32)
    part[:, 0] = 1.0  # its left edge, which is light
    image = np.zeros((VIEW, VIEW, 3), np.uint8)
    image[:, : VIEW // CELLS] = 255
    for _ in range(20):
        seen = varied(PartCrop(image, image, "bus", "scorch", part, 1.0 - part), rng)
        assert (seen.kind, seen.state) == ("bus", "scorch")
        left = seen.image[:, : VIEW // CELLS].mean() > seen.image[:, -VIEW // CELLS :].mean()
        assert (seen.part[0, 0] == 1.0) == left
        assert (seen.clean[0, 0, 0] == 255) == left
        assert np.array_equal(seen.wrong, 1.0 - seen.part)


def test_a_question_names_the_kind_and_every_state_it_can_be_in() -> None:
    for kind, defects in DEFECTS.items():
        asked = question(kind)
        assert kind in asked
        assert all(state in asked for state in states(defects))


class Steps(Iterator[tuple[int, float]]):
    """Steps of a training by number, so that a slow machine learns as much as a fast one."""

    def __init__(self, count: float) -> None:
        self._left = iter([(step, step / count) for step in range(int(count))])

    def __next__(self) -> tuple[int, float]:
        return next(self._left)


def test_a_fit_learns_and_its_folder_weighs_the_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helmsight.agents.messages import message, png
    from helmsight.agents.models.local import LocalVLM

    monkeypatch.setattr(fitting, "until", Steps)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, processor = begin(None, "cpu", corpus, INSPECTOR)
    for state in STATES:  # one token each: its probability is the state's
        assert len(processor.tokenizer(state, add_special_tokens=False)["input_ids"]) == 1
    lessons = [painted("thruster", SOUND, 30), painted("thruster", "missing cap", 220)] * 4
    monkeypatch.setattr(fitting, "KINDS", ("thruster",))
    monkeypatch.setattr(fitting, "varied", lambda crop, rng: crop)
    lines: list[str] = []
    fit = InspectorFit(
        model, processor, INSPECTOR, Pool(lessons, np.random.default_rng(0)), lines.append
    )
    fit.see(12, batch=8)
    fit.answer(25, batch=8)
    replace(model, processor, tmp_path / "inspector", ASKING_STYLE)
    by_fit = dict(zip((SOUND, "missing cap"), fit.shares(lessons[:2]), strict=True))
    loaded = LocalVLM.load(tmp_path / "inspector", device="cpu", dtype="float32")
    allowed = states(DEFECTS["thruster"])
    told = []
    for state, shade in ((SOUND, 30), ("missing cap", 220)):
        crop = painted("thruster", SOUND, shade)
        picture = png(composite(crop.image, crop.clean))
        shares = loaded.weigh([message([picture], question("thruster"), sha256())], allowed)
        assert sum(shares) == pytest.approx(1.0, abs=1e-4)
        told.append(shares[allowed.index("missing cap")])
        divided = [
            share / taught("thruster", each) for each, share in zip(allowed, shares, strict=True)
        ]
        np.testing.assert_allclose(
            by_fit[state], divided, rtol=0.1, atol=0.02
        )  # bfloat16 in the file
    assert all(b > a + 0.2 for a, b in pairwise(told)), (told, lines)
