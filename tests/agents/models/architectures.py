"""Tiny models of the designs that people run themselves, with random weights, as folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPECIAL = (
    "<pad>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|image_pad|>", "<|video_pad|>", "<image>", "<video>", "<IMG_CONTEXT>", "<img>", "</img>",
    "[IMG]", "[IMG_BREAK]", "[IMG_END]", "<fake_token_around_image>", "<global-img>",
    "<end_of_utterance>",
)  # fmt: skip
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}PICTURE{% else %}{{ c['text'] }}{% endif %}{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
    "num_key_value_heads": 2, "vocab_size": len(SPECIAL) + 256, "max_position_embeddings": 4096,
    "bos_token_id": 1, "eos_token_id": 4, "pad_token_id": 0,
}  # fmt: skip
EYE: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
}  # fmt: skip
SPATIAL = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}


def at(token: str) -> int:
    return SPECIAL.index(token)


QWEN = {
    "image_token_id": at("<|image_pad|>"), "video_token_id": at("<|video_pad|>"),
    "vision_start_token_id": at("<|vision_start|>"), "vision_end_token_id": at("<|vision_end|>"),
}  # fmt: skip
QWEN_EYE = {"depth": 1, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2,
            "out_hidden_size": 32}  # fmt: skip


def qwen2_vl() -> Any:
    from transformers import Qwen2VLConfig, Qwen2VLImageProcessorPil

    eye = {"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2}
    config = Qwen2VLConfig(
        text_config={**TEXT, "rope_parameters": SPATIAL}, vision_config=eye, **QWEN
    )
    return config, Qwen2VLImageProcessorPil(), "Qwen2VLProcessor", {}


def qwen2_5_vl() -> Any:
    from transformers import Qwen2_5_VLConfig, Qwen2VLImageProcessorPil

    config = Qwen2_5_VLConfig(
        text_config={**TEXT, "rope_parameters": SPATIAL},
        vision_config={**QWEN_EYE, "fullatt_block_indexes": [0]},
        **QWEN,
    )
    return config, Qwen2VLImageProcessorPil(), "Qwen2_5_VLProcessor", {}


def qwen3_vl() -> Any:
    from transformers import Qwen2VLImageProcessorPil, Qwen3VLConfig

    config = Qwen3VLConfig(
        text_config={**TEXT, "head_dim": 16, "rope_parameters": SPATIAL},
        vision_config={
            **QWEN_EYE, "patch_size": 16, "deepstack_visual_indexes": [0],
            "num_position_embeddings": 64,
        },
        **QWEN,
    )  # fmt: skip
    return config, Qwen2VLImageProcessorPil(patch_size=16), "Qwen3VLProcessor", {}


def internvl() -> Any:
    from transformers import GotOcr2ImageProcessorPil, InternVLConfig

    config = InternVLConfig(
        text_config={"model_type": "qwen2", **TEXT},
        vision_config={**EYE, "image_size": [28, 28], "patch_size": [14, 14]},
        image_token_id=at("<IMG_CONTEXT>"),
        image_seq_length=1,
    )
    pictures = GotOcr2ImageProcessorPil(size={"height": 28, "width": 28})
    return config, pictures, "InternVLProcessor", {"image_seq_length": 1}


def llava_onevision() -> Any:
    from transformers import LlavaOnevisionConfig, LlavaOnevisionImageProcessorPil

    pins = [[28, 28], [28, 56]]
    eye = {"model_type": "siglip_vision_model", **EYE, "image_size": 28, "patch_size": 14,
           "vision_use_head": False}  # fmt: skip
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **TEXT},
        vision_config=eye,
        image_token_index=at("<image>"),
        video_token_index=at("<video>"),
        image_grid_pinpoints=pins,
    )
    size = {"height": 28, "width": 28}
    pictures = LlavaOnevisionImageProcessorPil(size=size, image_grid_pinpoints=pins)
    told = {"num_image_tokens": 4, "vision_feature_select_strategy": "full"}
    return config, pictures, "LlavaOnevisionProcessor", told


def smolvlm() -> Any:
    from transformers import SmolVLMConfig, SmolVLMImageProcessorPil

    config = SmolVLMConfig(
        text_config={"model_type": "llama", **TEXT},
        vision_config={**EYE, "image_size": 32, "patch_size": 8},
        scale_factor=2,
        image_token_id=at("<image>"),
    )
    edge = {"longest_edge": 32}
    pictures = SmolVLMImageProcessorPil(size=edge, max_image_size=edge)
    return config, pictures, "SmolVLMProcessor", {"image_seq_len": 4}


def _pixtral_eye() -> dict[str, Any]:
    return {"model_type": "pixtral", **EYE, "image_size": 64, "patch_size": 16}


def _pixtral_pictures() -> Any:
    from transformers import PixtralImageProcessorPil

    return PixtralImageProcessorPil(
        size={"longest_edge": 64}, patch_size={"height": 16, "width": 16}
    )


def pixtral() -> Any:
    from transformers import LlavaConfig

    config = LlavaConfig(
        text_config={"model_type": "mistral", **TEXT},
        vision_config=_pixtral_eye(),
        image_token_index=at("[IMG]"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    return config, _pixtral_pictures(), "PixtralProcessor", {}


def mistral3() -> Any:
    from transformers import Mistral3Config

    config = Mistral3Config(
        text_config={"model_type": "mistral", **TEXT},
        vision_config=_pixtral_eye(),
        image_token_index=at("[IMG]"),
        spatial_merge_size=1,
    )
    return config, _pixtral_pictures(), "PixtralProcessor", {}


PICTURES = {
    qwen2_vl: "<|vision_start|><|image_pad|><|vision_end|>",
    qwen2_5_vl: "<|vision_start|><|image_pad|><|vision_end|>",
    qwen3_vl: "<|vision_start|><|image_pad|><|vision_end|>",
    internvl: "<IMG_CONTEXT>",
    llava_onevision: "<image>",
    smolvlm: "<image>",
    pixtral: "[IMG]",
    mistral3: "[IMG]",
}
"""The designs, each with what stands for a picture in its prompts."""


def make(design: Any, folder: Path) -> Path:
    """Write a model of a design into `folder` and return that."""
    import torch
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(0)
    config, pictures, processor, told = design()
    AutoModelForImageTextToText.from_config(config).save_pretrained(folder)
    pictures.save_pretrained(folder)
    words = _tokenizer()
    words.chat_template = TEMPLATE.replace("PICTURE", PICTURES[design])
    words.save_pretrained(folder)
    card = folder / "tokenizer_config.json"
    named = json.loads(card.read_text(encoding="utf-8")) | {"processor_class": processor}
    card.write_text(json.dumps(named), encoding="utf-8")
    if told:
        told = {"processor_class": processor, **told}
        (folder / "processor_config.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *letters])}
    bytes_ = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_.decoder = decoders.ByteLevel()
    named = {f"special_{number}": token for number, token in enumerate(SPECIAL[3:])}
    named |= {"start_image_token": "<img>", "end_image_token": "</img>"}
    named |= {"context_image_token": "<IMG_CONTEXT>", "video_token": "<video>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=bytes_,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="<|im_end|>",
        extra_special_tokens=named,
    )
