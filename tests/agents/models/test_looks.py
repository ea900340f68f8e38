"""Several looks at one picture give one answer, from the mean of what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.models.looks import Chance, looks_at, moved, together


@given(st.integers(-7, 7), st.integers(-7, 7))
def test_a_moved_picture_shows_the_same_beside_and_goes_on_at_its_edge(right, down):
    image = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)
    there = moved(image, (right / 16, down / 16))
    assert there.shape == image.shape
    for row in range(16):
        for column in range(16):
            was = min(max(row - down, 0), 15), min(max(column - right, 0), 15)
            assert (there[row, column] == image[was]).all()


def test_every_look_has_the_words_and_its_own_picture():
    from PIL import Image

    picture = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    turns = [{"role": "user", "content": [{"type": "image", "image": picture},
                                          {"type": "text", "text": "Where?"}]}]  # fmt: skip
    plain, aside = looks_at(turns, [(0.0, 0.0), (0.25, 0.0)])
    assert plain == turns
    assert aside[0]["content"][1] == turns[0]["content"][1]
    shown = np.asarray(aside[0]["content"][0]["image"])
    assert (shown[:, 1:] == np.asarray(picture)[:, :-1]).all()


@pytest.mark.slow
def test_the_mean_is_of_probabilities_and_draws_follow_it():
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.2, 0.6]]).clamp(min=1e-9).log() + 3.0
    mean = together(torch.zeros(2, 0), scores)
    torch.testing.assert_close(mean.exp(), torch.tensor([[0.55, 0.15, 0.3]]).expand(2, -1))
    drawn = [Chance(seed)(torch.zeros(2, 0), mean).argmax(-1) for seed in range(3000)]
    assert all(a == b for a, b in drawn)
    shares = torch.bincount(torch.stack(drawn)[:, 0], minlength=3) / len(drawn)
    torch.testing.assert_close(shares, mean[0].exp(), atol=0.04, rtol=0.0)  # 4 standard errors


@pytest.mark.slow
def test_looks_that_are_alike_say_what_one_says_and_others_are_seen():
    from langchain_core.messages import HumanMessage

    from helmsight.agents.models.local import LocalVLM
    from helmsight.agents.models.sources import RELATIONS
    from helmsight.contract.sent import PIXELS
    from helmsight.evals.spatial.generator import Split, questions
    from helmsight.prompts.orders import again

    generated = next(iter(questions(Split.VALID, 1, 9090)))
    prompt = again(generated.question.a, generated.question.b, 0)
    content: Any = [{"type": PIXELS, PIXELS: generated.picture.image},
                    {"type": "text", "text": prompt.text}]  # fmt: skip
    asked = [HumanMessage(content)]
    model = LocalVLM.load(RELATIONS, device="cpu", max_new_tokens=60)

    def said(*looks: tuple[float, float], **how: Any) -> Any:
        model.looks = looks
        return model.invoke(asked, logprobs=True, **how)

    def weights(answer: Any) -> list[float]:
        return [one["logprob"] for one in answer.response_metadata["logprobs"]["content"]]

    one, alike, apart = said(), said((0, 0), (0, 0)), said((0, 0), (0.3, -0.3))
    assert alike.text == one.text
    np.testing.assert_allclose(weights(alike), weights(one), atol=1e-3)
    assert prompt.read(apart.text).unread == ()
    assert np.abs(np.subtract(weights(apart)[:6], weights(one)[:6])).max() > 1e-3
    draws = [said((0, 0), (0.3, -0.3), draw=1) for _ in range(2)]
    assert weights(draws[0]) == weights(draws[1])


def test_a_look_that_shows_less_than_half_of_the_picture_is_refused():
    with pytest.raises(ValueError, match="looks"):
        AskingStyle.model_validate({"looks": [[0.0, 0.7]]})
