"""The small model before any training: tokenizer, processor, saving and loading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.agents.training.design import PILOT, VIEW, VISUAL_TOKENS
from helmsight.agents.training.folder import save
from helmsight.agents.training.policy import StudentPolicy, pixels, prompt_ids
from helmsight.agents.training.questions import QUESTIONS, corpus, prompt
from helmsight.agents.training.student import SPECIAL, build_model, build_processor, build_tokenizer
from helmsight.envs.orbital.command import LEVELS, BurnCommand

pytestmark = pytest.mark.slow  # a model is made

TOKENIZER = build_tokenizer(corpus())


@pytest.fixture(scope="module")
def made() -> tuple[Any, Any]:
    return build_model(TOKENIZER).eval(), build_processor(TOKENIZER)


@given(st.text().filter(lambda text: not any(token in text for token in SPECIAL)))
@settings(max_examples=200, deadline=None)
def test_any_text_survives_the_tokenizer(text: str) -> None:
    ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    assert TOKENIZER.decode(ids, clean_up_tokenization_spaces=False) == text


@pytest.mark.parametrize("level", LEVELS)
def test_a_throttle_level_is_one_token(level: float) -> None:
    text = BurnCommand(forward=level, right=level, down=level).text()
    assert len(TOKENIZER(text, add_special_tokens=False)["input_ids"]) <= 10


def test_every_question_carries_three_pictures(made: tuple[Any, Any]) -> None:
    _, processor = made
    image = processor.tokenizer.convert_tokens_to_ids("<image>")
    for question in QUESTIONS:
        assert prompt_ids(processor, prompt(question)).count(image) == 3 * VISUAL_TOKENS


def test_pixels_are_what_the_processor_makes_of_a_picture(made: tuple[Any, Any]) -> None:
    _, processor = made
    views = np.random.default_rng(0).integers(0, 256, (1, 3, VIEW, VIEW, 3), dtype=np.uint8)
    content = [{"type": "image", "image": view} for view in views[0]]
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": [*content, {"type": "text", "text": "?"}]}],
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    np.testing.assert_allclose(pixels(views), inputs["pixel_values"], atol=1e-5)


def test_a_saved_model_answers_as_before(made: tuple[Any, Any], tmp_path: Path) -> None:
    from helmsight.agents.training.gather import load_student

    model, processor = made
    assert load_student(tmp_path) is None
    save(model, processor, tmp_path)
    views = np.random.default_rng(1).integers(0, 256, (4, 3, VIEW, VIEW, 3), dtype=np.uint8)
    again = load_student(tmp_path)
    answers = again(views)
    assert answers.shape == (4, 3)
    assert set(answers.ravel()) <= set(LEVELS)
    assert (tmp_path / "helmsight.json").exists()


def test_the_short_way_decodes_what_constrained_generation_does(
    made: tuple[Any, Any], tmp_path: Path
) -> None:
    from helmsight.agents.models.local import LocalVLM

    model, processor = made
    save(model, processor, tmp_path)
    local = LocalVLM.load(tmp_path)
    views = np.random.default_rng(2).integers(0, 256, (1, 3, VIEW, VIEW, 3), dtype=np.uint8)
    quick = StudentPolicy(local.model, local.processor)(views)[0]
    import hashlib

    from helmsight.agents.messages import message, png

    question = message(
        [png(view) for view in views[0]],
        "Fly to the target. Answer the burn as JSON.",
        hashlib.sha256(),
    )
    allowed = tuple(choice.text() for choice in BurnCommand.choices())
    slow = BurnCommand.model_validate_json(str(local.invoke([question], allowed=allowed).text))
    assert (slow.forward, slow.right, slow.down) == tuple(quick)


def test_a_model_of_another_design_is_refused_before_anything_is_flown(
    made: tuple[Any, Any], tmp_path: Path
) -> None:
    from helmsight.agents.errors import ModelUnavailable
    from helmsight.agents.models.sources import RELATIONS
    from helmsight.agents.training.recipe import train
    from helmsight.agents.training.student import check_design

    model, processor = made
    check_design(tmp_path, model, processor, PILOT)
    before = tmp_path / "out" / "checkpoint"
    before.mkdir(parents=True)
    with pytest.raises(ModelUnavailable, match=r"its .* is .* and this recipe trains .*adapter"):
        train(tmp_path / "out", start=RELATIONS, say=lambda line: pytest.fail(line))
    assert before.exists()
    config = type("Config", (), {"model_type": "qwen3_vl"})()
    other = type("Model", (), {"config": config})()
    with pytest.raises(ModelUnavailable, match="its architecture is qwen3_vl"):
        check_design(tmp_path, other, processor, PILOT)
