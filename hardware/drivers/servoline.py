"""A line of servos, spoken to through the vendor's SDK, with nothing late taken for fresh.

The vendor SDKs make and check the packets. They have no request numbers, and their own ports wait
with a spinning clock, leak `termios.error` and keep what arrived late; `SdkPort` does not. A late
answer can still arrive after the next question: questions that follow a failed one therefore ask
for one to three bytes more, so an answer shows by its length which question it belongs to.
Half-duplex adapters may give back what was sent before the answer: that is taken off here, because
the SDK for protocol 0 takes a question to one servo for the servo's answer.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from helmsight.hardware.bus_session import ATTEMPTS
from helmsight.hardware.errors import BadReply, NoReply, SetupNeeded, WrongProtocol
from helmsight.hardware.link import SLICE_S, SerialLink
from helmsight.hardware.wire.registers import Register

SUCCESS = 0  # of both SDKs
LENGTHS = 4  # questions that can be told apart by the length of their answers
QUIET_S, DRAIN_S = 0.002, 0.02  # after a failure: silence to wait for, and for how long at most
PATIENCE = 6  # times the time for an answer, while parts of it keep coming (USB adapters: 16 ms)


class SdkPort:
    """The vendor SDKs' port handler, over a SerialLink. Raises LinkLost, and nothing else.

    seen: what has arrived since the last question, for messages. echoed: whether the line gave that
    question back.
    """

    def __init__(self, link: SerialLink, reply_s: float) -> None:
        self.is_using = False  # the SDKs' own lock
        self._link = link
        self._reply_s = reply_s
        self._buffer = bytearray()
        self._deadline = self._latest = 0.0
        self._last_look = False  # whether it was read after all patience was over
        self._looked = -math.inf  # when it was looked last
        self._echo = self._begun = b""  # what may come back, and the part of it that has
        self.seen = b""
        self.echoed = False

    def clearPort(self) -> None:  # noqa: N802 - the SDKs' name, as those below
        """Throw away what has arrived; the SDKs call it before every question."""
        self._buffer.clear()
        self._begun = self.seen = b""
        self._link.flush_input()

    def drain(self) -> None:
        """Wait until the line is quiet, and throw away what came."""
        end = time.monotonic() + DRAIN_S
        while self._link.read(QUIET_S) and time.monotonic() < end:
            pass
        self._buffer.clear()
        self._begun = b""

    def readPort(self, length: int) -> bytes:  # noqa: N802
        """Return up to `length` bytes; waits for the first one for a slice of time.

        Once the time is over, what has come by then is looked at and nothing after it: a line that
        never falls silent would keep the SDKs looking for a packet in it.
        """
        if length <= 0:
            return b""
        if not self._buffer and not self._last_look:
            now = self._looked = self._link.now()
            self._last_look = now >= self._latest
            if arrived := self._link.read(max(0.0, min(self._deadline - now, SLICE_S))):
                self._take(arrived)
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _take(self, arrived: bytes) -> None:
        """Keep what arrived, less the echo of what was sent, and wait on for what follows it."""
        more = self._link.now() + self._reply_s
        self._deadline = max(self._deadline, min(more, self._latest))
        self.seen = (self.seen + arrived)[-512:]
        # Half-duplex adapters give back what was sent. As long as what came is the beginning of
        # that, nobody knows whether it is an echo or an answer: it is kept apart until it differs.
        self._begun += arrived
        if self._echo.startswith(self._begun) and self._begun != self._echo:
            return
        self.echoed = bool(self._echo) and self._begun.startswith(self._echo)
        self._buffer += self._begun.removeprefix(self._echo)
        self._begun = self._echo = b""

    def writePort(self, packet: Sequence[int]) -> int:  # noqa: N802
        """Send a packet; return its length."""
        self._echo, self.echoed = bytes(packet), False
        self._link.write(self._echo)
        return len(packet)

    def setPacketTimeout(self, length: int) -> None:  # noqa: N802
        """Wait from now on for `length` bytes and the servos' own time."""
        self.setPacketTimeoutMillis(10_000.0 * length / self._link.baud + self._reply_s * 1e3)

    def setPacketTimeoutMillis(self, ms: float) -> None:  # noqa: N802
        """Wait from now on for so many milliseconds."""
        start = self._link.now()
        self._deadline, self._latest = start + ms / 1e3, start + PATIENCE * ms / 1e3
        self._last_look, self._looked = False, -math.inf

    def isPacketTimeout(self) -> bool:  # noqa: N802
        """Whether the time was over when it was last looked for an answer.

        A thread that was kept from looking has not heard that there is none.
        """
        return self._looked >= self._deadline

    def getBaudRate(self) -> int:  # noqa: N802
        """Bits a second."""
        return self._link.baud


