"""Texts that a log holds once: where one comes again, its digest stands for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from helmsight.contract.identity import digest

SHORT = 200  # characters; a shorter text is written out each time
Calls = list[dict[str, Any]]


class Once:
    """The long texts of the messages in a log, by their digests, as the steps go by in order."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._texts = dict(texts or {})

    def copy(self) -> Once:
        """Return another one that knows the same: what it learns is forgotten with it."""
        return Once(self._texts)

    def shortened(self, calls: Iterable[Mapping[str, Any]]) -> Calls:
        """Return a step's requests as they are written: a text that was there before by digest."""
        return _changed(calls, self._short)

    def whole(self, calls: Iterable[Mapping[str, Any]]) -> Calls:
        """Return a step's requests as they were: raises ValueError for a text that is not there."""
        return _changed(calls, self._long)

    def _short(self, part: Any) -> Any:
        text = part.get("text") if isinstance(part, dict) else None
        if not isinstance(text, str) or len(text) < SHORT:
            return part
        name = digest(text)
        if name in self._texts:
            return {"same": name}
        self._texts[name] = text
        return part

    def _long(self, part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        if "same" in part:
            text = self._texts.get(str(part["same"]))
            if text is None:
                raise ValueError(f"no step before holds the text {part['same']!r:.80}")
            return {"text": text}
        text = part.get("text")
        if isinstance(text, str) and len(text) >= SHORT:
            self._texts[digest(text)] = text
        return part


def _changed(calls: Iterable[Mapping[str, Any]], change: Callable[[Any], Any]) -> Calls:
    """Return requests with every part of their messages changed; what is no message stays."""
    return [
        {**call, "messages": [_message(message, change) for message in call["messages"]]}
        if isinstance(call.get("messages"), list)
        else dict(call)
        for call in calls
    ]


def _message(message: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(message, dict) or not isinstance(message.get("parts"), list):
        return message
    return {**message, "parts": [change(part) for part in message["parts"]]}
