"""Lines of text to arms and back, as a description says them. No I/O here.

The `device` table of a description is the whole protocol: what is sent (templates), what comes back
(regular expressions with named groups), how lines end, what the arm does with a second target.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from helmsight.hardware.framing import printable
from helmsight.hardware.spec import Positive, RobotSpec, Table

NUMBERS = 10_000  # sequence numbers start again here


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return text


def _template(text: str, known: tuple[str, ...]) -> str:
    if not printable(text.encode("utf-8")):
        raise ValueError("expected printable ASCII; the terminator is added by itself")
    try:
        parts = [(name, form) for _, name, form, _ in string.Formatter().parse(text)]
    except ValueError as error:
        raise ValueError(f"not a template: {error}") from None
    for name, form in parts:
        if name is not None and (name not in known or form):
            there = ", ".join(f"{{{placeholder}}}" for placeholder in known) or "none"
            raise ValueError(f"unknown placeholder {{{name}}}; there are: {there}")
    return text


class CommandTemplate(Table):
    """What is sent and what comes back. An empty `reply`: the arm says nothing when it accepts.

    done: closes the answer to this command; None: what closes all; empty: nothing does.
    """

    send: Annotated[str, Field(min_length=1)]
    reply: str = ""
    done: str | None = None

    @field_validator("reply", "done")
    @classmethod
    def _is_pattern(cls, text: str | None) -> str | None:
        return None if text is None else _pattern(text)


class Numbered(Table):
    """Sequence numbers: what stands before a command, and before its reply (group `n`)."""

    send: str
    reply: str

    @field_validator("send")
    @classmethod
    def _names_n(cls, text: str) -> str:
        if "{n}" not in _template(text, ("n",)):
            raise ValueError("expected the placeholder {n}")
        return text

    @field_validator("reply")
    @classmethod
    def _has_n(cls, text: str) -> str:
        if "n" not in re.compile(_pattern(text)).groupindex:
            raise ValueError("expected a group (?P<n>...)")
        return text


class Protocol(Table):
    """The `device` table of a text-protocol arm.

    terminator: ends every line to the arm. prompt, echo: what the arm writes besides its answers.
    done: the line that closes the answer to every command, a refusal included, after all that it
    reports (Marlin's `ok`); until it has come nothing else is asked.
    chatter: lines that mean nothing here. error: a refusal, with groups `text` and `code` if it
    has them; garbled: the refusal of a line that cannot be ours, so it was damaged on the way and
    is sent again. banner: what it says when it starts; heard later it means a restart, after which
    it does not know where it is.
    length_unit, angle_unit: m and rad in one unit of the wire; decimals: digits sent.
    speed_unit: m/s (rad/s) in one unit of {speed}; speed_least: below it (in units of {speed}) the
    firmware picks a speed of its own; peak: highest over average speed of its profile.
    tolerance: units of the wire within which a target counts as understood.
    target: a second target `replaces` the first at once or `queues` until the first is reached.
    acknowledged: at the `start` or the `end` of the motion. answers: `always`, or only `standing`.
    ramps: every command starts and ends at rest, with the joints' acceleration.
    slice_s: longer ways are sent in pieces of this time, for arms that cannot be interrupted.
    boot_s: how long a controller that restarts when its port is opened may take to answer.
    move: placeholders are the joint names and {speed}; groups named like the joints tell the
    target that was understood. position: groups named like the joints, and target_NAME where the
    arm tells where it is going; destination: what tells that instead, groups named like the joints.
    setup: sent at every handshake; must not move anything.
    """

    joints: ClassVar[tuple[str, ...]] = ()
    switched: ClassVar[bool] = False

    dialect: str = ""
    terminator: Annotated[str, Field(pattern=r"^[\r\n;]{1,2}$")]
    prompt: str = ""
    echo: bool = False
    number: Numbered | None = None
    done: str = ""
    error: str
    garbled: str = ""
    banner: str = ""
    chatter: str = ""
    length_unit: Positive = 0.001
    angle_unit: Positive = 0.017453292519943295
    decimals: Annotated[int, Field(ge=0, le=6)] = 2
    speed_unit: Positive
    speed_least: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    peak: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    tolerance: Positive = 0.02
    target: Literal["replaces", "queues"]
    acknowledged: Literal["start", "end"] = "start"
    answers: Literal["always", "standing"] = "always"
    ramps: bool = False
    slice_s: Positive | None = None
    boot_s: Annotated[float, Field(ge=0, le=10)] = 0.0
    hello: CommandTemplate
    position: CommandTemplate
    destination: CommandTemplate | None = None
    move: CommandTemplate
    hold: CommandTemplate | None = None
    energise: CommandTemplate | None = None
    release: CommandTemplate | None = None
    reset: CommandTemplate | None = None
    home: CommandTemplate | None = None
    tool_on: CommandTemplate | None = None
    tool_off: CommandTemplate | None = None
    setup: tuple[CommandTemplate, ...] = ()

    @field_validator("done", "error", "garbled", "banner", "chatter")
    @classmethod
    def _is_pattern(cls, text: str) -> str:
        return _pattern(text)

    @field_validator("move")
    @classmethod
    def _moves_all(cls, command: CommandTemplate) -> CommandTemplate:
        _template(command.send, (*cls.joints, "speed"))
        for name in cls.joints:
            if f"{{{name}}}" not in command.send:
                raise ValueError(f"send lacks the placeholder {{{name}}}")
        return command

    @field_validator("position", "destination")
    @classmethod
    def _places_all(cls, command: CommandTemplate | None) -> CommandTemplate | None:
        if command is None:
            return None
        groups = re.compile(command.reply).groupindex
        for name in cls.joints:
            if name not in groups:
                raise ValueError(f"reply lacks the group (?P<{name}>...)")
        return command

    @field_validator(
        "hello", "position", "destination", "hold", "energise", "release", "reset", "home",
        "tool_on", "tool_off",
    )  # fmt: skip
    @classmethod
    def _plain(cls, command: CommandTemplate | None) -> CommandTemplate | None:
        if command is not None:
            _template(command.send, ())
        return command

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.hello.reply:
            raise ValueError("hello.reply is empty: nothing would tell this arm from another")
        if self.switched and not (self.tool_on and self.tool_off):
            raise ValueError("the tool is a switch: expected tool_on and tool_off")
        if self.closing(self.hello) and not self.tells_itself(self.hello):
            raise ValueError("hello.reply must be another line than done: nothing would tell them")
        if self.target == "queues" and self.hold is None and self.slice_s is None:
            raise ValueError("an arm that queues targets and has no hold needs slice_s")
        return self

    def closing(self, command: CommandTemplate) -> str:
        """Return the pattern of the line that closes the answer to a command, empty without one."""
        return self.done if command.done is None else command.done

    def tells_itself(self, command: CommandTemplate) -> bool:
        """Return whether a reply shows which command it answers, by more than its closing line."""
        done = self.closing(command)
        return bool(command.reply) and command.reply != done and not _fits(command.reply, done)


def _fits(pattern: str, done: str) -> bool:
    return bool(done) and re.fullmatch(pattern, done) is not None


def protocol_of(spec: RobotSpec) -> Protocol:
    """Return the checked `device` table of `spec`. Raises InvalidSpec with key and line."""

    class Named(Protocol):
        joints: ClassVar[tuple[str, ...]] = spec.names
        switched: ClassVar[bool] = spec.tool.kind == "switch"

    return spec.options(Named)


@dataclass(frozen=True)
class ArmReply:
    """The reply to the command in hand: its named groups."""

    groups: Mapping[str, str]
    line: str


@dataclass(frozen=True)
class ArmRefusal:
    """The arm refused. `garbled`: it did not know the line, which was therefore damaged."""

    line: str
    code: str | None
    garbled: bool


@dataclass(frozen=True)
class ArmStarted:
    """The arm has just started, whatever was true before is not any more."""

    line: str


@dataclass(frozen=True)
class IgnoredLine:
    """An echo, a line that the description calls chatter, or a part of an answer."""

    line: str


ArmLine = ArmReply | ArmRefusal | ArmStarted | IgnoredLine


class Dialogue:
    """One command at a time and the lines that come back; keeps numbers apart, skips echoes.

    answered: what has come of an answer that is not closed yet, a reply or a refusal. beside: a
    complaint within an answer that came all the same, so it was about something else.
    """

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._number = 0
        self._sent = ""
        self._reply: re.Pattern[str] | None = None
        self._done: re.Pattern[str] | None = None
        self.answered: ArmReply | ArmRefusal | None = None
        self.beside: ArmRefusal | None = None
        self._error = re.compile(protocol.error)
        self._garbled = re.compile(protocol.garbled) if protocol.garbled else None
        self._banner = re.compile(protocol.banner) if protocol.banner else None
        self._chatter = re.compile(protocol.chatter) if protocol.chatter else None
        self._prefix = re.compile(protocol.number.reply) if protocol.number else None

    def ask(self, command: CommandTemplate, values: Mapping[str, str] | None = None) -> bytes:
        """Return the bytes of a command; from now on its reply is the one that counts."""
        text = command.send.format(**(values or {}))
        if self._protocol.number is not None:
            self._number = self._number % NUMBERS + 1
            text = self._protocol.number.send.format(n=self._number) + text
        self._sent = text
        self._reply = re.compile(command.reply) if command.reply else None
        done = self._protocol.closing(command)
        self._done, self.answered = re.compile(done) if done else None, None
        self.beside = None
        return (text + self._protocol.terminator).encode("ascii")

    def take(self, line: str) -> ArmLine | None:
        """Return what `line` means for the command in hand, None for one that is not known."""
        text, prompt = line.strip(), self._protocol.prompt.strip()
        while prompt and text.startswith(prompt):
            text = text.removeprefix(prompt).strip()
        if self._protocol.echo and text == self._sent.strip():
            self._sent = ""  # the answer may read the same
            return IgnoredLine(line)
        if self._banner is not None and self._banner.fullmatch(text):
            return ArmStarted(text)
        if self._chatter is not None and self._chatter.fullmatch(text):
            return IgnoredLine(line)
        # With numbers, an answer to an earlier command is known by its number and left out.
        if self._prefix is not None:
            number = self._prefix.match(text)
            if number is None or number["n"] != str(self._number):
                return None
            text = text[number.end() :].strip()
        heard = self._answer(text, line)
        if self._done is None:
            return heard
        if isinstance(heard, ArmReply) and isinstance(self.answered, ArmRefusal):
            self.beside, self.answered = self.answered, heard
        elif heard is not None and self.answered is None:
            self.answered = heard
        if self._done.fullmatch(text) is None:
            return None if heard is None else IgnoredLine(line)
        # A closing line before its report closes an earlier command's answer.
        if self.answered is None and self._reply is not None:
            return IgnoredLine(line)
        closed, self.answered = self.answered or ArmReply({}, line), None
        return closed

    def _answer(self, text: str, line: str) -> ArmReply | ArmRefusal | None:
        """Return what a line says to the command in hand, whether or not another closes it."""
        if self._reply is not None and (reply := self._reply.fullmatch(text)):
            return ArmReply({k: v for k, v in reply.groupdict().items() if v is not None}, line)
        if self._garbled is not None and self._garbled.fullmatch(text):
            return ArmRefusal(line, None, garbled=True)
        if refused := self._error.fullmatch(text):
            return ArmRefusal(line, refused.groupdict().get("code"), garbled=False)
        return None
