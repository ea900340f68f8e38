"""ONNX Runtime as the engine of a local model: answers out of a given set, question by question."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from helmsight.agents.errors import EngineUnfit
from helmsight.agents.models.engines.idefics import Idefics, check_design
from helmsight.agents.models.engines.questions import Prepared
from helmsight.agents.models.tries import Trie, forced, walk


class OnnxEngine:
    """Runs one loaded model (of transformers) on one thread of a CPU, in float32.

    `size` is the height and width of the pictures that it takes.

    Raises:
        EngineUnfit: packages are missing, or the model is not of a design that is written here.
    """

    def __init__(self, model: Any) -> None:
        _check(model)
        weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
        graphs = Idefics(model.config, weights)
        self._question = _session(graphs.question())
        self._sequel = _session(graphs.sequel())
        self._cache = graphs.cache("past")
        self._picture = int(model.config.image_token_id)
        self.size = int(model.config.vision_config.image_size)

    def choose(self, question: Prepared, trie: Trie) -> tuple[list[int], float]:
        """Return the likeliest way through `trie` token by token, and how far ahead it was.

        That is the smallest difference between the logits of a chosen token and of the next best
        that was allowed; minus infinity where the question has no pictures, or some of a size that
        the engine does not take: no answer was sought.

        Only where answers differ is the model asked: tokens without a choice go with the others.
        """
        pixels = question.pixels
        if pixels is None or pixels.shape[-2:] != (self.size, self.size):
            return [], -np.inf
        written = forced(trie)
        node, ahead = walk(trie, written)[1], np.inf
        start = np.array([*question.ids, *written], np.int64)
        spots = np.flatnonzero(start == self._picture)
        asked = {"ids": start, "pixels": pixels, "spots": spots.astype(np.int64)}
        logits, *kept = self._question.run(None, asked)
        while node:
            tokens = np.array(list(node))
            scores = logits[tokens]
            best = int(tokens[scores.argmax()])
            low, high = np.partition(scores, -2)[-2:]
            ahead = min(ahead, float(high - low))
            more = [best, *forced(node[best])]
            written += more
            node = walk(node, more)[1]
            if node:
                asked = {
                    "ids": np.array(more, np.int64),
                    **dict(zip(self._cache, kept, strict=True)),
                }
                logits, *kept = self._sequel.run(None, asked)
        return written, ahead


def fits(model: Any) -> bool:
    """Return whether `model` can be had with this engine here, without making it."""
    try:
        _check(model)
    except EngineUnfit:
        return False
    return True


def _session(graph: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # one thread a model, as with torch: a second one on a busy machine costs more than it gives
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _check(model: Any) -> None:
    missing = [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise EngineUnfit(
            f"engine onnx needs {' and '.join(missing)}: pip install {' '.join(missing)}; "
            "or take engine torch"
        )
    check_design(model.config)
    held = next(iter(model.parameters()))
    if (held.device.type, str(held.dtype)) != ("cpu", "torch.float32"):
        raise EngineUnfit(
            f"engine onnx runs on a CPU in float32, not on {held.device.type} in "
            f"{str(held.dtype).removeprefix('torch.')}; take engine torch"
        )
