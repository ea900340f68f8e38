"""Arms that take lines of text, each described in TOML: no code for another arm.

There is no watchdog in any such firmware known to us: when the program dies, the arm ends the
motion it was told to make and stands there, energised. So no command reaches further than
`limits.horizon_s` at the asked speed, and on arms that cannot be interrupted the way is sent in
pieces of `slice_s`, one queued ahead at most; a stop then waits for two pieces at most.

These lines carry no checksum. A damaged command that is still a command will be carried out; it is
noticed when the arm repeats the target it understood, or by reading the place back, and held,
reported as BadReply and sent again (targets are absolute). Replies: positions count when two
readings agree.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial

from hardware.drivers.linearm_way import Leg, Scale, legs
from hardware.errors import (
    BadReply,
    CommandRefused,
    HardwareError,
    NoReply,
    SetupNeeded,
    WrongProtocol,
)
from hardware.framing import Lines
from hardware.link import SLICE_S
from hardware.robot import STANDSTILL, JointTargets, Mode, Robot, RobotState, Sent
from hardware.spec import RobotSpec
from hardware.wire.linearm import (
    Answer,
    Command,
    Dialogue,
    Refusal,
    Started,
    protocol_of,
)

HELLOS = 5  # hellos to a device that answers something else, before it counts as another one
LOOK_S = 0.01  # between two readings that tell a speed
PATIENCE = 5  # deadlines
SHOWN = 5  # lines quoted in a message


class LineArm(Robot):
    """A text-protocol arm. `device` in its description is `hardware.wire.linearm.Protocol`.

    The device has no watchdog (`watchdog_s` is None).
    """

    def __init__(self, spec: RobotSpec, port: str) -> None:
        super().__init__(spec, port)
        self.protocol = protocol_of(spec)
        self._scale = Scale(spec, self.protocol)
        self._dialogue = Dialogue(self.protocol)
        self._lines = Lines()
        self._overdue: set[str] = set()  # commands whose reply may still come
        self._pending: list[tuple[float, ...]] = []  # targets sent and not answered
        self._busy_until = 0.0
        self._energised = False
        self._tool: bool | None = None
        self._complaint: Refusal | None = None
        self._greeted = False

    def home(self, within_s: float = 60.0) -> RobotState:
        """Run the firmware's homing: it MOVES to its switches. Return the state afterwards.

        Raises:
            SetupNeeded: the description has no `home` command. NoReply: not done in time.
        """
        with self._turn():
            self._usable()
            if self.protocol.home is None:
                raise SetupNeeded(f"{self.spec.name}: the description has no [device.home]")
            self._ask(self.protocol.home, wait_s=within_s)
            return self.state()

    # -- the contract -------------------------------------------------------------------------

    def _handshake(self) -> None:
        self._lines.clear()
        self._dialogue = Dialogue(self.protocol)
        self._energised, self._tool, self._complaint = False, None, None
        self._overdue, seen = {"any"}, list[str]()
        # ends what noise or an earlier program left of a line
        self.link.write(self.protocol.terminator.encode("ascii"))
        restarted = self._greet(seen)
        for command in self.protocol.setup:
            self._retried(partial(self._tell, command))
        if restarted and self._greeted:
            self._pending.clear()
            raise SetupNeeded(_restarted(self.spec.name))
        self._greeted = True

    def _greet(self, seen: list[str]) -> bool:
        """Exchange hellos; return whether the device has just started."""
        patience = 0.0 if self._greeted else self.protocol.boot_s
        start, tries, restarted = time.monotonic(), 0, False
        while True:
            tries += 1
            try:
                self._ask(self.protocol.hello, seen=seen)
                return restarted
            except SetupNeeded:
                restarted, tries = True, 0
            except (NoReply, CommandRefused):
                late = time.monotonic() - start > patience
                if tries >= HELLOS and (seen or late):
                    break
        heard = " | ".join(repr(line[:60]) for line in seen[-SHOWN:]) or "nothing"
        told = (
            f"{self.link.port}: asked {self.protocol.hello.send!r}, expected a line like "
            f"{self.protocol.hello.reply!r}, heard {heard}. Is this {self.spec.name}, and does it "
            f"talk at {self.spec.port.baud} baud?"
        )
        raise NoReply(told) if self._greeted else WrongProtocol(told)

    def _read_state(self) -> RobotState:
        place, rates = self._look()
        moving = any(abs(rate) > STANDSTILL for rate in rates)
        faults = (self._complaint.line,) if self._complaint else ()
        return RobotState(
            stamp_s=time.monotonic(),
            positions=place,
            velocities=rates,
            mode=Mode.moving if moving else Mode.ready,
            tool=self._tool,
            faults=faults,
        )

    def _send(self, targets: JointTargets) -> Sent:
        if not self._energised and self.protocol.energise is not None:
            self._tell(self.protocol.energise)
        self._energised = True
        here, _ = self._look()
        self._unburden()
        way, notes = legs(self.spec, self.protocol, here, targets)
        sent = here
        for leg in way:
            sent = self._step(leg)
        if targets.tool is not None and self.spec.tool.kind == "switch":
            self._switch(targets.tool)
        seconds = sum(leg.seconds for leg in way)
        return Sent(sent, seconds, self._tool, time.monotonic(), notes=notes)

    def _send_hold(self) -> None:
        """End motion: the firmware's own hold, else a new target here, else the end of the piece.

        An arm that queues would drive on to its target and then back: nothing is sent to it, and
        the end of the motion in hand is waited for.
        """
        if self.protocol.hold is not None:
            self._tell(self.protocol.hold)
        elif self.protocol.target == "replaces":
            here, _ = self._look()
            slowest = max(self.protocol.speed_least, self._full_speed())
            self._step(Leg(here, slowest, 0.0))
        else:
            while time.monotonic() < self._busy_until:
                time.sleep(min(SLICE_S, max(0.0, self._busy_until - time.monotonic())))
            self._look()

    _send_stop = _send_hold

    def _send_release(self) -> None:
        if self.protocol.release is not None:
            self._energised = False
            self._tell(self.protocol.release)

    def _send_reset(self) -> None:
        self._complaint = None
        if self.protocol.reset is not None:
            self._tell(self.protocol.reset)

    # -- one command ----------------------------------------------------------------------------

    def _step(self, leg: Leg) -> tuple[float, ...]:
        """Send one target and see that it was understood. Return it as it was sent."""
        protocol = self.protocol
        words = self._scale.words(leg.place)
        asked = self._scale.read(words)
        assert asked is not None
        words["speed"] = f"{leg.speed:.{protocol.decimals}f}"
        ends = max(self._busy_until, time.monotonic()) + leg.seconds
        wait = ends - time.monotonic() if protocol.acknowledged == "end" else 0.0
        self._pending.append(asked)
        try:
            groups = self._ask(protocol.move, words, wait_s=wait, target=asked)
        finally:
            self._busy_until = ends  # unanswered or not, it may be on its way
        self._pending.clear()
        if protocol.acknowledged == "end":
            self._busy_until = 0.0
        else:
            self._busy_until = time.monotonic() + leg.seconds
        self._understood(asked, groups)
        return asked

    def _understood(self, asked: tuple[float, ...], groups: Mapping[str, str]) -> None:
        """Compare the target that the arm understood with `asked`, where it tells one.

        Raises BadReply after a hold when they differ.
        """
        told = self._scale.read(groups)
        if told is None and "target_" in self.protocol.position.reply:
            told = self._scale.read(self._ask(self.protocol.position), "target_")
        if told is None and self.protocol.acknowledged == "end":
            told, _ = self._look()
        if told is None or self._scale.agree(asked, told, self.protocol.tolerance):
            return
        try:
            self._send_hold()
        except HardwareError as error:
            raise BadReply(f"asked {asked}, understood {told}; and no hold: {error}") from None
        raise BadReply(f"asked for {asked}, the arm understood {told}; it was held")

    def _switch(self, on: bool) -> None:
        command = self.protocol.tool_on if on else self.protocol.tool_off
        assert command is not None  # the description was checked
        self._tell(command)
        self._tool = on

    def _tell(self, command: Command) -> None:
        """Send a command and wait for its reply; one that has none is sent twice, then looked at.

        An arm that says nothing can only be asked something else: a refusal would come first.
        """
        if command.reply:
            self._ask(command)
            return
        for _ in range(2):
            self.link.write(self._dialogue.ask(command))
        self._ask(self.protocol.position)

    def _unburden(self) -> None:
        """Raise what the arm complained of since the last command."""
        if (heard := self._complaint) is not None:
            self._complaint = None
            raise CommandRefused(f"the last motion ended early: {heard.line!r}", heard.code)

    def _look(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return position and velocity out of two readings that agree."""
        protocol = self.protocol
        still = protocol.answers == "standing"
        first = self._place()
        began = time.monotonic()
        if not still:
            time.sleep(LOOK_S)
        second = self._place()
        took = max(time.monotonic() - began, LOOK_S)
        changes = [b - a for a, b in zip(first, second, strict=True)]
        for joint, change, unit in zip(self.spec.joint, changes, self._scale.units, strict=True):
            way = 0.0 if still else 2.0 * joint.speed * protocol.peak * took
            if abs(change) > way + protocol.tolerance * unit:
                raise BadReply(
                    f"{joint.name}: two readings {took * 1000:.0f} ms apart differ by {change:g}"
                )
        return second, tuple(0.0 if still else change / took for change in changes)

    def _place(self) -> tuple[float, ...]:
        place = self._scale.read(self._ask(self.protocol.position))
        assert place is not None  # the description was checked
        return place

    def _ask(
        self,
        command: Command,
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
        self._listen_off(command)
        self.link.write(self._dialogue.ask(command, values))
        if self.protocol.answers == "standing" or target is not None:
            wait_s = max(wait_s, self._busy_until - time.monotonic())
        for line in self._within(wait_s + self.spec.port.reply_s):
            heard = self._dialogue.take(line)
            if isinstance(heard, Answer):
                told = self._scale.read(heard.groups) if target is not None else None
                if told is not None and self._belated(told, target):
                    continue
                self._overdue.discard(command.send)
                return heard.groups
            if heard is None:
                self.link.counters.bad_frames += 1
                if seen is not None:
                    seen.append(line)
                continue
            self._object(heard, command)
        self._overdue.add(command.send)
        raise NoReply(
            f"{self.spec.name}: no answer to {command.send!r} within "
            f"{wait_s + self.spec.port.reply_s:.2f} s"
        )

    def _object(self, heard: Refusal | Started, command: Command) -> None:
        self._overdue.add(command.send)  # the refusal may have been of an earlier line
        if isinstance(heard, Started):
            self._energised = False
            raise SetupNeeded(_restarted(self.spec.name))
        if heard.garbled:
            raise BadReply(f"{command.send!r} arrived damaged: the arm says {heard.line!r}")
        raise CommandRefused(f"{self.spec.name} refuses {command.send!r}: {heard.line}", heard.code)

    def _belated(self, told: tuple[float, ...], target: tuple[float, ...] | None) -> bool:
        """Return whether `told` answers an earlier target and not this one."""
        tolerance = self.protocol.tolerance
        if target is None or self._scale.agree(told, target, tolerance):
            return False
        return any(self._scale.agree(told, one, tolerance) for one in self._pending)

    def _within(self, seconds: float) -> Iterator[str]:
        """Yield lines for `seconds`; gives way to a stop from another thread."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0.0:
            yield from self.link.frames(self._lines, min(left, SLICE_S))
            if not self._calm.is_set() and self._stopper != threading.get_ident():
                raise NoReply(f"{self.spec.name}: a stop goes first")

    def _listen_off(self, command: Command) -> None:
        """Take in what came since the last command; wait out a reply that may still be coming.

        Without sequence numbers a late reply looks like a fresh one: after an unanswered command
        of the same kind the line must be quiet for a whole deadline first.
        """
        late = self.protocol.number is None and bool(self._overdue & {command.send, "any"})
        deadline = self.spec.port.reply_s
        quiet = time.monotonic() + (deadline if late else 0.0)
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
        heard = self._dialogue.take(line)
        if isinstance(heard, Started) and self._greeted and self._connected:
            self._energised = False
            raise SetupNeeded(_restarted(self.spec.name))
        if isinstance(heard, Refusal) and not heard.garbled:
            self._complaint = heard

    def _full_speed(self) -> float:
        slowest = min(joint.speed for joint in self.spec.joint)
        return slowest / self.protocol.peak / self.protocol.speed_unit


def _restarted(name: str) -> str:
    return (
        f"{name} has restarted: it no longer knows where it stands. Put it at its start pose or "
        "home it (LineArm.home), then connect again"
    )
