"""The bundled model: an Idefics3 small enough to train on a laptop, with its own tokenizer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VIEW = 128
"""Side of every picture the model sees, px."""
VIEWS = ("frame", "navball", "readouts")
"""What it is shown, in this order: the whole frame and the two instrument regions."""
PATCH = 16
SHUFFLE = 2  # pixel shuffle: 2 x 2 patches become one visual token
VISUAL_TOKENS = (VIEW // PATCH // SHUFFLE) ** 2
VOCABULARY = 512
BRIGHTNESS = 0.2  # mean and spread of cockpit pictures, which are mostly dark

PAD, START, END, USER, ASSISTANT = "<pad>", "<s>", "<end_of_utterance>", "<user>", "<assistant>"
IMAGE, AROUND, GLOBAL = "<image>", "<fake_token_around_image>", "<global-img>"
SPECIAL = (PAD, START, END, USER, ASSISTANT, IMAGE, AROUND, GLOBAL)

CHAT = (
    "{{ '<s>' }}{% for m in messages %}"
    "{{ '<user>' if m['role'] == 'user' else '<assistant>' if m['role'] == 'assistant' else '' }}"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for b in m['content'] %}"
    "{{ '<image>' if b['type'] == 'image' else b['text'] }}{% endfor %}{% endif %}"
    "{{ '<end_of_utterance>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)


def build_tokenizer(corpus: Iterable[str]) -> Any:
    """Return a byte-level BPE tokenizer trained on `corpus`.

    Numbers and JSON keys are kept whole, so that an answer is about ten tokens; any other text
    falls back to smaller pieces, in the last resort to bytes.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    pieces = r'-?\d\.\d(?!\d)|-?1(?![\d.])|[{,]? ?"\w+": ?|\s?\d|\s?[^\W\d]+|\s?[^\w\s]+|\s+'
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pieces), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=24,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        model_max_length=512,
        padding_side="left",
        additional_special_tokens=[USER, ASSISTANT, IMAGE, AROUND, GLOBAL],
    )


def build_processor(tokenizer: Any) -> Any:
    """Return the processor: pictures to 128 x 128 by area, chat template, no torchvision."""
    from transformers import Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    pictures = Idefics3ImageProcessorPil(
        do_resize=True,
        size={"longest_edge": VIEW},
        max_image_size={"longest_edge": VIEW},
        do_image_splitting=False,
        resample=4,  # box filter: what INTER_AREA does when shrinking
        image_mean=[BRIGHTNESS] * 3,
        image_std=[BRIGHTNESS] * 3,
    )
    return Idefics3Processor(pictures, tokenizer, image_seq_len=VISUAL_TOKENS, chat_template=CHAT)


def build_model(tokenizer: Any) -> Any:
    """Return a fresh model (about 3 M parameters) with eager attention.

    Eager, because the backward pass of torch's CPU flash attention takes half of all training
    time at this size.
    """
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration

    config = Idefics3Config(
        vision_config={
            "hidden_size": 128,
            "intermediate_size": 512,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "image_size": VIEW,
            "patch_size": PATCH,
        },
        text_config={
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "hidden_size": 192,
            "intermediate_size": 512,
            "num_hidden_layers": 4,
            "num_attention_heads": 6,
            "num_key_value_heads": 6,
            "max_position_embeddings": 512,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "tie_word_embeddings": True,
        },
        scale_factor=SHUFFLE,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    model = Idefics3ForConditionalGeneration(config)
    model.set_attn_implementation("eager")
    return model


def save(model: Any, processor: Any, folder: Path) -> None:
    """Write weights (bfloat16), processor and `helmsight.json` so that any loader can use them."""
    import copy

    import torch

    small = copy.deepcopy(model).to(torch.bfloat16)
    small.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    small.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    small.save_pretrained(folder)
    processor.save_pretrained(folder)
    manner = {
        "views": {"size": VIEW, "names": list(VIEWS)},
        "prompt": "bundled",
        "constrained": True,
        "needs": "frame",
        "max_new_tokens": 32,
    }
    text = json.dumps(manner, indent=2) + "\n"
    (folder / "helmsight.json").write_text(text, encoding="utf-8")
