"""The graphs of an Idefics3 against transformers' own, with random weights of several sizes."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.errors import EngineUnfit
from helmsight.agents.models.engines.idefics import Idefics, check_design

pytestmark = pytest.mark.slow  # torch, transformers and a runtime are loaded

PICTURE = 3


def model_of(*, layers=2, heads=2, scale=2, width=32, size=32, patch=8, base=10000.0, seed=0):
    torch = pytest.importorskip("torch")
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration

    text = {
        "model_type": "llama", "vocab_size": 60, "hidden_size": width, "intermediate_size": 48,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": heads,
        "head_dim": width // heads, "max_position_embeddings": 128, "pad_token_id": 0,
        "bos_token_id": 1, "eos_token_id": 2,
        "rope_parameters": {"rope_theta": base, "rope_type": "default"},
    }  # fmt: skip
    vision = {
        "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": layers,
        "num_attention_heads": 3, "image_size": size, "patch_size": patch,
    }  # fmt: skip
    config = Idefics3Config(
        text_config=text, vision_config=vision, scale_factor=scale, image_token_id=PICTURE,
        pad_token_id=0, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = Idefics3ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for weight in model.parameters():  # norms are ones and biases zero at first
            weight.add_(torch.randn_like(weight) * 0.1)
    return model


def run(graph, **inputs):
    import onnxruntime

    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, inputs)


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"layers": 1, "heads": 4, "seed": 1},
        {"scale": 1, "size": 16},
        {"size": 48, "scale": 3, "width": 48, "base": 500.0},
    ],
)
@pytest.mark.parametrize("pictures", [1, 3])
def test_a_question_and_its_sequels_are_answered_as_by_transformers(sizes, pictures):
    import torch

    model = model_of(**sizes)
    config = model.config
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    graphs = Idefics(config, weights)
    size = config.vision_config.image_size
    each = (size // config.vision_config.patch_size // config.scale_factor) ** 2
    rng = np.random.default_rng(0)
    pixels = rng.normal(size=(pictures, 3, size, size)).astype(np.float32)
    words = [*rng.integers(4, 60, 3)]
    ids = np.array([*words, *[PICTURE] * (pictures * each), *rng.integers(4, 60, 5)], np.int64)
    spots = np.flatnonzero(ids == PICTURE)

    def expected(ids):
        with torch.inference_mode():
            given = {
                "input_ids": torch.tensor(ids)[None],
                "pixel_values": torch.tensor(pixels)[None],
            }
            return model(**given).logits[0, -1].numpy()

    for asked in (len(words) + 1, 1):
        given = {"ids": ids, "pixels": pixels, "spots": spots, "asked": np.array([asked])}
        rows, *kept = run(graphs.question(), **given)
        assert len(rows) == asked
        for row, before in zip(rows, reversed(range(asked)), strict=True):
            assert row == pytest.approx(expected(ids[: len(ids) - before]), abs=2e-4)
    for more in (rng.integers(4, 60, 4), rng.integers(4, 60, 1)):
        past = dict(zip(graphs.cache("past"), kept, strict=True))
        rows, *kept = run(graphs.sequel(), ids=more.astype(np.int64), **past)
        for row, token in zip(rows, more, strict=True):  # what follows each of them
            ids = np.append(ids, token)
            assert row == pytest.approx(expected(ids), abs=2e-4)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("text_config", "num_key_value_heads", 1),
        ("text_config", "hidden_act", "gelu"),
        ("text_config", "attention_bias", True),
        ("vision_config", "hidden_act", "relu"),
        (None, "tie_word_embeddings", False),
    ],
)
def test_a_detail_that_is_not_written_here_is_refused_by_its_name(part, name, value):
    config = model_of().config
    setattr(getattr(config, part) if part else config, name, value)
    with pytest.raises(EngineUnfit, match=f"{name} .*engine torch"):
        check_design(config)


def test_another_architecture_is_refused_by_its_name():
    from transformers import LlavaConfig

    with pytest.raises(EngineUnfit, match=r'idefics3\), not "llava"'):
        check_design(LlavaConfig())
