"""Engine onnx answers as torch does, with the models that are shipped and with small ones."""

from __future__ import annotations

import shutil
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

import helmsight.agents.models.local as local
from helmsight.agents.errors import EngineUnfit
from helmsight.agents.messages import message, png
from helmsight.agents.models.engines import onnx
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.local import LocalVLM
from helmsight.agents.models.sources import BUNDLED, INSPECTOR
from helmsight.agents.models.turns import turn
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv

pytestmark = pytest.mark.slow  # models are loaded

ALLOWED = tuple(choice.text() for choice in BurnCommand.choices())


@pytest.fixture(scope="module")
def pair():
    """The bundled model, asked through torch and through onnx."""
    return [LocalVLM.load(BUNDLED, engine=engine) for engine in ("torch", "onnx")]


def question(pictures, text="Fly to the target. Answer the burn as JSON."):
    return [message([png(picture) for picture in pictures], text, sha256())]


def noise(seed, size=128, number=3):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 255, (number, size, size, 3), dtype=np.uint8)


def test_the_bundled_model_answers_what_it_sees_in_flight_as_through_torch(pair):
    from helmsight.tools.marks import views

    rng, asked = np.random.default_rng(5), []
    for scenario in ("PE1-E1-I1", "PE1-E2-I4", "PE1-E3-I2", "PE1-E4-I3"):
        env = PursuitEnv(scenario, observation="frame")
        env.reset(seed=3)
        for _ in range(4):
            forward, right, down = rng.uniform(-1, 1, 3)
            burn = BurnCommand(forward=forward, right=right, down=down, duration=8)
            frame = env.step(burn.action())[0]["frame"]
            shown = views(frame, env.task.regions, 128, ("frame", "navball", "readouts"))
            asked.append(question([view for _, view in shown]))
    through_torch, through_onnx = pair
    expected = [through_torch.answer_batch([one], ALLOWED)[0] for one in asked]
    assert len(set(expected)) > 3  # it did not say one thing all the time
    assert through_onnx.choose_batch(asked, ALLOWED) == expected


def test_both_read_as_many_tokens(pair):
    before = [model.tokens_read for model in pair]
    for model in pair:
        model.answer_batch([question(noise(1))] * 2, ALLOWED)
    read = [model.tokens_read - then for model, then in zip(pair, before, strict=True)]
    assert read[0] == read[1] > 2 * 48


def test_logits_are_those_of_torch_to_a_fraction_of_what_is_told_apart(pair):
    through_torch, through_onnx = pair
    trie, longest = through_torch._trie(ALLOWED)
    for seed in range(4):
        asked = question(noise(seed))
        prepared = through_onnx._questions.prepare([turn(one) for one in asked])
        ids, ahead = through_onnx.engine.choose(prepared, trie)
        expected, margins = through_torch._choose(through_torch._inputs([asked]), trie, longest)
        assert ids == expected[0]
        assert ahead == pytest.approx(margins[0], abs=local.NEAR / 50)


def test_a_guess_saves_passes_and_changes_no_answer(pair):
    model = pair[1]
    engine, (trie, _) = model.engine, model._trie(ALLOWED)
    turns = [turn(one) for one in question(noise(4))]
    prepared, run, passes = model._questions.prepare(turns), engine._sequel, []

    class Counted:
        def run(self, *given):
            passes.append(given)
            return run.run(*given)

    def chosen(before):
        engine._before = before
        passes.clear()
        return engine.choose(prepared, trie), len(passes)

    engine._sequel = Counted()
    try:
        (answer, ahead), unguessed = chosen([])
        assert (unguessed, chosen(answer)[1]) == (2, 0)
        others = [ids for ids in map(list, paths(trie)) if ids != answer]
        for wrong in [*others[::40], answer[:-9], [0] * 40]:
            (ids, lead), needed = chosen(wrong)
            assert ids == answer
            assert needed <= 2
            assert lead == pytest.approx(ahead, abs=local.NEAR / 50)
    finally:
        engine._sequel = run


def paths(trie):
    for token, node in trie.items():
        for rest in paths(node) if node else [()]:
            yield (token, *rest)


