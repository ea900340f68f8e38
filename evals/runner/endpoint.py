"""Answers of a provider's models: counted, priced, and kept so that none is paid for twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from helmsight.agents.models.prices import MILLION, P, Price, first_fitting
from helmsight.contract.clock import TimeRule
from helmsight.contract.jsontext import parse_json
from helmsight.contract.opening import open_new
from helmsight.contract.textfiles import read_text
from helmsight.evals.episode import Episode
from helmsight.evals.runner.settings import Settings

if TYPE_CHECKING:
    from langchain_core.caches import BaseCache

CACHE = "cache"


def paid_model(pilot: Any) -> Any | None:
    """Return the chat model behind a pilot whose answers may cost something, None for others: a
    scripted pilot, a model of this machine, one that has its answers already.
    """
    model = getattr(pilot, "model", None)
    own = getattr(pilot, "local", False) or getattr(model, "remembers", False)
    return None if own else model


def price_for(pilot: Any, spec: str, prices: Mapping[str, P]) -> P | Price | None:
    """Return what a million tokens in and out cost: by the first pattern of `prices` that fits the
    pilot's `spec`, else by the pilot's own price; None where neither is known.
    """
    suites = first_fitting(spec, prices)
    return getattr(pilot, "price", None) if suites is None else suites


class Meter:
    """Counts the tokens of an episode's model while it is entered; `counted` says what came of it.

    A pilot without a chat model of a provider costs nothing and has no tokens. Where answers are
    kept and think time makes no difference to the world, an answer that is there is given again;
    it is free, and its tokens are not counted.
    """

    def __init__(self, model: Any, folder: Path | None, price: Price | None) -> None:
        self._model, self._folder, self._price = model, folder, price
        self._handler: Any = None
        self._before: tuple[Any, Any] = (None, None)

    @classmethod
    def around(cls, pilot: Any, settings: Settings, episode: Episode) -> Self:
        """Return the meter of a pilot's model; raises nothing where there is none."""
        model = paid_model(pilot)
        if model is None:
            return cls(None, None, None)
        timed = episode.kind == "flight" and TimeRule.parse(episode.time).measures
        folder = settings.folder / CACHE if settings.cache and not timed else None
        return cls(model, folder, price_for(pilot, episode.pilot, settings.prices))

    def __enter__(self) -> Self:
        if self._model is not None:
            from langchain_core.callbacks import UsageMetadataCallbackHandler

            self._handler = UsageMetadataCallbackHandler()
            self._before = (self._model.callbacks, self._model.cache)
            self._model.callbacks = [*(self._before[0] or []), self._handler]
            if self._folder is not None:
                self._model.cache = answers(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        if self._model is not None:
            self._model.callbacks, self._model.cache = self._before

    def counted(self) -> dict[str, Any]:
        """Return the fields of a row: tokens in and out, and their cost where a price is known."""
        used = [] if self._handler is None else list(self._handler.usage_metadata.values())
        # of an answer that was kept a client's usage holds what it cost, nothing, and no tokens
        tokens = [
            sum(int(u.get(key, 0)) for u in used) for key in ("input_tokens", "output_tokens")
        ]
        cost = None
        if self._price is not None:
            cost = sum(n * price for n, price in zip(tokens, self._price, strict=True)) / MILLION
        return {"tokens_in": tokens[0], "tokens_out": tokens[1], "cost": cost}


def answers(folder: Path) -> BaseCache:
    """Return a cache of answers in `folder`, one file each, that many processes may share."""
    from langchain_core.caches import BaseCache
    from langchain_core.messages import messages_from_dict, messages_to_dict
    from langchain_core.outputs import ChatGeneration

    class Answers(BaseCache):
        """Answers by the digest of the model, its options and all that it was shown."""

        def lookup(self, prompt: str, llm_string: str) -> Any:
            try:
                kept = parse_json(read_text(_file(folder, prompt, llm_string), follow=False))
            except (OSError, ValueError):  # none, or one whose writing was cut off
                return None
            messages = messages_from_dict(kept["answers"])
            return [ChatGeneration(message=_without_usage(message)) for message in messages]

        def update(self, prompt: str, llm_string: str, return_val: Any) -> None:
            kept = {"answers": messages_to_dict([answer.message for answer in return_val])}
            path = _file(folder, prompt, llm_string)
            folder.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(f".{os.getpid()}.tmp")
            with os.fdopen(open_new(temporary), "w", encoding="utf-8") as file:
                file.write(json.dumps(kept))
            os.replace(temporary, path)

        def clear(self, **_: Any) -> None:
            raise NotImplementedError("answers are kept; remove their folder")

    return Answers()


def _file(folder: Path, prompt: str, model: str) -> Path:
    return folder / f"{hashlib.sha256(json.dumps([prompt, model]).encode()).hexdigest()[:32]}.json"


def _without_usage(message: Any) -> Any:
    """Return a kept answer as one that cost nothing this time."""
    return message.model_copy(update={"usage_metadata": None})
