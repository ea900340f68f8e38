"""What an error of a chat model says, whichever client raised it: status, words, time to wait."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "milli": 1e-3}
_AGAIN = re.compile(
    r"(?:again|retry) (?:in|after) ((?:\d+(?:\.\d+)? ?(?:ms|milli|h|m|s)[a-z]* ?)+)", re.I
)
_PARTS = re.compile(r"(\d+(?:\.\d+)?) ?(ms|milli|h|m|s)")


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        inside = at.exceptions[0] if isinstance(at, BaseExceptionGroup) else None
        at = inside or at.__cause__ or at.__context__


def status_in(error: BaseException) -> int | None:
    """Return the HTTP status behind an error, None where there is none.

    Some servers answer 200 with an error inside.
    """
    for each in chain(error):
        for holder in (each, getattr(each, "response", None)):
            status = getattr(holder, "status_code", None) or getattr(holder, "code", None)
            if isinstance(holder, Mapping):  # Amazon's clients tell it so
                status = holder.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if isinstance(status, int) and 300 <= status < 600:
                return status
    for body in filter(None, map(_body, chain(error))):
        inner = body.get("error", body)
        code = inner.get("code", inner.get("status")) if isinstance(inner, Mapping) else None
        if isinstance(code, int) and 300 <= code < 600:
            return code
    return None


def _body(error: BaseException) -> Mapping[str, Any] | None:
    """Return the JSON that came with an error, None where there is none."""
    for body in (getattr(error, "body", None), error.args[0] if error.args else None):
        if isinstance(body, Mapping):
            return body
    try:
        body = error.response.json()  # type: ignore[attr-defined]
    except (AttributeError, ValueError, RecursionError):
        return None
    return body if isinstance(body, Mapping) and "error" in body else None


def words_in(error: BaseException) -> str:
    """Return the provider's own words, as one line."""
    for each in chain(error):
        told = (_body(each), getattr(each, "body", None), getattr(each, "error", None))
        words = next(filter(None, map(_message, told)), "")
        if words:
            return " ".join(words.split())
    found = next((str(each) for each in chain(error) if str(each).strip()), "")
    deepest = [str(each) for each in chain(error) if str(each).strip()][-1:]
    if found in ("Connection error.", "") and deepest:  # what lies below says which
        found = f"{found} {deepest[0]}".strip()
    text = " ".join(found.split())
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _message(body: Any) -> str:
    """Return the message in the body of an error, whatever form it has."""
    if isinstance(body, Mapping):
        for key in ("message", "error", "errors", "detail", "msg", "Message"):
            if inner := body.get(key):
                code = body.get("code")
                more = f" ({code})" if key == "message" and isinstance(code, str) else ""
                return _message(inner) + more
        return ""
    if isinstance(body, list):
        return _message(body[0]) if body else ""
    return body if isinstance(body, str) else ""


def wait_in(error: BaseException, text: str) -> float | None:
    """Return the seconds that a provider asks to wait: a number, a date (RFC 9110, 10.2.3), or
    words in its `text`, as Google's and OpenAI's do.
    """
    answers = (getattr(each, "response", None) for each in chain(error))
    headers: Any = next(
        (h for a in answers if isinstance(h := getattr(a, "headers", None), Mapping)), {}
    )
    if (ms := _number(headers.get("retry-after-ms"))) is not None:
        return max(0.0, ms / 1e3)
    given = headers.get("retry-after")
    if (seconds := _number(given)) is not None:
        return max(0.0, seconds)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        pass
    if (asked := _AGAIN.search(text)) is None:
        return None
    return sum(float(number) * SECONDS[unit] for number, unit in _PARTS.findall(asked[1].lower()))


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
