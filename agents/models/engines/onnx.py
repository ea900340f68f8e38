"""ONNX Runtime as the engine of a local model: answers out of a given set, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.errors import EngineUnfit
from helmsight.agents.models.engines.idefics import Idefics, check_design
from helmsight.agents.models.engines.questions import Prepared
from helmsight.agents.models.tries import Trie, forced, likely, walk


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
        self._before: list[int] = []  # the last answer
        self.size = int(model.config.vision_config.image_size)

    def choose(self, question: Prepared, trie: Trie) -> tuple[list[int], float]:
        """Return the likeliest way through `trie` token by token, and how far ahead it was.

        That is the smallest difference between the logits of a chosen token and of the next best
        that was allowed; minus infinity where the question has no pictures, or some of a size that
        the engine does not take: no answer was sought.

        Only where answers differ is the model asked: tokens without a choice go with the others.
        The last answer is a guess at this one. The model is asked about all of it at once, with
        the question, and again only from where it chooses otherwise (arXiv 2211.17192).
        """
        pixels = question.pixels
        if pixels is None or pixels.shape[-2:] != (self.size, self.size):
            return [], -np.inf
        written = forced(trie)
        node, ahead = walk(trie, written)[1], np.inf
        draft = likely(node, self._before[len(written) :])
        start = np.array([*question.ids, *written, *draft], np.int64)
        spots = np.flatnonzero(start == self._picture).astype(np.int64)
        asked = np.array([1 + len(draft)])
        given = {"ids": start, "pixels": pixels, "spots": spots, "asked": asked}
        told, *kept = self._question.run(None, given)
        cache = dict(zip(self._cache, kept, strict=True))
        sequel = _Sequel(self._sequel, cache, told, len(written), draft)
        scores = told[0]
        while node:
            tokens = np.array(list(node))
            rivals = scores[tokens]
            low, high = np.partition(rivals, -2)[-2:]
            ahead = min(ahead, float(high - low))
            best = int(tokens[rivals.argmax()])
            more = [best, *forced(node[best])]
            written += more
            node = walk(node, more)[1]
            if node:
                scores = sequel.after(written, likely(node, self._before[len(written) :]))
        self._before = written
        return written, ahead


class _Sequel:
    """What follows the tokens of an answer.

    cache: with the question, the first `told` tokens and those of `draft`; scores: logits (1 +
    draft, V) of what follows those first ones, and each of the draft.
    """

    def __init__(
        self, session: Any, cache: dict[str, Any], scores: Any, told: int, draft: list[int]
    ) -> None:
        self._session, self._cache, self._scores = session, cache, scores
        self._told, self._fed = told, draft

    def after(self, written: Sequence[int], draft: Sequence[int]) -> NDArray[np.float32]:
        """Return the logits (V,) of what follows `written`, which may go on as `draft`."""
        new = list(written[self._told :])
        pairs = zip(new, self._fed, strict=False)
        agreed = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if agreed < len(new):
            whole = next(iter(self._cache.values())).shape[1] - len(self._fed) + agreed
            past = {name: np.ascontiguousarray(x[:, :whole]) for name, x in self._cache.items()}
            self._told += agreed
            new = new[agreed:]
            self._fed = [*new, *draft]
            ids = np.array(self._fed, np.int64)
            scores, *kept = self._session.run(None, {"ids": ids, **past})
            self._scores = np.concatenate([self._scores[agreed : agreed + 1], scores])
            self._cache = dict(zip(past, kept, strict=True))
        following: NDArray[np.float32] = self._scores[len(new)]
        return following


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
