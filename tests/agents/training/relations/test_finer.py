"""A model that sees finer goes on from what a coarser one knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.models.sources import BUNDLED
from helmsight.agents.training.fit import vision_features
from helmsight.agents.training.folder import replace as written
from helmsight.agents.training.relations.course import ASKING_STYLE, design
from helmsight.agents.training.relations.finer import Remembered, _places, _spread, begun
from helmsight.agents.training.student import build_model, build_processor, build_tokenizer
from helmsight.evals.spatial.course import SpatialCourse

pytestmark = pytest.mark.slow  # a tokenizer and a model are built
COURSE: Any = SpatialCourse(5)
SIZES = design(COURSE)
COARSE = replace(SIZES, view=160, shuffle=2)


@pytest.fixture(scope="module")
def coarse(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    tokenizer = build_tokenizer(["red cube left of blue ball"], SIZES)
    torch.manual_seed(0)
    model, out = build_model(tokenizer, COARSE), tmp_path_factory.mktemp("coarse") / "model"
    written(model, build_processor(tokenizer, COARSE), out, ASKING_STYLE)
    return model, out


def test_a_finer_eye_has_as_many_tokens_and_the_text_model_is_the_same(
    coarse: tuple[Any, Path],
) -> None:
    old, out = coarse
    model, processor = begun(out, "cpu", COURSE.corpus, SIZES)
    assert processor.image_seq_len == COARSE.visual_tokens == SIZES.visual_tokens == 25
    picture = torch.zeros(1, 3, SIZES.view, SIZES.view)
    assert vision_features(model, picture).shape == (1, 25, SIZES.text.width)
    # weights are kept in half precision
    for name, weight in old.model.text_model.state_dict().items():
        kept = model.model.text_model.state_dict()[name]
        torch.testing.assert_close(kept, weight.bfloat16().float())


def test_patches_that_look_alike_are_read_as_they_were() -> None:
    weight, seen = torch.randn(5, 2 * 2 * 3), torch.randn(3)
    finer = _spread(weight, 2, 3)
    assert finer.shape == (5, 3 * 3 * 3)
    torch.testing.assert_close(finer @ seen.repeat(9), weight @ seen.repeat(4))


def test_each_side_of_a_token_is_read_off_its_own_side() -> None:
    weight = torch.zeros(1, 2, 2, 1)
    weight[0, 0, 1] = 1.0  # above, to the right
    finer = _spread(weight.flatten(1), 2, 3).view(3, 3)
    assert finer.sum() == pytest.approx(1.0)
    assert finer[0, 2] == finer.max()
    assert (finer[:, 0] == 0).all()
    assert (finer[2] == 0).all()


def test_new_places_lie_between_the_old_ones() -> None:
    across = torch.arange(10.0).repeat(10, 1)
    old = torch.stack([across.flatten(), across.T.flatten()], dim=1)
    new = _places(old, 15).view(15, 15, 2)
    assert (new[:, 1:, 0] >= new[:, :-1, 0]).all()
    assert (new[1:, :, 1] >= new[:-1, :, 1]).all()
    torch.testing.assert_close(new[7, 7], torch.tensor([4.5, 4.5]))
    assert torch.equal(_places(old, 10), old)


def test_the_text_model_goes_a_part_of_the_way_and_the_eye_all_of_it(
    coarse: tuple[Any, Path],
) -> None:
    model, _ = begun(coarse[1], "cpu", COURSE.corpus, SIZES)
    first = {name: weight.clone() for name, weight in model.state_dict().items()}
    remembered = Remembered(model)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 1.0
    remembered.back(model, 0.4)
    for name, weight in model.state_dict().items():
        moved = 0.4 if "text_model" in name or name == "lm_head.weight" else 1.0
        torch.testing.assert_close(weight, first[name] + moved)


def test_a_model_of_another_kind_is_not_made_finer() -> None:
    with pytest.raises(ModelUnavailable, match="cannot be trained on here"):
        begun(BUNDLED, "cpu", COURSE.corpus, SIZES)
