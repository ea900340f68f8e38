"""What went wrong with a request to a model: for good, or only for now."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import cache
from json import JSONDecodeError
from pathlib import Path

from pydantic import ValidationError

from helmsight.agents.said import chain, status_in, wait_in, words_in
from helmsight.contract.secrets import redacted
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml

TABLE = Path(__file__).with_name("faults.toml")
LONGEST = 300  # characters of what a provider said
OURS = "check the model and its options"
ADDRESS = "start the server, or check --base-url"
ENDS = "it ends with /v1 for openai:, and without for ollama: and anthropic:"
PAGE = f"the address answers with a web page: check --base-url ({ENDS})"
FORM = "the address does not speak the provider's protocol: check --base-url and PROVIDER:"
_PAGE = re.compile(r"<!doctype html|<html", re.IGNORECASE)
_NAMELESS = re.compile(r"<title>\s*(.*?)\s*</title>", re.IGNORECASE | re.DOTALL)
_FORM = re.compile(
    r"response_format|schema|grammar|structured|guided|unexpected keyword|extra inputs|"
    r"(?:unsupported|unknown|unrecognized)(?: request)? (?:parameter|argument)|generate json",
    re.IGNORECASE,
)
REFUSES_FORM = frozenset({400, 415, 422, 501})
"""Statuses with which servers answer a form of answer that they do not know."""
NOT_FOR_PAGES = frozenset({401, 402, 407, 408, 413, 429})
"""Statuses that say what is wrong, whatever page a gateway sends with them."""
FOREIGN = (AttributeError, TypeError, LookupError, ValidationError, JSONDecodeError)
STRANGE = ("missing 'choices'", "Unexpected response type")
"""What clients raise at JSON of another protocol, and at what is no JSON; and what they say."""
NOBODY = frozenset({"ConnectError", "UnsupportedProtocol", "InvalidURL", "LocalProtocolError"})
WAITING = ("Timeout", "TimedOut")


@dataclass(frozen=True)
class Fault:
    """A request that failed: `said` why, in the provider's words, and what to `change`.

    One that is `passing` may go through when it is made again, after `wait_s` seconds if that was
    said. `about_form`: it may be the form that the answer was to have which was refused.
    `filtered`: this one question was, and the next may not be. `starting`: the server is not ready.
    """

    said: str
    passing: bool
    change: str = ""
    wait_s: float | None = None
    about_form: bool = False
    filtered: bool = False
    starting: bool = False


@dataclass(frozen=True)
class _Entry:
    said: tuple[re.Pattern[str], ...]
    status: frozenset[int]
    passing: bool
    change: str
    filtered: bool
    starting: bool

    def fits(self, text: str, status: int | None) -> bool:
        """Whether a fault with this text and status is one of these."""
        worded = not self.said or any(pattern.search(text) for pattern in self.said)
        return worded and (not self.status or status in self.status)


@cache
def _table() -> tuple[_Entry, ...]:
    table = parse_toml(read_text(TABLE))
    advice = {name: text.format(ends=ENDS) for name, text in table["advice"].items()}
    return tuple(
        _Entry(
            tuple(re.compile(words, re.IGNORECASE) for words in entry.get("said", ())),
            frozenset(entry.get("status", ())),
            entry.get("passing", False),
            entry.get("change", "").format(ends=ENDS, **advice),
            entry.get("filtered", False),
            entry.get("starting", False),
        )
        for entry in table["fault"]
    )


def fault_of(error: BaseException, *, local: bool = False, answered: bool = False) -> Fault:
    """Return what an error of a chat model means, whichever client raised it.

    A model that has `answered` before is where it should be: that nobody listens there now will
    pass. An error of a `local` model comes again with the same question, but for a lack of memory.
    """
    status, text = status_in(error), words_in(error)
    wait_s = wait_in(error, text)
    if _PAGE.search(text):
        title = _NAMELESS.search(text)
        text = "a web page" + (f' "{title[1]}"' if title else "")
        if status is None or (status < 500 and status not in NOT_FOR_PAGES):
            return Fault(redacted(f"{status or 200}: {text}"), passing=False, change=PAGE)
    said = redacted(f"{status}: {text}" if status else text)[:LONGEST]
    found = next((entry for entry in _table() if entry.fits(text, status)), None)
    named = bool(_FORM.search(text))
    form = (status in REFUSES_FORM and (found is None or not found.said)) or (
        named and (status is None or status == 500 or status in REFUSES_FORM)
    )
    if found is not None:
        return Fault(
            said, found.passing, found.change, wait_s,
            about_form=form, filtered=found.filtered, starting=found.starting,
        )  # fmt: skip
    if status is not None:
        return Fault(said, status >= 500, OURS, wait_s, about_form=form)
    names = [type(each).__name__ for each in chain(error)]
    if isinstance(error, TimeoutError) or any(word in name for name in names for word in WAITING):
        return Fault(said, passing=True)
    if not answered and _nobody(error, names):
        return Fault(said, passing=False, change=ADDRESS)
    if "api_key" in text or "authentication method" in text:
        return Fault(said, passing=False, change="give its key by --api-key-env NAME")
    if local:
        return Fault(said, passing="memory" in text.lower(), change=OURS)
    if not answered and (isinstance(error, FOREIGN) or any(words in text for words in STRANGE)):
        return Fault(said, passing=False, change=FORM)
    return Fault(said, passing=True, about_form=form)


def streams(error: BaseException) -> bool:
    """Whether a client did not expect what came: an answer in parts (server-sent events)."""
    if "data: {" in str(error):
        return True
    answers = (getattr(each, "response", None) for each in chain(error))
    return any(
        "event-stream" in str(getattr(answer, "headers", {}).get("content-type", ""))
        for answer in answers
    )


def _nobody(error: BaseException, names: list[str]) -> bool:
    """Whether there was no connection at all: no such host, or nobody listens, or another tongue.

    A connection that broke is none of these.
    """
    behind = list(chain(error))
    broken = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
    if any(isinstance(each, broken) for each in behind) or "ReadError" in names:
        return False
    refused = any(isinstance(each, ConnectionRefusedError | socket.gaierror) for each in behind)
    never = "Failed to connect to Ollama" in str(error)
    return refused or never or bool({*names} & NOBODY)
