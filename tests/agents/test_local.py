from __future__ import annotations

import json
import shutil
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.messages import message, png
from helmsight.agents.models.load import load_pilot
from helmsight.agents.operator import Operator
from helmsight.prompts.reading import read

pytestmark = pytest.mark.slow  # a model is made and asked

TEMPLATE = (
    "{% for m in messages %}<s>{% for c in m['content'] %}{% if c['type'] == 'image' %}<image>"
    "{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}<|answer|>{% endif %}"
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A model folder of random weights: Idefics3, 32x32 pixels, a byte-level tokenizer."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessorPil,
        Idefics3Processor,
        PreTrainedTokenizerFast,
    )

    special = ["<pad>", "<s>", "</s>", "<image>", "<fake_token_around_image>", "<global-img>"]
    special += ["<end_of_utterance>", "<|answer|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(special + letters)}
    fast = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    fast.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fast.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=fast,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        additional_special_tokens=special[3:],
    )
    images = Idefics3ImageProcessorPil(
        size={"longest_edge": 32},
        max_image_size={"longest_edge": 32},
        do_image_splitting=False,
    )
    processor = Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=TEMPLATE)
    torch.manual_seed(0)
    text = {
        "model_type": "llama",
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    config = Idefics3Config(
        text_config=text, vision_config=vision, scale_factor=2, image_token_id=3, pad_token_id=0
    )
    model = Idefics3ForConditionalGeneration(config)
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    card = {"views": {"size": 32, "names": ["frame", "navball"]}, "prompt": "bundled"}
    (folder / "helmsight.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def test_a_chat_template_that_went_through_windows_says_the_same(folder, tmp_path):
    marked = shutil.copytree(folder, tmp_path / "marked")
    template = marked / "chat_template.jinja"
    text = template.read_text(encoding="utf-8").replace("{% endfor %}{% if", "{% endfor %}\n{% if")
    template.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert template.read_bytes()[:3] == b"\xef\xbb\xbf"
    pilot: Any = load_pilot(str(marked))
    assert pilot.model.processor.chat_template == text


def test_a_model_folder_flies_with_answers_held_to_commands(world, folder):
    pilot = load_pilot(str(folder))
    env = world("frame")
    flight = Operator(env, pilot).fly(max_steps=2)
    allowed = {choice.text() for choice in env.task.command.choices()}
    for record in flight.records:
        assert record.repairs == {"constrained": 1}, record.raw
    assert {record.raw for record in flight.records} <= allowed


def test_the_folder_says_how_its_model_wants_to_be_shown_things(world, folder):
    pilot = load_pilot(f"local:{folder}")
    assert isinstance(pilot, ModelPilot)
    assert pilot.style.views.size == 32
    assert pilot.style.prompt == "bundled"
    assert pilot.needs == "frame"


def test_a_batch_answers_as_one_by_one(world, folder):
    pilot: Any = load_pilot(str(folder))
    pilot.reset(world("frame").task, 0)
    rng = np.random.default_rng(0)
    batch = [
        [message([png(rng.integers(0, 255, (32, 32, 3)).astype(np.uint8))], text, sha256())]
        for text in ("a", "and now")
    ]
    allowed = ("left", "right", "up", "a little up")
    together = pilot.model.answer_batch(batch, allowed)
    assert together == [pilot.model.answer_batch([one], allowed)[0] for one in batch]
    assert set(together) <= set(allowed)


def test_free_answers_stop_at_the_limit(folder):
    pilot: Any = load_pilot(str(folder), max_new_tokens=5)
    from langchain_core.messages import HumanMessage

    assert isinstance(pilot.model.invoke([HumanMessage("Where?")]).text, str)


@pytest.mark.slow
def test_an_answer_about_relations_may_be_longer_than_a_command(folder):
    pilot: Any = load_pilot(str(folder), max_new_tokens=5)
    from langchain_core.messages import HumanMessage

    greedy = pilot.model.model.generation_config
    greedy.eos_token_id = None
    question = [HumanMessage("Where?")]
    short, longer = (pilot.model.invoke(question, **room).text for room in ({}, {"longest": 9}))
    assert longer.startswith(short)
    assert len(longer) > len(short)


def test_the_probabilities_of_its_tokens_are_told_as_openai_tells_them(folder):
    from langchain_core.messages import HumanMessage

    pilot: Any = load_pilot(str(folder), max_new_tokens=6)
    model = pilot.model
    model.model.generation_config.eos_token_id = None
    answer = model.invoke([HumanMessage("Where?")], logprobs=True)
    told = answer.response_metadata["logprobs"]["content"]
    assert len(told) == 5  # whatever ends an answer is not told
    assert answer.text.startswith("".join(one["token"] for one in told).strip())
    assert all(one["logprob"] <= 0 for one in told)
    assert "logprobs" not in model.invoke([HumanMessage("Where?")]).response_metadata


def test_drawn_answers_are_the_same_for_the_same_seed_and_leave_other_draws_alone(folder):
    import torch
    from langchain_core.messages import HumanMessage

    pilot: Any = load_pilot(str(folder), max_new_tokens=12)
    model = pilot.model
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = (model.invoke([HumanMessage("?")], draw=seed).text for seed in (1, 1, 2))
    assert one == same != other
    assert torch.rand(1) == expected


def test_the_allowed_answers_are_readable_commands(world):
    kind = world().task.command
    assert all(read(choice.text(), kind).command == choice for choice in kind.choices())


def test_an_unknown_dtype_is_refused(folder):
    with pytest.raises(ModelUnavailable, match="float32, bfloat16, float16"):
        load_pilot(str(folder), dtype="int3")


def test_a_folder_without_weights_is_one_clear_line(folder, tmp_path):
    (tmp_path / "config.json").write_text((folder / "config.json").read_text(encoding="utf-8"))
    with pytest.raises(ModelUnavailable) as error:
        load_pilot(str(tmp_path))
    assert "\n" not in str(error.value)


def test_a_broken_card_is_named(folder, tmp_path):
    (tmp_path / "config.json").write_text((folder / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "helmsight.json").write_text('{"views": 3}', encoding="utf-8")
    with pytest.raises(ModelUnavailable, match=r"helmsight\.json"):
        load_pilot(str(tmp_path))


def test_answers_are_weighed_in_a_batch_as_one_by_one_and_what_was_read_is_counted(folder):
    pilot: Any = load_pilot(str(folder))
    model = pilot.model
    rng = np.random.default_rng(0)
    asked = [
        [message([png(rng.integers(0, 255, (32, 32, 3)).astype(np.uint8))], "which?", sha256())]
        for _ in range(3)
    ]
    answers = ("sound", "scorch", "not seen")
    before = model.tokens_read
    together = model.weigh_batch(asked, answers)
    read_together = model.tokens_read - before
    alone = [model.weigh(each, answers) for each in asked]
    assert np.array(together) == pytest.approx(np.array(alone), abs=1e-5)
    assert [sum(row) for row in together] == pytest.approx([1.0] * 3, abs=1e-5)
    assert model.tokens_read - before == 2 * read_together > 0


def test_a_model_folder_is_the_eyes_of_an_inspector(folder):
    from helmsight.agents.inspection.drawing import Drawing
    from helmsight.agents.inspection.eyes import Asked, Spent, WeighingEyes
    from helmsight.agents.inspection.making import eyes_of
    from helmsight.envs.inspection.crops import Square

    pilot: Any = load_pilot(f"inspector:{folder}")
    assert pilot.spec == f"inspector:{folder}"
    assert load_pilot(pilot.spec, **pilot.options).name == pilot.name
    eyes, spent = eyes_of(load_pilot(str(folder)), Drawing()), Spent()  # type: ignore[arg-type]
    assert isinstance(eyes, WeighingEyes)
    frame = np.random.default_rng(1).integers(0, 255, (36, 48, 3)).astype(np.uint8)
    (fits,) = eyes.look(
        frame, [Asked("dish", "dish: bowl", Square(24, 18, 30))], 32, spent, sha256()
    )
    assert fits is not None
    assert set(fits) == {"not seen", "sound", "dent", "scorch"}
    assert sum(fits.values()) == pytest.approx(1.0, abs=1e-4)
    assert spent.tokens > 0


def test_an_answer_stops_being_written_when_its_time_is_over(folder, world):
    pilot: Any = load_pilot(str(folder))
    pilot.reset(world("frame").task, 0)
    question = [message([], "Where is the target?", sha256())]
    whole = pilot.model.invoke(question)
    assert whole.response_metadata["finish_reason"] in ("stop", "length")
    assert whole.usage_metadata["output_tokens"] > 0
    with pytest.raises(TimeoutError):
        pilot.model.invoke(question, patience_s=0.0)
    with pytest.raises(TimeoutError):
        pilot.model.invoke(question, patience_s=0.0, allowed=("left", "right"))


@pytest.fixture
def general(folder, tmp_path):
    """The same model as one that was trained on no prompt of ours."""
    copy = shutil.copytree(folder, tmp_path / "general")
    (copy / "helmsight.json").unlink()
    return copy


@pytest.mark.parametrize("think", ["none", "brief"])
def test_a_general_model_writes_a_command_of_its_own_numbers_whatever_its_weights(
    world, general, think
):
    pilot: Any = load_pilot(str(general), think=think, max_new_tokens=1000)
    env = world("frame")
    (record,) = Operator(env, pilot).fly(max_steps=1).records
    assert record.repairs == {"constrained": 1}, record.raw
    said = json.loads(record.raw)
    assert (
        list(said)
        == [*(["reason"] if think == "brief" else []), *env.task.command.model_fields][: len(said)]
    )
    assert record.wanted is not None
    assert record.wanted["forward"] == said["forward"]


def test_rows_that_are_held_together_end_each_by_itself(general):
    pilot: Any = load_pilot(str(general))
    from langchain_core.messages import HumanMessage

    schema = json.dumps({"type": "object", "properties": {"x": {"type": "integer", "maximum": 9}},
                         "required": ["x"], "additionalProperties": False})  # fmt: skip
    batch = [[HumanMessage("a")], [HumanMessage("what now")]]
    answers = pilot.model._answers(batch, None, 40, None, None, schema=schema)
    alone = [pilot.model._answers([one], None, 40, None, None, schema=schema)[0] for one in batch]
    assert [text for text, _, _ in answers] == [text for text, _, _ in alone]
    for text, _, whole in answers:
        assert json.loads(text)["x"] <= 9
        assert whole
