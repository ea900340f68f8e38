"""The bundled models' design, an Idefics3, as two ONNX graphs: what is asked, and how it goes on.

One question at a time: a batch saves nothing, the processor is busy with one already
(`benchmarks/batch.py`). Every product and norm is that of transformers'
`Idefics3ForConditionalGeneration`, which the tests hold both to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.errors import EngineUnfit
from helmsight.agents.models.engines.graph import Graph

Weights = Mapping[str, NDArray[np.float32]]
HIDDEN = -1e9  # of a score that causality forbids
END = np.iinfo(np.int64).max  # of a slice that goes on to the last row


class Idefics:
    """Writes the graphs for the `config` and `weights` (by transformers' names) of one model.

    Raises:
        EngineUnfit: another architecture, or a detail of it that is not written here.
    """

    def __init__(self, config: Any, weights: Weights) -> None:
        check_design(config)
        self._weights, self.config = weights, config
        self._text, self._vision = config.text_config, config.vision_config

    def question(self) -> bytes:
        """Return the graph of a whole question.

        In: ids (L,) int64; pixels (n, 3, S, S) float32; spots (n x tokens of a picture,) int64,
        where among the ids the pictures' tokens are; asked (1,) int64, of how many of the last
        tokens it is asked what follows. Out: logits (asked, V) of that, and of every layer keys and
        values (heads, L, D).
        """
        g = Graph()
        seen = self._see(g, "pixels")
        words = g.op("Gather", g.array(self._embedding), "ids")
        x = g.op("ScatterND", words, g.op("Unsqueeze", "spots", g.array([1])), seen)
        size = self._vision.image_size
        return g.model(
            {
                "ids": (np.int64, ["L"]),
                "pixels": (np.float32, ["n", self._vision.num_channels, size, size]),
                "spots": (np.int64, ["m"]),
                "asked": (np.int64, [1]),
            },
            self._read(g, x, g.array([0]), None, "asked"),
        )

    def sequel(self) -> bytes:
        """Return the graph of the tokens that follow.

        In: ids (t,), and what `question` or this gave as keys and values of each layer. Out: logits
        (t, V) of what follows each of them, keys and values longer by t.
        """
        g = Graph()
        past = {name: (np.float32, ["h", "P", "D"]) for name in self.cache("past")}
        x = g.op("Gather", g.array(self._embedding), "ids")
        before = g.op("Slice", g.op("Shape", "past_k0"), g.array([1]), g.array([2]))
        return g.model(
            {"ids": (np.int64, ["t"]), **past}, self._read(g, x, before, self.cache("past"))
        )

    def cache(self, prefix: str) -> list[str]:
        """Return the names of keys and values, layer by layer."""
        return [f"{prefix}_{part}{i}" for i in range(self._text.num_hidden_layers) for part in "kv"]

    @property
    def _embedding(self) -> NDArray[np.float32]:
        return self._weights["model.text_model.embed_tokens.weight"]

    def _see(self, g: Graph, pixels: str) -> str:
        """Return the pictures as tokens of the text, (n x tokens, width)."""
        config, at = self._vision, "model.vision_model."
        w = {k.removeprefix(at): v for k, v in self._weights.items() if k.startswith(at)}
        width, side = config.hidden_size, config.image_size // config.patch_size
        eps = config.layer_norm_eps
        x = g.op(
            "Conv", pixels, g.array(w["embeddings.patch_embedding.weight"]),
            g.array(w["embeddings.patch_embedding.bias"]), strides=[config.patch_size] * 2,
        )  # fmt: skip
        places = w["embeddings.position_embedding.weight"].T.reshape(width, side, side)
        x = g.op("Transpose", g.op("Add", x, g.array(places)), perm=[0, 2, 3, 1])
        x = g.reshape(x, -1, width)  # of all patches: products of two dimensions are the fastest
        for i in range(config.num_hidden_layers):
            layer = _below(w, f"encoder.layers.{i}.")
            y = _layer_norm(g, x, _below(layer, "layer_norm1."), eps)
            x = g.op("Add", x, _look(g, y, _below(layer, "self_attn."), config, side * side))
            y = _layer_norm(g, x, _below(layer, "layer_norm2."), eps)
            y = g.linear(y, layer["mlp.fc1.weight"], layer["mlp.fc1.bias"])
            y = g.op("Gelu", y, approximate="tanh")
            x = g.op("Add", x, g.linear(y, layer["mlp.fc2.weight"], layer["mlp.fc2.bias"]))
        x = _layer_norm(g, x, _below(w, "post_layernorm."), eps)
        # the pixel shuffle: scale x scale neighbours become one token
        scale = self.config.scale_factor
        part = side // scale
        x = g.reshape(x, -1, part, scale, part, scale * width)
        x = g.reshape(g.op("Transpose", x, perm=[0, 1, 3, 2, 4]), -1, scale * scale * width)
        return g.linear(x, self._weights["model.connector.modality_projection.proj.weight"])

    def _read(
        self, g: Graph, x: str, before: str, past: list[str] | None, asked: str | None = None
    ) -> dict[str, str]:
        """Return the names of the outputs of the text model over x (t, width).

        before: how many tokens went before, (1,). asked: of how many of the last tokens there are
        to be logits, (1,), so that the last layer asks nothing of the others but keys and values.
        """
        config, eps = self._text, self._text.rms_norm_eps
        length = g.op("Slice", g.op("Shape", x), g.array([0]), g.array([1]))
        whole = g.op("Add", before, length)
        turns = _turns(g, config, before, whole)
        unseen = _unseen(g, before, whole)
        told: dict[str, str] = {}
        for i in range(config.num_hidden_layers):
            layer = _below(self._weights, f"model.text_model.layers.{i}.")
            y = _rms_norm(g, x, layer["input_layernorm.weight"], eps)
            if asked is not None and i == config.num_hidden_layers - 1:
                k, v = _heads(g, y, layer, config.num_attention_heads, "kv")
                k = _turned(g, k, turns)
                x, y, unseen, *turned = (_last(g, each, asked) for each in (x, y, unseen, *turns))
                turns = turned[0], turned[1]
                (q,) = _heads(g, y, layer, config.num_attention_heads, "q")
            else:
                q, k, v = _heads(g, y, layer, config.num_attention_heads, "qkv")
                k = _turned(g, k, turns)
            q = _turned(g, q, turns)
            if past is not None:
                k = g.op("Concat", past[2 * i], k, axis=1)
                v = g.op("Concat", past[2 * i + 1], v, axis=1)
            told |= {f"k{i}": k, f"v{i}": v}
            y = _attend(g, q, k, v, config.head_dim, [0, 2, 1], unseen)
            y = g.reshape(g.op("Transpose", y, perm=[1, 0, 2]), 0, -1)
            x = g.op("Add", x, g.linear(y, layer["self_attn.o_proj.weight"]))
            y = _rms_norm(g, x, layer["post_attention_layernorm.weight"], eps)
            gate = g.linear(y, layer["mlp.gate_proj.weight"])
            y = g.op("Mul", g.op("Mul", gate, g.op("Sigmoid", gate)),
                     g.linear(y, layer["mlp.up_proj.weight"]))  # fmt: skip
            x = g.op("Add", x, g.linear(y, layer["mlp.down_proj.weight"]))
        x = _rms_norm(g, x, self._weights["model.text_model.norm.weight"], eps)
        return {"logits": g.linear(x, self._embedding), **told}


def _look(g: Graph, x: str, w: Weights, config: Any, patches: int) -> str:
    """Return attention of the patches of each picture, (n x patches, width), to each other."""
    heads, width = config.num_attention_heads, config.hidden_size
    stacked = [np.concatenate([w[f"{p}_proj.{kind}"] for p in "qkv"]) for kind in
               ("weight", "bias")]  # fmt: skip
    x = g.reshape(g.linear(x, *stacked), -1, patches, 3, heads, width // heads)
    parts = g.ops("Split", 3, g.op("Transpose", x, perm=[2, 0, 3, 1, 4]), axis=0, num_outputs=3)
    q, k, v = (g.op("Squeeze", part, g.array([0])) for part in parts)
    y = g.op("Transpose", _attend(g, q, k, v, width // heads, [0, 1, 3, 2]), perm=[0, 2, 1, 3])
    return g.linear(g.reshape(y, -1, width), w["out_proj.weight"], w["out_proj.bias"])


def _attend(
    g: Graph, q: str, k: str, v: str, size: int, across: list[int], unseen: str | None = None
) -> str:
    """Return softmax(q k^T / sqrt(size) + unseen) v over the last two dimensions.

    across: the order of dimensions that transposes k.
    """
    scores = g.op("MatMul", g.op("Mul", q, g.array(size**-0.5)), g.op("Transpose", k, perm=across))
    if unseen:
        scores = g.op("Add", scores, unseen)
    return g.op("MatMul", g.op("Softmax", scores, axis=-1), v)


def _heads(g: Graph, x: str, layer: Weights, heads: int, kinds: str) -> list[str]:
    """Return queries, keys or values (heads, t, D), as `kinds` asks for them, of x (t, width)."""
    stacked = np.concatenate([layer[f"self_attn.{kind}_proj.weight"] for kind in kinds])
    n = len(kinds)
    x = g.reshape(g.linear(x, stacked), 0, n, heads, -1)
    parts = g.ops("Split", n, g.op("Transpose", x, perm=[1, 2, 0, 3]), axis=0, num_outputs=n)
    return [g.op("Squeeze", part, g.array([0])) for part in parts]


def _last(g: Graph, x: str, asked: str) -> str:
    """Return the last rows, (asked, ...)."""
    return g.op("Slice", x, g.op("Neg", asked), g.array([END]), g.array([0]))


def _turns(g: Graph, config: Any, before: str, whole: str) -> tuple[str, str]:
    """Return cosines and sines (t, D) of rotary positions; arXiv 2104.09864."""
    size, base = config.head_dim, config.rope_parameters["rope_theta"]
    rates = 1.0 / base ** (np.arange(0, size, 2, dtype=np.float32) / size)
    angles = np.arange(config.max_position_embeddings, dtype=np.float32)[:, None] * rates
    angles = np.concatenate([angles, angles], axis=1)
    tables = (g.array(np.cos(angles)), g.array(np.sin(angles)))
    first, second = (g.op("Slice", table, before, whole, g.array([0])) for table in tables)
    return first, second


def _turned(g: Graph, x: str, turns: tuple[str, str]) -> str:
    a, b = g.ops("Split", 2, x, axis=-1, num_outputs=2)
    other = g.op("Concat", g.op("Neg", b), a, axis=-1)
    return g.op("Add", g.op("Mul", x, turns[0]), g.op("Mul", other, turns[1]))


def _unseen(g: Graph, before: str, whole: str) -> str:
    """Return what is added to scores (t, all): nothing, or HIDDEN for what comes later."""
    zero, one = g.array(0), g.array(1)
    start, end = (g.op("Squeeze", x, g.array([0])) for x in (before, whole))
    rows = g.op("Unsqueeze", g.op("Range", start, end, one), g.array([1]))
    later = g.op("Greater", g.op("Range", zero, end, one), rows)
    return g.op("Where", later, g.array(HIDDEN), g.array(0.0))


def _rms_norm(g: Graph, x: str, weight: NDArray[np.float32], eps: float) -> str:
    # a square that is written as a power: the runtime takes such a norm in one step
    square = g.op("ReduceMean", g.op("Pow", x, g.array(2.0)), g.array([-1]))
    return g.op("Mul", g.op("Div", x, g.op("Sqrt", g.op("Add", square, g.array(eps)))),
                g.array(weight))  # fmt: skip


def _layer_norm(g: Graph, x: str, w: Weights, eps: float) -> str:
    return g.op("LayerNormalization", x, g.array(w["weight"]), g.array(w["bias"]), epsilon=eps)


def _below(weights: Weights, prefix: str) -> dict[str, NDArray[np.float32]]:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def check_design(config: Any) -> None:
    """Raise EngineUnfit for a model (its `config`) that these graphs do not say."""
    kind = getattr(config, "model_type", "?")
    if kind != "idefics3":
        raise EngineUnfit(
            f'engine onnx runs models of the bundled ones\' design (idefics3), not "{kind}"; '
            "take engine torch, which runs all"
        )
    text, vision = config.text_config, config.vision_config
    wrong = {
        "text_config.model_type": (text.model_type, "llama"),
        "text_config.num_key_value_heads": (text.num_key_value_heads, text.num_attention_heads),
        "text_config.hidden_act": (text.hidden_act, "silu"),
        "text_config.attention_bias": (text.attention_bias, False),
        "text_config.mlp_bias": (text.mlp_bias, False),
        "text_config.rope_parameters.rope_type": (text.rope_parameters["rope_type"], "default"),
        "vision_config.hidden_act": (vision.hidden_act, "gelu_pytorch_tanh"),
        "tie_word_embeddings": (config.tie_word_embeddings, True),
    }
    for name, (value, expected) in wrong.items():
        if value != expected:
            raise EngineUnfit(
                f"engine onnx does not know {name} {value!r} (it knows {expected!r}); "
                "take engine torch, which runs all"
            )
