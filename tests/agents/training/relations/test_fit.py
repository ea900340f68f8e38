"""The fit of the model of relations: what is learnt, what is only read, and that it is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helmsight.agents.errors import TrainingFailed
from helmsight.agents.grounding.labelled import LabelledPicture, Truth
from helmsight.agents.training.fit import IGNORE
from helmsight.agents.training.relations import spare
from helmsight.agents.training.relations.course import AnswerLine, design
from helmsight.agents.training.relations.eye import PlaceHeads
from helmsight.agents.training.relations.fit import Pool, RelationsFit, Tally
from helmsight.agents.training.relations.guide import TextHeads
from helmsight.agents.training.relations.team import Team
from helmsight.agents.training.student import build_model, build_processor, build_tokenizer
from helmsight.evals.spatial.bodies import COLOURS, HELD_OUT, SHAPES
from helmsight.evals.spatial.course import SpatialCourse
from helmsight.prompts.orders import compose
from helmsight.prompts.strategies import ORDERS

pytestmark = pytest.mark.slow  # a tokenizer and a model are built
COURSE: Any = SpatialCourse(5)
SIZES = design(COURSE)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return build_tokenizer(COURSE.corpus(), SIZES)


@pytest.fixture(scope="module")
def fit(tokenizer: Any) -> RelationsFit:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    pictures = [COURSE.picture(number, SIZES.view) for number in range(12)]
    pool = Pool(COURSE, pictures, np.random.default_rng(0))
    model = build_model(tokenizer, SIZES)
    processor = build_processor(tokenizer, SIZES)
    return RelationsFit(model, processor, SIZES, pool, lambda line: None, Steps())


class Steps(Team):
    """Goes by steps, so that a slow machine learns as much as a fast one."""

    def until(self, seconds: float) -> Iterator[tuple[int, float]]:
        for step in range(int(seconds)):
            yield step, step / seconds


def test_every_word_of_a_name_is_one_token_also_in_names_never_seen(tokenizer: Any) -> None:
    for name in HELD_OUT:
        text = f"Is there a {name} left of"
        tokens = tokenizer.tokenize(text)
        assert [token.strip("Ġ") for token in tokens[-3:]] == [*name.split(), "leftĠof"]
    assert {word for word in COURSE.things} >= {*COLOURS, *SHAPES, "prograde", "marker"}


def test_prompts_are_short_and_come_back_whole(tokenizer: Any) -> None:
    for order in ORDERS:
        text = compose(order, ["red cube", "green ball"], question="Is it so? 14 \u00e9").text
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == text
        assert len(ids) < 260


def shown(*names: str) -> Any:
    """A picture of these things; nothing of it but the names is looked at."""
    return LabelledPicture(
        "objects", np.zeros((8, 8, 3), np.uint8), Truth(names, np.zeros((len(names), 3)))
    )


def test_only_the_right_lines_of_an_answer_are_learnt(fit: RelationsFit) -> None:
    parts = [
        AnswerLine("Horizontal: red cube is left of green ball"),
        AnswerLine("Depth: wrong", False),
        AnswerLine("Answer: yes"),
    ]
    coded = fit.coder.code(shown("red cube"), "Where?", parts)
    assert len(coded.ids) == len(coded.labels)
    decode = fit.coder.tokenizer.decode
    assert "\n".join(part.text for part in parts) in decode(coded.ids)
    learnt = decode([label for label in coded.labels if label != IGNORE])
    assert learnt == f"{parts[0].text}\n{parts[2].text}<end_of_utterance>"


def test_where_names_lines_and_answers_are_is_told_with_what_they_are_about(
    fit: RelationsFit,
) -> None:
    names = ("red cube", "green ball")
    parts = [
        AnswerLine("Depth: green ball is behind red cube", about=("green ball", "red cube")),
        AnswerLine("Answer: no", about=names, relation=(2, -1)),
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


def test_batches_hold_every_lesson_once_and_no_more_than_they_may(fit: RelationsFit) -> None:
    rng = np.random.default_rng(2)
    pictures = [fit.pool.pictures[i % 12] for i in range(30)]
    lessons = [fit.coder.code(picture, *COURSE.lesson(picture, rng, 0.2)) for picture in pictures]
    batches = fit.coder.batches(lessons, 900)
    assert sum(len(batch.pictures) for batch in batches) == 30
    for batch in batches:
        assert batch.ids.numel() <= 900 or len(batch.pictures) == 1
        for row, at, thing in batch.names:
            name = batch.pictures[row].truth.names[thing]
            assert fit.coder.tokenizer.decode(batch.ids[row, : at + 1].tolist()).endswith(name)


def test_the_question_is_put_in_training_as_it_is_put_later(
    fit: RelationsFit, tokenizer: Any
) -> None:
    from PIL import Image

    coded = fit.coder.code(shown("red cube"), "Where is it?", [AnswerLine("Here.")])
    inputs = build_processor(tokenizer, SIZES).apply_chat_template(
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
    assert coded.ids[: coded.labels.count(IGNORE)] == inputs["input_ids"][0]


def test_the_eye_and_the_answers_are_learnt(fit: RelationsFit) -> None:
    rng, picture = np.random.default_rng(1), fit.pool.pictures[0]
    coded = fit.coder.code(picture, *COURSE.lesson(picture, rng, 0.0))
    batch = fit.coder.batches([coded], 1)[0]

    def losses() -> tuple[float, float]:
        with torch.no_grad():
            answering, guiding = fit._losses(batch, Tally())
        return answering.item(), guiding.item()

    before = losses()
    lines: list[str] = []
    fit.say = lines.append
    fit.see(4, batch=4)
    fit.answer(30, tokens=600)
    after = losses()
    assert after[0] < 0.7 * before[0]
    assert after[1] < before[1]
    assert [line.split()[0] for line in lines if "step 0" in line] == ["see", "answer"]


def test_new_heads_learn_from_a_model_that_stays_as_it_is(fit: RelationsFit) -> None:
    model = {name: weight.clone() for name, weight in fit.model.state_dict().items()}
    heads = [weight.detach().clone() for weight in fit._spare()]
    fit.acquaint(2, tokens=600)
    assert all(torch.equal(weight, model[name]) for name, weight in fit.model.state_dict().items())
    changed = [not torch.equal(a, b) for a, b in zip(heads, fit._spare(), strict=True)]
    assert all(changed)
    assert all(weight.requires_grad for weight in fit.model.parameters())


def test_batches_for_the_eye_alone_come_in_between_and_leave_the_text_model_alone(
    fit: RelationsFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    loss = fit.eye.loss
    lessons = 0

    def looked(features: Any, pictures: Any) -> Any:
        seen.append(len(pictures))
        return loss(features, pictures)

    monkeypatch.setattr(fit.eye, "loss", looked)

    def counted(batch: Any, tally: Tally) -> Any:
        nonlocal lessons
        lessons += 1
        return RelationsFit._losses(fit, batch, tally)

    monkeypatch.setattr(fit, "_losses", counted)
    fit.answer(8, tokens=660, between=0.5)
    assert lessons == 6  # of eight; two of the first four are the eye's
    assert seen.count(6) >= 2
    assert len(seen) == 8


def test_what_tells_of_depth_counts_most_of_all_relations(fit: RelationsFit) -> None:
    code = fit.coder.tokenizer
    for phrase, other in (("behind", "above"), ("in front of", "left of")):
        near, far = (
            fit.coder.weights(torch.tensor(code(f" is {p}", add_special_tokens=False)["input_ids"]))
            for p in (phrase, other)
        )
        assert near.max() > far.max()


def test_a_mirrored_scene_swaps_left_and_right_and_nothing_else() -> None:
    pictures = [COURSE.picture(number, 64) for number in range(8)]
    scenes = [picture for picture in pictures if picture.kind == "objects"]
    assert {picture.kind for picture in pictures} == {"objects", "cockpit"}
    for picture in scenes:
        mirrored = COURSE.mirrored(picture)
        assert (mirrored.image[:, ::-1] == picture.image).all()
        np.testing.assert_allclose(mirrored.spots[:, 0], 1 - picture.spots[:, 0])
        np.testing.assert_allclose(mirrored.feet[:, 0], 1 - picture.feet[:, 0])
        assert (mirrored.truth.places[:, 1:] == picture.truth.places[:, 1:]).all()
    for picture in pictures:
        if picture.kind == "cockpit":
            assert COURSE.mirrored(picture) is picture


def test_what_is_unknown_of_a_picture_is_not_learnt() -> None:
    """A cockpit has no floor and no depths: whatever the eye says of them costs nothing."""
    picture = next(s for n in range(9) if (s := COURSE.picture(n, SIZES.view)).kind == "cockpit")
    torch.manual_seed(0)
    eye: Any = PlaceHeads(24, SIZES, COURSE.things)
    features = torch.randn(1, SIZES.visual_tokens, 24)
    loss, _ = eye.loss(features, [picture])
    loss.backward()
    places = eye.place[-1].bias.grad
    assert places is not None
    assert (places[2:] == 0).all()
    assert (places[:2] != 0).any()


def test_heads_that_were_kept_are_taken_up_again(fit: RelationsFit, tmp_path: Path) -> None:
    file = spare.beside(tmp_path / "model")
    assert not spare.take(fit.heads, file)
    spare.keep(fit.heads, file)
    other = {"eye": PlaceHeads(192, SIZES, COURSE.things), "guide": TextHeads(192, SIZES, 3)}
    assert spare.take(other, file)
    for name, head in other.items():
        kept = fit.heads[name].state_dict()
        assert all(torch.equal(weight, kept[key]) for key, weight in head.state_dict().items())
    narrow = {"eye": PlaceHeads(24, SIZES, COURSE.things)}
    with pytest.raises(TrainingFailed, match="learnt anew"):
        spare.take(narrow, file)


def test_the_whole_recipe_leaves_a_model_that_is_asked_and_trained_on(tmp_path: Path) -> None:
    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.training.relations.recipe import train

    def fresh(name: str, **options: Any) -> Path:
        lines: list[str] = []
        out = train(COURSE, tmp_path / name, minutes=0.01, pictures=24, say=lines.append, **options)
        assert any("answer" in line for line in lines)
        assert any("see" in line for line in lines) is ("start" not in options)
        assert not out.with_name(f"{name}.part").exists()
        assert spare.beside(out).exists()
        return out

    folder = fresh("again", start=fresh("relations", processes=2), processes=1)
    pilot: Any = load_pilot(str(folder), think_timeout_s=600.0)  # against hanging
    assert pilot.relates
    answer = pilot.answer_free(
        "Is the red cube above the blue ball?", COURSE.picture(0, 256).image, {}
    )
    assert isinstance(answer, str)