class Sdk(ABC):
    """What differs between the vendors' packet handlers.

    speaks: the protocol's name. muted: what a servo is that answers pings and no reads.
    """

    speaks: str
    muted: str = ""
    handler: Any

    def answers_ping(self, port: SdkPort, id_: int) -> bool:
        """Return whether a servo that answers no reads answers a ping; False where all read."""
        return False

    @abstractmethod
    def ask_all(self, port: SdkPort, address: int, length: int, ids: Sequence[int]) -> int:
        """Send a sync read; return the SDK's result."""

    @abstractmethod
    def next_status(self, port: SdkPort) -> tuple[int, int, bytes, int]:
        """Return id, error, data and the SDK's result of the next status packet."""


class ServoLine:
    """Reads and writes registers of servos. names: joints by servo number, in the bus's order."""

    def __init__(
        self, link: SerialLink, reply_s: float, sdk: Sdk, names: Mapping[int, str]
    ) -> None:
        self.link = link
        self.names = dict(names)
        self.ids = list(names)
        self._reply_s = reply_s
        self._sdk = sdk
        self._port = SdkPort(link, reply_s)
        self._question = 0

    def read_all(self, address: int, length: int) -> dict[int, tuple[int, bytes]]:
        """Return error and data of every servo that answered whole, in one round trip."""
        # An answer says neither which question it belongs to nor whether it is late. After a failed
        # question the next ones ask for one to three bytes more, so that its late answers have
        # another length and are left out.
        requested = length + self._question
        answers: dict[int, tuple[int, bytes]] = {}
        with self._exchange():
            result = self._sdk.ask_all(self._port, address, requested, self.ids)
            while result == SUCCESS and len(answers) < len(self.ids):
                id_, error, data, result = self._sdk.next_status(self._port)
                if result != SUCCESS:
                    if self._port.isPacketTimeout():
                        self._port.drain()
                        break
                    self.link.counters.bad_frames += 1
                    result = SUCCESS  # damaged: the others' may follow
                    continue
                if id_ not in self.ids or len(data) != requested:
                    self.link.counters.bad_frames += 1  # of an earlier question
                    if self._port.isPacketTimeout():  # strangers that never end
                        break
                    continue
                self.link.counters.frames_in += 1
                answers[id_] = (error, data[:length])
                if id_ == self.ids[-1]:
                    break  # they answer in this order
        if len(answers) < len(self.ids):
            self._question = (self._question + 1) % LENGTHS
        return answers

    def read_each(self, address: int, length: int) -> list[bytes]:
        """Return the data of every servo, asking again as often as `hardware.robot` does."""
        for _ in range(ATTEMPTS):
            answers = self.read_all(address, length)
            if len(answers) == len(self.ids):
                break
        self.demand(answers, self.ids)
        return [answers[id_][1] for id_ in self.ids]

    def write_all(self, address: int, data: Mapping[int, bytes]) -> None:
        """Send one packet that writes to several servos; nobody answers."""
        parameters = [byte for id_, part in data.items() for byte in (id_, *part)]
        length = len(next(iter(data.values())))
        with self._exchange():
            self._sdk.handler.syncWriteTxOnly(
                self._port, address, length, parameters, len(parameters)
            )

    def write(self, id_: int, register: Register, value: int) -> bool:
        """Write one register of one servo; return whether it acknowledged."""
        data = list(register.encode(value))
        with self._exchange():
            result, _ = self._sdk.handler.writeTxRx(
                self._port, id_, register.address, len(data), data
            )
        if result != SUCCESS:
            self._port.drain()
        return bool(result == SUCCESS)

    def reboot(self, id_: int) -> None:
        """Restart a servo, where the SDK can."""
        with self._exchange():
            self._sdk.handler.reboot(self._port, id_)

    def models(self, register: Register) -> dict[int, int]:
        """Return every servo's model number, read from `register`.

        It is read, not asked for by a ping: the SDKs trip over answers to a ping that are too
        short, and a ping that comes back is the same as an answer that tells of low voltage.

        Raises:
            WrongProtocol: none answered. SetupNeeded: some did not, or none answered but pings.
        """
        models: dict[int, int] = {}
        heard, echoed = b"", False
        for _ in range(ATTEMPTS):
            for id_ in self.ids:
                if id_ not in models:
                    with self._exchange():
                        data, result, _ = self._sdk.handler.readTxRx(
                            self._port, id_, register.address, register.size
                        )
                    heard = heard or self._port.seen
                    echoed = echoed or self._port.echoed
                    if result == SUCCESS and len(data) == register.size:
                        models[id_] = register.decode(bytes(data))
                    else:
                        self._port.drain()
        missing = [id_ for id_ in self.ids if id_ not in models]
        muted = [id_ for id_ in missing if self._answers_ping(id_)]
        if muted:
            raise SetupNeeded(f"{self.named(muted)} did not answer: {self._sdk.muted}")
        if not models:
            raise WrongProtocol(
                f"{self.link.port} at {self.link.baud} baud: no servo answered by "
                f"{self._sdk.speaks} (asked {self.named(self.ids)}); heard {_shown(heard)}"
                f"{', the echo of the question' if echoed else ''}. {_why_none(heard, echoed)}"
            )
        if missing:
            raise SetupNeeded(
                f"{self.named(missing)} did not answer, {self.named(list(models))} did on the same "
                "line, so baud and adapter are right: look at the cable to it, and at its number"
            )
        return models

    def _answers_ping(self, id_: int) -> bool:
        with self._exchange():
            answered = self._sdk.answers_ping(self._port, id_)
        if not answered:
            self._port.drain()
        return answered

    def demand(self, answers: Mapping[int, object], ids: Sequence[int]) -> None:
        """Raise NoReply or BadReply unless every one of `ids` was found."""
        missing = [id_ for id_ in ids if id_ not in answers]
        if missing:
            seen = self._port.seen
            text = f"{self.named(missing)} gave no whole answer within {self._reply_s:g} s"
            if answers:
                raise NoReply(
                    f"{text}; {self.named(list(answers))} did: is the cable to it in, its power on?"
                )
            if not seen:
                raise NoReply(f"{text}; nothing came back at all: is the supply of the servos on?")
            raise BadReply(f"{text}; heard {seen[:24].hex(' ')}")

    def named(self, ids: Sequence[int]) -> str:
        """Return servos by number and joint."""
        names = [f"{id_} ({self.names[id_]})" for id_ in ids]
        return f"servo{'s' if len(ids) > 1 else ''} {', '.join(names)}"

    @contextmanager
    def _exchange(self) -> Iterator[None]:
        """Never leave the SDK's lock closed: an exception would keep the port in use for ever."""
        try:
            yield
        finally:
            self._port.is_using = False


def _why_none(heard: bytes, echoed: bool) -> str:
    """Return what to look at when no servo answered, from what was heard instead."""
    if not heard:
        return "Is the servos' own supply on, and the adapter's cable to them in?"
    if echoed:
        return "The adapter sends: is the servos' own supply on, the baud right?"
    return "Something is there: is the baud right, and is it this robot?"


def _shown(heard: bytes) -> str:
    if not heard:
        return "nothing"
    text = heard[:24].hex(" ")
    if all(32 <= byte < 127 or byte in b"\r\n\t" for byte in heard):
        return f"text, {text} ({heard[:24]!r}): a G-code or line-protocol controller"
    if heard.startswith(b"\xff\xff\xfd\x00"):
        return f"{text}, which is Dynamixel protocol 2"
    return text
