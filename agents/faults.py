"""What went wrong with a request to a model: for good, or only for now."""

from __future__ import annotations

import email.utils
import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from helmsight.contract.secrets import redacted
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml

TABLE = Path(__file__).with_name("faults.toml")
LONGEST = 300  # characters of what a provider said
OURS = "check the model and its options"
ADDRESS = "start the server, or check --base-url"
PAGE = "the address answers with a web page: check --base-url (of most servers it ends with /v1)"
FORM = "the address does not speak the provider's protocol: check --base-url and PROVIDER:"
_PAGE = re.compile(r"<!doctype html|<html", re.IGNORECASE)
_NAMELESS = re.compile(r"<title>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_FORM = re.compile(
    r"response_format|schema|grammar|structured|guided|unexpected keyword", re.IGNORECASE
)
REFUSES_FORM = frozenset({400, 415, 422, 501})
"""Statuses with which servers answer a form of answer that they do not know."""
NOBODY = frozenset({"ConnectError", "UnsupportedProtocol", "InvalidURL", "LocalProtocolError"})
WAITING = ("Timeout", "TimedOut")


@dataclass(frozen=True)
class Fault:
    """A request that failed: `said` why, in the provider's words, and what to `change`.

    One that is `passing` may go through when it is made again, after `wait_s` seconds if that was
    said. `about_form`: it may be the form that the answer was to have which was refused.
    """

    said: str
    passing: bool
    change: str = ""
    wait_s: float | None = None
    about_form: bool = False


@dataclass(frozen=True)
class _Entry:
    said: tuple[re.Pattern[str], ...]
    status: frozenset[int]
    passing: bool
    change: str

    def fits(self, text: str, status: int | None) -> bool:
        """Whether a fault with this text and status is one of these."""
        worded = not self.said or any(pattern.search(text) for pattern in self.said)
        return worded and (not self.status or status in self.status)


@cache
def _table() -> tuple[_Entry, ...]:
    entries = parse_toml(read_text(TABLE))["fault"]
    return tuple(
        _Entry(
            tuple(re.compile(words, re.IGNORECASE) for words in entry.get("said", ())),
            frozenset(entry.get("status", ())),
            entry.get("passing", False),
            entry.get("change", ""),
        )
        for entry in entries
    )


def fault_of(error: BaseException, *, local: bool = False, answered: bool = False) -> Fault:
    """Return what an error of a chat model means, whichever client raised it.

    A model that has `answered` before is where it should be: that nobody listens there now will
    pass. An error of a `local` model comes again with the same question, but for a lack of memory.
    """
    status, text = _status(error), _said(error)
    said = redacted(f"{status}: {text}" if status else text)[:LONGEST]
    wait_s = _retry_after(error)
    if _PAGE.search(text):
        title = _NAMELESS.search(text)
        said = f"{status or 200}: a web page" + (f' "{title[1]}"' if title else "")
        if status is None or status < 500:
            return Fault(said, passing=False, change=PAGE)
    found = next((entry for entry in _table() if entry.fits(text, status)), None)
    form = status in REFUSES_FORM and bool(found is None or not found.said or _FORM.search(text))
    if found is not None:
        return Fault(said, found.passing, found.change, wait_s, about_form=form)
    if status is not None:
        return Fault(said, status >= 500, OURS, wait_s, about_form=form)
    names = [type(each).__name__ for each in _chain(error)]
    if isinstance(error, TimeoutError) or any(word in name for name in names for word in WAITING):
        return Fault(said, passing=True)
    if not answered and _nobody(error, names):
        return Fault(said, passing=False, change=ADDRESS)
    if "missing 'choices'" in text:
        return Fault(said, passing=False, change=FORM)
    if "api_key" in text or "authentication method" in text:
        return Fault(said, passing=False, change="give its key by --api-key-env NAME")
    if local:
        return Fault(said, passing="memory" in text.lower(), change=OURS)
    return Fault(said, passing=True, about_form=bool(_FORM.search(text)))


def streams(error: BaseException) -> bool:
    """Whether a client did not expect what came: an answer in parts (server-sent events)."""
    if "data: {" in str(error):
        return True
    answers = (getattr(each, "response", None) for each in _chain(error))
    return any(
        "event-stream" in str(getattr(answer, "headers", {}).get("content-type", ""))
        for answer in answers
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _nobody(error: BaseException, names: list[str]) -> bool:
    """Whether there was no connection at all: no such host, or nobody listens, or another tongue.

    A connection that broke is none of these.
    """
    chain = list(_chain(error))
    broken = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
    if any(isinstance(each, broken) for each in chain) or "ReadError" in names:
        return False
    refused = any(isinstance(each, ConnectionRefusedError | socket.gaierror) for each in chain)
    never = "Failed to connect to Ollama" in str(error)
    return refused or never or bool({*names} & NOBODY)


def _status(error: BaseException) -> int | None:
    """Return the HTTP status behind an error, None where there is none.

    Some servers answer 200 with an error inside.
    """
    for each in _chain(error):
        for holder in (each, getattr(each, "response", None)):
            status = getattr(holder, "status_code", None) or getattr(holder, "code", None)
            if isinstance(status, int) and 300 <= status < 600:
                return status
    for body in filter(None, map(_body, _chain(error))):
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
    except (AttributeError, ValueError):
        return None
    return body if isinstance(body, Mapping) and "error" in body else None


def _said(error: BaseException) -> str:
    """Return the provider's own words, as one line."""
    for each in _chain(error):
        told = (_body(each), getattr(each, "body", None), getattr(each, "error", None))
        words = next(filter(None, map(_message, told)), "")
        if words:
            return " ".join(words.split())
    found = next((str(each) for each in _chain(error) if str(each).strip()), "")
    deepest = [str(each) for each in _chain(error) if str(each).strip()][-1:]
    if found in ("Connection error.", "") and deepest:  # what lies below says which
        found = f"{found} {deepest[0]}".strip()
    text = " ".join(found.split())
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _message(body: Any) -> str:
    """Return the message in the body of an error, whatever form it has."""
    if isinstance(body, Mapping):
        for key in ("message", "error", "detail", "msg"):
            if inner := body.get(key):
                code = body.get("code")
                more = f" ({code})" if key == "message" and isinstance(code, str) else ""
                return _message(inner) + more
        return ""
    if isinstance(body, list):
        return _message(body[0]) if body else ""
    return body if isinstance(body, str) else ""


def _retry_after(error: BaseException) -> float | None:
    """Return the seconds that a provider asks to wait: a number, or a date (RFC 9110, 10.2.3)."""
    answers = (getattr(each, "response", None) for each in _chain(error))
    headers: Any = next((h for a in answers if (h := getattr(a, "headers", None))), {})
    given = headers.get("retry-after")
    if given is None:
        return None
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except ValueError:
        return None
