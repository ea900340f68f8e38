"""Streams: calls that are made after every tick; what changed is sent.

A result is compared with the last one as bytes, so that nothing needs to know how values of its
type compare. All that changed in a tick goes out in one message: a client that puts the values of
several streams together never mixes two ticks. Only one that asks for more than there is time for
in a tick gets the rest with the next one (`sharing`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.host import Host, key_of
from helmsight.envs.orbital.krpc.types import Code, Dialect
from helmsight.envs.orbital.krpc.wire import MAX_RESPONSE, field, sized, varint

LIMIT = 1000  # of one client
GRACE = 0.1
"""Wall seconds between the start of an event and its first update, for clients before 0.7.

They start an event while they hold its condition, and then want a lock that the thread which takes
updates holds while it wants the condition: an update in between would block both for good.
"""


@dataclass
class Stream:
    """One streamed call. `result` makes it and returns the ProcedureResult, None for nothing."""

    number: int
    result: Callable[[], bytes | None]
    event: bool = False
    started: bool = False
    waits: bool = False  # for GRACE to pass, from the next tick on
    period: float = 0.0  # wall seconds; 0: every tick
    due: float = 0.0
    last: bytes | None = None


class Streams:
    """The streams of one client, which `host` answers."""

    def __init__(self, caller: Caller, host: Host) -> None:
        self._caller = caller
        self._host = host
        self._streams: dict[int, Stream] = {}
        self._numbers: dict[bytes, int] = {}  # of calls, so that equal ones share a stream
        self._issued = 0
        self._left: list[Stream] = []  # of this round, the next one last
        self._now = 0.0  # when the round began, wall time, s
        self._changed: list[bytes] = []
        self._size = 0  # of these, bytes

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, call: KRPC.ProcedureCall, *, start: bool) -> int:
        """Add a call, or find it among those that are there; return its number.

        Raises:
            RemoteException: the call cannot be made, or not as a stream; it is too large; there are
                too many streams.
        """
        key = key_of(call)
        number = self._numbers.get(key)
        if number is None:
            prepared = self._host.prepare(call, self._caller)
            dialect = self._caller.dialect
            procedure = self._host.find(call.service, call.procedure, dialect)
            if procedure.result.code is Code.NONE:
                raise InvalidOperationException(
                    f"{call.service}.{call.procedure} returns nothing: there is nothing to stream"
                )
            if prepared.waits:
                raise InvalidOperationException(
                    f"{call.service}.{call.procedure} takes more than one tick: no stream has it"
                )
            number = self.follow(lambda: prepared.pack(prepared.run()))
            self._numbers[key] = number
        if start:
            self._streams[number].started = True
        return number

    def follow(self, result: Callable[[], bytes | None], *, event: bool = False) -> int:
        """Add a stream of what `result` returns; return its number. It is not started.

        event: what it returns is sent every time, changed or not.
        """
        if len(self._streams) >= LIMIT:
            raise InvalidOperationException(
                f"this client has {LIMIT} streams, the limit; remove those that it does not read"
            )
        self._issued += 1
        self._streams[self._issued] = Stream(self._issued, result, event)
        return self._issued

    def start(self, number: int) -> None:
        """Start a stream; its value is sent after the next tick, whatever was sent before."""
        stream = self._find(number)
        if stream is not None:
            stream.started, stream.last = True, None
            stream.waits = stream.event and self._caller.dialect is Dialect.LEGACY

    def set_rate(self, number: int, rate: float) -> None:
        """Send a stream at most `rate` times a second of the wall clock; 0: after every tick."""
        if not (math.isfinite(rate) and rate >= 0.0):
            raise ArgumentOutOfRangeException(f"rate {rate}: expected 0 or more, Hz")
        stream = self._find(number)
        if stream is not None:
            stream.period = 1.0 / rate if rate else 0.0

    def remove(self, number: int) -> None:
        """Remove a stream; nothing happens to one that ended already."""
        if self._find(number) is not None:
            del self._streams[number]
            self._numbers = {key: other for key, other in self._numbers.items() if other != number}

    def _find(self, number: int) -> Stream | None:
        if not 0 < number <= self._issued:
            raise ArgumentException(f"this client has no stream {number}")
        return self._streams.get(number)

    def update(self, now: float) -> bytes | None:
        """Return the frame with what changed by the wall time `now`, None if nothing did."""
        self.begin(now)
        self.go_on(math.inf)
        return self.told()

    def begin(self, now: float) -> None:
        """Begin a round at the wall time `now`; streams that the last one left out come first."""
        first = {stream.number for stream in self._left}
        streams = list(self._streams.values())
        # the next one is last: they are taken from there
        self._left = [s for s in reversed(streams) if s.number not in first] + [
            s for s in self._left if s.number in self._streams
        ]
        self._now, self._changed, self._size = now, [], 0

    def go_on(self, until: float) -> bool:
        """Make the calls of the round until `until` of time.perf_counter(); return whether it is
        over. One call at least is made.
        """
        self._host.enter(self._caller)
        while self._left:
            stream = self._left.pop()
            if stream.number in self._streams:
                self._make(stream)
                if time.perf_counter() > until:
                    break
        return not self._left

    def told(self) -> bytes | None:
        """Return the frame with what changed in this round so far, None if nothing did."""
        changed, self._changed = self._changed, []
        return sized(b"".join(changed)) if changed else None

    def _make(self, stream: Stream) -> None:
        """Make the call of a stream if it is due, and keep its result if that changed."""
        if stream.waits:
            stream.waits, stream.due = False, self._now + GRACE
        if not stream.started or self._now < stream.due or self._size > MAX_RESPONSE:
            return
        if stream.period:
            # From one due time to the next, not from now: ticks come every 20 ms and would
            # round the period up. One that fell behind does not make up for all it missed.
            stream.due = max(stream.due + stream.period, self._now)
        self._host.counts.streamed += 1
        try:
            result = stream.result()
        except Exception as error:
            result = self._failed(stream, error)
        if result is not None and (stream.event or result != stream.last):
            stream.last = result
            update = b"\x08" + varint(stream.number) + field(2, result)
            self._changed.append(field(1, update))
            self._size += len(update)

    def _failed(self, stream: Stream, error: Exception) -> bytes:
        """Return the result that tells of an error. From 0.7 on it is a stream's last one."""
        if self._caller.dialect is Dialect.MODERN:
            self.remove(stream.number)
        what = f"stream {stream.number}"
        return field(1, self._host.failure(error, what))
