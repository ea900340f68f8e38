"""The line to a text-protocol arm: one command at a time, and what is heard meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping

from helmsight.hardware.drivers.linearm_way import Leg, WireUnits, restart
from helmsight.hardware.errors import BadReply, CommandRefused, HardwareError, NoReply, SetupNeeded
from helmsight.hardware.framing import Lines
from helmsight.hardware.link import SLICE_S
from helmsight.hardware.robot import Robot
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire.linearm import (
    ArmRefusal,
    ArmReply,
    ArmStarted,
    CommandTemplate,
    Dialogue,
    IgnoredLine,
    protocol_of,
)

PATIENCE = 5  # deadlines a line may stay noisy
SHOWN = 5  # lines quoted in a message


class NotClosed(NoReply):
    """An answer came, the line that closes it did not. The run goes on."""


class Conversation(Robot):
    """Asks, waits, passes over late answers, notes complaints; `LineArm` says what to ask."""

    def __init__(self, spec: RobotSpec, port: str) -> None:
        super().__init__(spec, port)
        self.protocol = protocol_of(spec)
        self._scale = WireUnits(spec, self.protocol)
        self._dialogue = Dialogue(self.protocol)
        self._lines = Lines()
        self._overdue: set[str] = set()  # commands whose reply may still come
        self._pending: list[tuple[float, ...]] = []  # targets sent and not answered
        self._busy_until = 0.0
        self._last: Leg | None = None  # the last piece that was sent
        self._energised = False
        self._tool: bool | None = None
        self._complaint: ArmRefusal | None = None
        self._greeted = False
        self._going = threading.Event()  # replaced at every way; cleared: no more pieces
        self._failed: HardwareError | None = None  # what ended a way, told at the next move

    def _tell(self, command: CommandTemplate) -> None:
        """Send a command and wait for its reply; one that has none is sent twice, then looked at.

        An arm that says nothing can only be asked something else: a refusal would come first.
        """
        if command.reply or self.protocol.closing(command):
            self._ask(command)
            return
        for _ in range(2):
            self.link.write(self._dialogue.ask(command))
        self._ask(self.protocol.position)

    def _ask(
        self,
        command: CommandTemplate,
        values: Mapping[str, str] | None = None,
        *,
        wait_s: float = 0.0,
        target: tuple[float, ...] | None = None,
        seen: list[str] | None = None,
    ) -> Mapping[str, str]:
        """Send a command and return the groups of its reply.

        wait_s: how much longer than the line's deadline it may take. target: of a move, so that
        the reply to an earlier target is passed over. seen: where to note lines that mean nothing.
        """
        self._resynchronise(command)
        self._listen_off(command)
        self.link.write(self._dialogue.ask(command, values))
        if self.protocol.answers == "standing" or target is not None:
            wait_s = max(wait_s, self._busy_until - time.monotonic())
        if self._session.stops_here():
            # A stop asks again soon: it waits for the pieces that are queued and no longer.
            wait_s = min(wait_s, 2.0 * (self.protocol.slice_s or 0.0))
        heard: list[str] = []
        for line in self._within(wait_s + self.spec.port.reply_s):
            heard.append(line)
            reply = self._dialogue.take(line)
            if isinstance(reply, ArmReply):
                place = self._scale.read(reply.groups) if target is not None else None
                if place is not None and self._belated(place, target):
                    continue
                self._overdue.discard(command.send)
                self._complaint = self._dialogue.beside or self._complaint
                if self.protocol.closing(command) and self.protocol.tells_itself(command):
                    self._overdue.clear()  # answers come in order: nothing is owed any more
                return reply.groups
            if isinstance(reply, IgnoredLine):
                continue
            if reply is None:
                self.link.counters.bad_frames += 1
                if seen is not None:
                    seen.append(line)
                continue
            self._object(reply, command)
        waited = wait_s + self.spec.port.reply_s
        if isinstance(self._dialogue.answered, ArmRefusal):
            self._object(self._dialogue.answered, command)
        self._overdue.add(command.send)
        if self._dialogue.answered is not None:
            key = "done" if command.done is None else f"the command's done ({command.send})"
            raise NotClosed(
                f"{self.spec.place_of('device', 'done')}: {key}: no line like "
                f"{self.protocol.closing(command)!r} closed the answer to {command.send!r} within "
                f"{waited:.2f} s; heard {' | '.join(repr(line[:80]) for line in heard[-SHOWN:])}. "
                "Expected the line that ends every answer of this arm; where none does, leave it "
                'out (done = "")'
            )
        raise NoReply(f"{self.spec.name}: no answer to {command.send!r} within {waited:.2f} s")

    def _resynchronise(self, command: CommandTemplate) -> None:
        """Ask where the arm is before a command whose closing line an earlier one may still owe.

        All closing lines read the same. Answers come in order, so once a report that shows what it
        answers has come and is closed, nothing is owed any more. A hold is never kept waiting.
        """
        if not self._overdue or not self.protocol.closing(command):
            return
        if command is not self.protocol.hold and not self.protocol.tells_itself(command):
            self._ask(self.protocol.position)
            self._overdue.clear()

    def _object(self, heard: ArmRefusal | ArmStarted, command: CommandTemplate) -> None:
        self._overdue.add(command.send)  # the refusal may have been of an earlier line
        if isinstance(heard, ArmStarted):
            raise self._restarted()
        if heard.garbled:
            raise BadReply(f"{command.send!r} arrived damaged: the arm says {heard.line!r}")
        raise CommandRefused(f"{self.spec.name} refuses {command.send!r}: {heard.line}", heard.code)

    def _restarted(self) -> SetupNeeded:
        """Return what bars every move from now on, until it is homed or connected to anew."""
        self._energised, self._failed = False, SetupNeeded(restart(self.spec.name))
        return self._failed

    def _belated(self, place: tuple[float, ...], target: tuple[float, ...] | None) -> bool:
        """Return whether `told` answers an earlier target and not this one."""
        tolerance = self.protocol.tolerance
        if target is None or self._scale.agree(place, target, tolerance):
            return False
        return any(self._scale.agree(place, earlier, tolerance) for earlier in self._pending)

    def _within(self, seconds: float) -> Iterator[str]:
        """Yield lines for `seconds`; gives way to a stop from another thread."""
        deadline = self.link.now() + seconds
        while True:
            left = deadline - self.link.now()
            yield from self.link.frames(self._lines, min(max(left, 0.0), SLICE_S))
            if left <= 0.0:
                return
            self._give_way()

    def _give_way(self) -> None:
        if self._session.stop_pending():
            raise NoReply(f"{self.spec.name}: a stop goes first")

    def _listen_off(self, command: CommandTemplate) -> None:
        """Take in what came since the last command; wait out a reply that may still be coming.

        Without sequence numbers a late reply looks like a fresh one: after an unanswered command
        of the same kind the line must be quiet for a whole deadline first.
        """
        alike = self._overdue & {command.send, "any"}
        if self.protocol.closing(command) and command is not self.protocol.hold:
            alike = self._overdue  # all answers are closed alike
        late = self.protocol.number is None and bool(alike)
        deadline = self.spec.port.reply_s
        quiet = time.monotonic() + (deadline if late else 0.0)  # when it has been quiet for long
        patience = quiet + PATIENCE * deadline  # with a line that is never quiet
        while True:
            left = max(0.0, min(quiet, patience) - time.monotonic())
            data = self.link.read(min(left, SLICE_S))
            for line in self._lines.feed(data):
                self._overhear(line)
            if data and late:
                quiet = time.monotonic() + deadline
            if left <= 0.0 and (not data or time.monotonic() > patience):
                break
        self._overdue -= {command.send, "any"}
        self._lines.clear()

    def _overhear(self, line: str) -> None:
        """Note a line that answers nothing: a motion that ended early, a restart."""
        heard: object = self._dialogue.take(line)
        if isinstance(self._dialogue.answered, ArmRefusal):  # one that nothing has closed yet
            heard = self._dialogue.answered
        if isinstance(heard, ArmStarted) and self._greeted and self._connected:
            raise self._restarted()
        if isinstance(heard, ArmRefusal) and not heard.garbled:
            self._complaint = heard
