"""What a fake provider answers, as data: rules, of which the first that fits a request counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class When(BaseModel):
    """Which requests a rule is for; without any field, all. Every field that is given has to fit.

    `first`: the first so many requests; `number`: these, from 1 on; `every`: each so manieth.
    `images`: with more pictures than that. `role`: with a message of this role. `asks`: with this
    key in the body. `without`: without it. `key`: with another key than this one. `path`: sent
    elsewhere than to a path that ends so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: int | None = None
    number: tuple[int, ...] = ()
    every: int | None = None
    images: int | None = None
    role: str | None = None
    asks: str | None = None
    without: str | None = None
    key: str | None = None
    path: str | None = None

    def fits(self, request: Request) -> bool:
        """Whether the rule is for `request`."""
        body, number = request.body, request.number
        roles = {message.get("role") for message in body.get("messages", ())}
        if body.get("system"):  # where Anthropic's protocol has it
            roles.add("system")
        return all((
            self.first is None or number <= self.first,
            not self.number or number in self.number,
            self.every is None or number % self.every == 0,
            self.images is None or request.images > self.images,
            self.role is None or self.role in roles,
            self.asks is None or self.asks in body,
            self.without is None or self.without not in body,
            self.key is None or request.key != self.key,
            self.path is None or not request.path.endswith(self.path),
        ))  # fmt: skip


class Rule(BaseModel):
    """One answer of a fake provider, and when it is given.

    An answer in the protocol's own form is made of `text`, `reasoning`, `tool` (the arguments of
    one tool call), `refusal`, `finish` and `tokens` (in, out). `message` replaces that of the
    assistant, `data` the whole JSON and `body` even that by a text of the media type `kind`.
    `error` is the provider's message for a `status` of 400 and more, `code` its code.
    `seconds` is how long it takes; `line` is what happens to the connection instead of an answer:
    it is reset, closed at once, or closed after half of the answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: When = When()
    status: int = 200
    headers: Mapping[str, str] = {}
    text: str | None = None
    reasoning: str | None = None
    tool: str | None = None
    refusal: str | None = None
    finish: str | None = None
    tokens: tuple[int, int] | None = (1000, 20)
    model: str | None = None
    message: Mapping[str, Any] | None = None
    data: Any = None
    body: str | None = None
    kind: str = "application/json"
    error: str | None = None
    code: str | None = None
    seconds: float = Field(default=0.0, ge=0, le=86_400)
    line: Literal["", "reset", "close", "half"] = ""


class Request(BaseModel):
    """A request as it came: `number` counts from 1 on, `key` is what it was signed with."""

    number: int
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def key(self) -> str:
        """The key of an API, "" where none was sent."""
        signed = self.headers.get("authorization", "").removeprefix("Bearer ")
        return signed or self.headers.get("x-api-key", "")

    @property
    def images(self) -> int:
        """How many pictures the messages hold, in any of the protocols."""
        found = 0
        for message in self.body.get("messages", ()):
            found += len(message.get("images") or ())
            blocks = message.get("content")
            if isinstance(blocks, list):
                found += sum(block.get("type") in ("image_url", "image") for block in blocks)
        return found


When.model_rebuild()
