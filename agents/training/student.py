"""The bundled models: Idefics3 small enough to train on a laptop, with tokenizers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.training.design import PILOT, Design

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


def build_tokenizer(corpus: Iterable[str], design: Design = PILOT) -> Any:
    """Return a byte-level BPE tokenizer trained on `corpus`.

    What the corpus does not hold falls back to smaller pieces, in the last resort to bytes.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(design.pieces), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=design.vocabulary,
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=design.longest,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        model_max_length=design.context,
        padding_side="left",
        additional_special_tokens=[USER, ASSISTANT, IMAGE, AROUND, GLOBAL],
    )


def build_processor(tokenizer: Any, design: Design = PILOT) -> Any:
    """Return the processor: square pictures by area, chat template, no torchvision."""
    from transformers import Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    pictures = Idefics3ImageProcessorPil(
        do_resize=True,
        size={"longest_edge": design.view},
        max_image_size={"longest_edge": design.view},
        do_image_splitting=False,
        resample=4,  # box filter: what INTER_AREA does when shrinking
        image_mean=[design.mean] * 3,
        image_std=[design.spread] * 3,
    )
    return Idefics3Processor(
        pictures, tokenizer, image_seq_len=design.visual_tokens, chat_template=CHAT
    )


def attend(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, scaling: float, **_: Any
) -> tuple[Any, Any]:
    """Return what plain attention gives (n, length, heads, width), and its weights.

    For training on a CPU: with the softmax in half precision it takes less than half the time of
    the library's eager attention; the fused one is slower still at these lengths. Expects as many
    heads of keys as of queries.
    """
    weights = (query * scaling) @ key.transpose(2, 3)
    if attention_mask is not None:
        weights = weights + attention_mask[..., : key.shape[-2]]
    weights = weights.softmax(dim=-1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


def for_training(model: Any) -> Any:
    """Return the model, to be trained with `attend`; nothing of it is saved."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, eager_mask

    AttentionInterface.register(attend.__name__, attend)
    AttentionMaskInterface.register(attend.__name__, eager_mask)
    model.set_attn_implementation(attend.__name__)
    return model.train()


def build_model(tokenizer: Any, design: Design = PILOT) -> Any:
    """Return a fresh model, to be trained."""
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration

    vision, text = design.vision, design.text
    config = Idefics3Config(
        vision_config={
            "hidden_size": vision.width,
            "intermediate_size": vision.inner,
            "num_hidden_layers": vision.layers,
            "num_attention_heads": vision.heads,
            "image_size": design.view,
            "patch_size": design.patch,
        },
        text_config={
            "model_type": "llama",
            "vocab_size": len(tokenizer),
            "hidden_size": text.width,
            "intermediate_size": text.inner,
            "num_hidden_layers": text.layers,
            "num_attention_heads": text.heads,
            "num_key_value_heads": text.heads,
            "max_position_embeddings": design.context,
            "pad_token_id": tokenizer.pad_token_id,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "tie_word_embeddings": True,
        },
        scale_factor=design.shuffle,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    return for_training(Idefics3ForConditionalGeneration(config))


def around(processor: Any, pictures: int) -> tuple[str, str]:
    """Return what stands before the words of a question, its pictures included, and what after."""
    content = [*[{"type": "image"}] * pictures, {"type": "text", "text": "\0"}]
    text = processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
    )
    shown = processor.replace_image_token({"rows": [[0]], "cols": [[0]]}, 0)
    before, after = text.replace(IMAGE, shown).split("\0")
    return before, after


def begin(
    start: Path | None, device: str, corpus: Callable[[], Iterable[str]], design: Design = PILOT
) -> tuple[Any, Any]:
    """Return a model to be trained and its processor: of the folder `start`, or fresh ones.

    `corpus` yields the texts for a fresh tokenizer.
    """
    if start is None:
        tokenizer = build_tokenizer(corpus(), design)
        return build_model(tokenizer, design).to(device), build_processor(tokenizer, design)
    from helmsight.agents.models.local import LocalVLM

    loaded = LocalVLM.load(start, device=device, dtype="float32")
    check_design(start, loaded.model, loaded.processor, design)
    return for_training(loaded.model), loaded.processor


def check_design(start: Path, model: Any, processor: Any, design: Design) -> None:
    """Raise ModelUnavailable for a model in the folder `start` that is of another design.

    The recipes train one architecture, on pictures of one size; others learn by an adapter.
    """
    config = model.config
    vision = getattr(config, "vision_config", None)
    has = {
        "architecture": config.model_type,
        "side of a picture": getattr(vision, "image_size", None),
        "side of a patch": getattr(vision, "patch_size", None),
        "visual tokens": getattr(processor, "image_seq_len", None),
    }
    asked = ("idefics3", design.view, design.patch, design.visual_tokens)
    wanted = dict(zip(has, asked, strict=True))
    if odd := [name for name in has if has[name] != wanted[name]]:
        name = odd[0]
        raise ModelUnavailable(
            f'--start "{start}" cannot be trained on here: its {name} is {has[name]} and this '
            f"recipe trains {wanted[name]}; teach it by an adapter instead: helmsight train "
            f"adapter DATASET --base {start}"
        )