def test_what_rounding_could_change_torch_answers(pair, monkeypatch):
    _, through_onnx = pair
    asked, choose = [], LocalVLM._choose

    def through_torch(*given):
        asked.append(given)
        return choose(*given)

    monkeypatch.setattr(LocalVLM, "_choose", through_torch)
    through_onnx.answer_batch([question(noise(2))], ALLOWED)
    sure = len(asked)
    monkeypatch.setattr(local, "NEAR", np.inf)
    through_onnx.answer_batch([question(noise(2))], ALLOWED)
    assert (sure, len(asked)) == (0, 1)


@pytest.mark.parametrize("pictures", [[], noise(3, size=64), noise(3, number=1)])
def test_questions_with_other_pictures_are_answered_as_through_torch(pair, pictures):
    answers = [model.answer_batch([question(list(pictures), "Which?")], ALLOWED) for model in pair]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("covered", [[1], [2], [0, 1, 2]])
def test_a_picture_of_the_mean_colour_is_a_picture_and_no_padding(pair, covered):
    pictures = noise(9)
    pictures[covered] = 51  # the mean of 0.2: zeros, once it is scaled
    through_torch, through_onnx = pair
    told = through_torch.answer_batch([question(pictures)], ALLOWED)
    assert told == through_onnx.answer_batch([question(pictures)], ALLOWED)
    assert through_torch.invoke(question(pictures)).content  # in its own words


def test_the_inspectors_eyes_choose_as_through_torch():
    pair = [LocalVLM.load(INSPECTOR, engine=engine) for engine in ("torch", "onnx")]
    size = pair[0].model.config.vision_config.image_size
    asked = [question(noise(seed, size, 1), "What is its state?") for seed in range(4)]
    allowed = ("whole", "cracked", "missing", "torn")
    assert pair[1].choose_batch(asked, allowed) == pair[0].choose_batch(asked, allowed)


def test_pictures_become_the_processors_own_pixels_and_words_its_tokens(pair):
    model = pair[1]
    for text in ("Where is it?", "Where is it?", "And now?"):
        asked = question(noise(len(text)), text)
        prepared = model._questions.prepare([turn(one) for one in asked])
        inputs = model._inputs([asked])
        assert prepared.ids.tolist() == inputs["input_ids"][0].tolist()
        assert prepared.pixels == pytest.approx(inputs["pixel_values"][0].numpy(), abs=1e-5)


def test_words_are_forgotten_before_they_fill_the_memory(pair, monkeypatch):
    from helmsight.agents.models.engines import questions

    monkeypatch.setattr(questions, "MOST", 2)
    model = pair[1]
    for number in range(5):
        model.answer_batch([question(noise(0), f"number {number}")], ALLOWED)
    assert len(model._questions._known) <= 2


class TestWhichEngine:
    def test_by_default_it_is_onnx_where_that_fits(self):
        pilots: list[Any] = [load_pilot("bundled"), load_pilot("bundled", engine="torch")]
        assert [pilot.model.engine is None for pilot in pilots] == [False, True]

    def test_without_its_packages_the_default_is_torch_and_a_wish_is_refused(self, monkeypatch):
        monkeypatch.setattr(onnx, "find_spec", lambda name: None)
        assert LocalVLM.load(BUNDLED).engine is None
        with pytest.raises(EngineUnfit, match="pip install onnx onnxruntime"):
            LocalVLM.load(BUNDLED, engine="onnx")

    def test_half_precision_is_for_torch(self):
        assert LocalVLM.load(BUNDLED, dtype="bfloat16").engine is None
        with pytest.raises(EngineUnfit, match="not on cpu in bfloat16"):
            LocalVLM.load(BUNDLED, dtype="bfloat16", engine="onnx")

    def test_an_engine_that_is_not_there_is_refused_before_weights_are_looked_for(self, tmp_path):
        folder = shutil.copytree(BUNDLED, tmp_path / "model")
        (folder / "model.safetensors").unlink()
        with pytest.raises(EngineUnfit, match='"tensorrt"; choose one of: auto, torch, onnx'):
            load_pilot(str(folder), engine="tensorrt")
