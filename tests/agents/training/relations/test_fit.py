"""The fit of the model of relations: what is learnt, what is only read, and that it is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helmsight.agents.training.fit import IGNORE
from helmsight.agents.training.relations.course import design
from helmsight.agents.training.relations.eye import Eye
from helmsight.agents.training.relations.fit import Fit, Pool, Tally
from helmsight.agents.training.relations.team import Team
from helmsight.agents.training.student import build_model, build_processor, build_tokenizer
from helmsight.evals.spatial.bodies import COLOURS, HELD_OUT, SHAPES
from helmsight.evals.spatial.course import Lessons
from helmsight.evals.spatial.lessons import Part
from helmsight.evals.spatial.sights import Sight, Truth
from helmsight.prompts.orders import ORDERS, compose

pytestmark = pytest.mark.slow  # a tokenizer and a model are built
COURSE: Any = Lessons(5)
SIZES = design(COURSE)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return build_tokenizer(COURSE.corpus(), SIZES)


@pytest.fixture(scope="module")
def fit(tokenizer: Any) -> Fit:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    sights = [COURSE.sight(number, SIZES.view) for number in range(12)]
    pool = Pool(COURSE, sights, np.random.default_rng(0))
    model = build_model(tokenizer, SIZES)
    processor = build_processor(tokenizer, SIZES)
    return Fit(model, processor, SIZES, pool, lambda line: None, Steps())


class Steps(Team):
    """Goes by steps, so that a slow machine learns as much as a fast one."""

    def until(self, seconds: float) -> Iterator[tuple[int, float]]:
        for step in range(int(seconds)):
            yield step, step / seconds


def test_every_word_of_a_name_is_one_token_also_in_names_never_seen(tokenizer: Any) -> None:
    for name in HELD_OUT:
        text = f"Is there a {name} left of"
        told = tokenizer.tokenize(text)
        assert [token.strip("Ġ") for token in told[-3:]] == [*name.split(), "leftĠof"]
    assert {word for word in COURSE.things} >= {*COLOURS, *SHAPES, "prograde", "marker"}


def test_prompts_are_short_and_come_back_whole(tokenizer: Any) -> None:
    for order in ORDERS:
        text = compose(order, ["red cube", "green ball"], question="Is it so? 14 \u00e9").text
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == text
        assert len(ids) < 260


def shown(*names: str) -> Any:
    """A sight of these things; nothing of it but the names is looked at."""
    return Sight("objects", np.zeros((8, 8, 3), np.uint8), Truth(names, np.zeros((len(names), 3))))


def test_only_the_right_lines_of_an_answer_are_learnt(fit: Fit) -> None:
    parts = [Part("Horizontal: red cube is left of green ball"), Part("Depth: wrong", False),
             Part("Answer: yes")]  # fmt: skip
    coded = fit.coder.code(shown("red cube"), "Where?", parts)
    assert len(coded.ids) == len(coded.labels)
    decode = fit.coder.tokenizer.decode
    assert "\n".join(part.text for part in parts) in decode(coded.ids)
    learnt = decode([label for label in coded.labels if label != IGNORE])
    assert learnt == f"{parts[0].text}\n{parts[2].text}<end_of_utterance>"


def test_where_names_lines_and_answers_are_is_told_with_what_they_are_about(fit: Fit) -> None:
    names = ("red cube", "green ball")
    parts = [
        Part("Depth: green ball is behind red cube", about=("green ball", "red cube")),
        Part("Answer: no", about=names, asked=(2, -1)),
    ]
    coded = fit.coder.code(shown(*names), "Is the red cube there?", parts)

    def before(at: int) -> str:
        return str(fit.coder.tokenizer.decode(coded.ids[: at + 1]))

    assert [before(at).split()[-1] for at, _ in coded.names] == ["cube", "ball", "cube"]
    assert [thing for _, thing in coded.names] == [0, 1, 0]
    assert before(coded.lines[0][0]).endswith("Depth: green ball")
    assert before(coded.lines[1][0]).endswith("Answer:")
    assert [line[1:] for line in coded.lines] == [(1, 0), (0, 1)]
    assert [ask[1:] for ask in coded.asks] == [(4, 1)]  # in front of, which is not so: behind


def test_batches_hold_every_lesson_once_and_no_more_than_they_may(fit: Fit) -> None:
    rng = np.random.default_rng(2)
    sights = [fit.pool.sights[i % 12] for i in range(30)]
    lessons = [fit.coder.code(one, *COURSE.lesson(one, rng, 0.2)) for one in sights]
    batches = fit.coder.batches(lessons, 900)
    assert sum(len(one.sights) for one in batches) == 30
    for one in batches:
        assert one.ids.numel() <= 900 or len(one.sights) == 1
        for row, at, thing in one.names:
            name = one.sights[row].truth.names[thing]
            assert fit.coder.tokenizer.decode(one.ids[row, : at + 1].tolist()).endswith(name)


def test_the_question_is_put_in_training_as_it_is_put_later(fit: Fit, tokenizer: Any) -> None:
    from PIL import Image

    coded = fit.coder.code(shown("red cube"), "Where is it?", [Part("Here.")])
    asked = build_processor(tokenizer, SIZES).apply_chat_template(
        [
            {
                "role": "user",
                "content": [
                    {"type": "image", "image": Image.new("RGB", (256, 256))},
                    {"type": "text", "text": "Where is it?"},
                ],
            }
        ],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
    )
    assert coded.ids[: coded.labels.count(IGNORE)] == asked["input_ids"][0]


def test_the_eye_and_the_answers_are_learnt(fit: Fit) -> None:
    rng, sight = np.random.default_rng(1), fit.pool.sights[0]
    coded = fit.coder.code(sight, *COURSE.lesson(sight, rng, 0.0))
    batch = fit.coder.batches([coded], 1)[0]

    def losses() -> tuple[float, float]:
        with torch.no_grad():
            answering, guiding = fit._losses(batch, Tally())
        return answering.item(), guiding.item()

    before = losses()
    said: list[str] = []
    fit.say = said.append
    fit.see(4, batch=4)
    fit.answer(30, tokens=600)
    after = losses()
    assert after[0] < 0.7 * before[0]
    assert after[1] < before[1]
    assert [line.split()[0] for line in said if "step 0" in line] == ["see", "answer"]


def test_a_mirrored_scene_swaps_left_and_right_and_nothing_else() -> None:
    sights = [COURSE.sight(number, 64) for number in range(8)]
    scenes = [one for one in sights if one.kind == "objects"]
    assert {one.kind for one in sights} == {"objects", "cockpit"}
    for one in scenes:
        other = COURSE.mirrored(one)
        assert (other.picture[:, ::-1] == one.picture).all()
        np.testing.assert_allclose(other.spots[:, 0], 1 - one.spots[:, 0])
        np.testing.assert_allclose(other.feet[:, 0], 1 - one.feet[:, 0])
        assert (other.truth.places[:, 1:] == one.truth.places[:, 1:]).all()
    for one in sights:
        if one.kind == "cockpit":
            assert COURSE.mirrored(one) is one


def test_what_is_unknown_of_a_picture_is_not_learnt() -> None:
    """A cockpit has no floor and no depths: whatever the eye says of them costs nothing."""
    sight = next(s for n in range(9) if (s := COURSE.sight(n, SIZES.view)).kind == "cockpit")
    torch.manual_seed(0)
    eye: Any = Eye(24, SIZES, COURSE.things)
    features = torch.randn(1, SIZES.visual_tokens, 24)
    loss, _ = eye.loss(features, [sight])
    loss.backward()
    places = eye.place[-1].bias.grad
    assert places is not None
    assert (places[2:] == 0).all()
    assert (places[:2] != 0).any()


@pytest.mark.parametrize("processes", [1, 2])
def test_the_whole_recipe_leaves_a_model_that_is_asked(tmp_path: Path, processes: int) -> None:
    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.training.relations.recipe import train

    said: list[str] = []
    folder = train(COURSE, tmp_path / "relations", minutes=0.1, processes=processes, pictures=100,
                   say=said.append)  # fmt: skip
    pilot: Any = load_pilot(str(folder))
    assert pilot.relates
    answer = pilot.answer_free(
        "Is the red cube above the blue ball?", COURSE.sight(0, 256).picture, {}
    )
    assert isinstance(answer, str)
    assert any("answer" in line for line in said)
    assert not folder.with_name("relations.part").exists()
