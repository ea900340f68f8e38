"""Requests to responses: whole messages in, whole frames out.

A client sends the same few requests again and again, byte for byte. So what a request means is
kept under its bytes, with its arguments read and its procedure bound; what is left of a call is to
make it and to write down what it returned.
"""

from __future__ import annotations

from collections.abc import Generator

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.errors import InvalidOperationException, MalformedMessage
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.procedure import PreparedCall
from helmsight.envs.orbital.krpc.types import Dialect
from helmsight.envs.orbital.krpc.values import parse
from helmsight.envs.orbital.krpc.wire import BYTE, MAX_RESPONSE, field, sized

KEPT = 4096  # prepared calls
KEPT_BYTES = 256  # longest request that is kept
MAX_CALLS = 1000  # in one request
# A Response of one result of up to 125 bytes, without the result: both lengths fit one byte each.
HEADS = tuple(BYTE[n + 2] + b"\x12" + BYTE[n] for n in range(126))

Waiting = Generator[None, None, bytes]


class Calls:
    """Answers the requests of all clients of one host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._kept: dict[Dialect, dict[bytes, PreparedCall]] = {dialect: {} for dialect in Dialect}

    def answer(self, request: bytes, caller: Caller) -> bytes | Waiting:
        """Return the frame that answers a request, or what will return it after some ticks."""
        self.host.enter(caller)
        prepared = self._kept[caller.dialect].get(request)
        if prepared is not None:  # nearly always: no message is parsed, one small one is written
            self.host.counts.rpcs += 1
            try:
                result = prepared.pack(prepared.run())
            except Exception as error:
                result = field(1, self.host.failure(error, prepared.name))
            if len(result) < 126:
                return HEADS[len(result)] + result
            return sized(field(2, self._bounded(result)))
        work = self._work(request, caller)
        try:
            next(work)
        except StopIteration as done:
            return bytes(done.value)
        except MalformedMessage as error:
            return self.refused(error)
        return work

    def _work(self, request: bytes, caller: Caller) -> Waiting:
        """Make the calls of a request one after the other; ticks come only where one waits.

        A call that fails has its error as its result, and the others are made all the same.
        """
        calls = parse(KRPC.Request, request).calls
        if len(calls) > MAX_CALLS:
            raise MalformedMessage(f"{len(calls)} calls in one request; the limit is {MAX_CALLS}")
        results: list[bytes] = []
        size = 0
        for call in calls:
            self.host.counts.rpcs += 1
            try:
                prepared = self.host.prepare(call, caller)
                if len(calls) == 1:
                    self._keep(request, caller.dialect, prepared)
                value = prepared.run()
                if prepared.waits:
                    value = yield from value
                result = self._bounded(prepared.pack(value), MAX_RESPONSE - size)
            except Exception as error:
                what = f"{call.service}.{call.procedure}"
                result = field(1, self.host.failure(error, what))
            size += len(result)
            results.append(field(2, result))
        return sized(b"".join(results))

    def resume(self, work: Waiting, caller: Caller) -> bytes | None:
        """Go on after a tick with what `answer` returned; return its frame once it is there."""
        self.host.enter(caller)
        try:
            next(work)
        except StopIteration as done:
            return bytes(done.value)
        return None

    def _keep(self, request: bytes, dialect: Dialect, prepared: PreparedCall) -> None:
        if prepared.repeatable and not prepared.waits and len(request) <= KEPT_BYTES:
            kept = self._kept[dialect]
            if len(kept) >= KEPT:
                kept.clear()
            kept[request] = prepared

    def refused(self, error: Exception) -> bytes:
        """Return the frame that answers a request which could not be read."""
        return sized(field(1, self.host.failure(error, "a request")))

    def _bounded(self, result: bytes, room: int = MAX_RESPONSE) -> bytes:
        """Return `result`, or the error that it does not fit into a response."""
        if len(result) <= room:
            return result
        error = InvalidOperationException(
            f"a result of {len(result)} bytes; a response holds {MAX_RESPONSE}: make fewer calls "
            "in one request"
        )
        return field(1, self.host.failure(error, "a call"))
