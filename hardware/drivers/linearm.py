"""Arms that take lines of text, each described in TOML: no code for another arm.

There is no watchdog in any such firmware known to us: when the program dies, the arm ends the
motion it was told to make and stands there, energised. So no command reaches further than
`limits.horizon_s` at the asked speed. On arms that cannot be interrupted the way is sent in pieces
of `slice_s`, one queued ahead at most: the first by the caller, the others by a thread that ends
with the way, with a hold, with the next move and with the program. A stop, and a killed program,
then leave two pieces of motion at most.

These lines carry no checksum. A damaged command that is still a command will be carried out; it is
noticed when the arm repeats the target it understood, or by reading the place back, and held,
reported as BadReply and sent again (targets are absolute). Replies: positions count when two
readings agree.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from functools import partial

from helmsight.hardware.drivers.linearm_talk import SHOWN, Conversation, NotClosed
from helmsight.hardware.drivers.linearm_way import Leg, full_speed, legs, rates
from helmsight.hardware.errors import (
    BadReply,
    CommandRefused,
    HardwareError,
    NoReply,
    SetupNeeded,
    WrongProtocol,
)
from helmsight.hardware.link import SLICE_S
from helmsight.hardware.robot import STANDSTILL, JointTargets, Mode, RobotState, Sent

HELLOS = 5  # hellos to a device that answers something else, before it counts as another one
LOOK_S = 0.01  # between two readings that tell a speed
SLOW = STANDSTILL / 4  # rad/s or m/s; a slow piece is motion, too
YIELD_S = 0.002
LEAD_S = 0.01  # a piece is queued this long before the one in hand ends
HOME_S = 60.0  # that the firmware's own homing may take
PATIENCE = 5  # horizons a way may take


class LineArm(Conversation):
    """A text-protocol arm. `device` in its description is a `wire.linearm.Protocol`.

    The device has no watchdog (`watchdog_s` is None). `Sent` tells the end of a way; of a way in
    pieces only the first is acknowledged by then. A later piece that fails ends the way, stands in
    the faults of the state and is raised by the next move.
    """

    @property
    def can_home(self) -> bool:
        """Whether the description has a `home` command."""
        return self.protocol.home is not None

    @property
    def ends_homing(self) -> bool:
        """Only a `hold` of the firmware's own ends a command that it is in the middle of."""
        return self.protocol.hold is not None

    def _send_home(self) -> None:
        assert self.protocol.home is not None  # can_home
        # What ends it on its way leaves the arm without a position: no move before it is homed.
        self._failed = SetupNeeded(
            f"{self.spec.name}: its homing was not finished, so it does not know where it stands: "
            "home it again"
        )
        self._ask(self.protocol.home, wait_s=HOME_S)
        self._failed = None

    # -- the contract -------------------------------------------------------------------------

    def _handshake(self) -> None:
        self._going.clear()
        self._lines.clear()
        self._pending.clear()
        if not self._connected:
            self._failed, self._greeted = None, False
        self._energised, self._tool, self._complaint = False, None, None
        self._overdue, seen = {"any"}, list[str]()
        # ends what noise or an earlier program left of a line
        self.link.write(self.protocol.terminator.encode("ascii"))
        restarted = self._greet(seen)
        for command in self.protocol.setup:
            self._session.retried(partial(self._tell, command))
        if restarted and self._greeted:
            raise self._restarted()
        self._greeted = True

    def _greet(self, seen: list[str]) -> bool:
        """Exchange hellos; return whether the device has just started."""
        patience = 0.0 if self._greeted else self.protocol.boot_s
        start, tries, restarts, refused = time.monotonic(), 0, 0, ""
        while restarts < HELLOS:
            tries += 1
            try:
                self._ask(self.protocol.hello, seen=seen)
                return restarts > 0
            except SetupNeeded as started:
                restarts, tries = restarts + 1, 0
                seen.append(str(started))
            except NotClosed as error:
                if tries >= HELLOS:
                    raise SetupNeeded(str(error)) from None
            except (NoReply, CommandRefused) as error:
                if isinstance(error, CommandRefused | BadReply):
                    refused = f"an error ({error})"  # it is there and says why not
                late = time.monotonic() - start > patience
                if tries >= HELLOS and (seen or late):
                    break
                if self._session.stop_pending():
                    raise NoReply(f"{self.spec.name}: a stop goes first") from error
            time.sleep(YIELD_S)  # what is refused is refused at once
        heard = " | ".join(repr(line[:60]) for line in seen[-SHOWN:]) or refused or "nothing"
        explanation = (
            f"{self.link.port}: asked {self.protocol.hello.send!r}, expected a line like "
            f"{self.protocol.hello.reply!r}, heard {heard}. Is this {self.spec.name}, and does it "
            f"talk at {self.spec.port.baud} baud?"
        )
        raise NoReply(explanation) if self._greeted else WrongProtocol(explanation)

    def _read_state(self) -> RobotState:
        place, velocities = self._look()
        moving = self._going.is_set() or any(abs(v) > SLOW for v in velocities)
        if self.protocol.answers == "always" and self.protocol.target == "queues":
            moving |= time.monotonic() < self._busy_until  # a piece whose end was not waited for
        faults = (self._complaint and self._complaint.line, self._failed and str(self._failed))
        return RobotState(
            stamp_s=time.monotonic(),
            positions=place,
            velocities=velocities,
            mode=Mode.moving if moving else Mode.ready,
            tool=self._tool,
            faults=tuple(fault for fault in faults if fault),
        )

    def _send(self, targets: JointTargets) -> Sent:
        self._going.clear()
        if not self._energised and self.protocol.energise is not None:
            self._tell(self.protocol.energise)
        self._energised = True
        here = self._after_what_is_queued()
        self._unburden()
        way, notes = legs(self.spec, self.protocol, here, targets)
        self._step(way[0])
        if targets.tool is not None and self.spec.tool.kind == "switch":
            self._switch(targets.tool)
        if len(way) > 1:
            self._going = threading.Event()
            self._going.set()
            work = partial(self._feed, way[1:], self._going)
            threading.Thread(target=work, name=f"{self.spec.name} way", daemon=True).start()
        end = self._scale.rounded(way[-1].place)
        seconds = sum(leg.seconds for leg in way)
        return Sent(end, seconds, self._tool, time.monotonic(), notes=notes)

    def _after_what_is_queued(self) -> tuple[float, ...]:
        """Return where the arm stands, once the motion in hand is nearly over.

        A controller that acknowledges what it has only planned would take target after target, and
        drive on for seconds after the last one, or after the program.

        Raises:
            NoReply: a stop goes first, or it still drives PATIENCE horizons later.
        """
        here, velocities = self._look()
        if self.protocol.target != "queues":
            return here
        latest = time.monotonic() + PATIENCE * self.spec.limits.horizon_s
        while (left := self._busy_until - LEAD_S - time.monotonic()) > 0.0 or (
            self._ahead(here) and any(abs(v) > SLOW for v in velocities)
        ):
            self._give_way()
            if time.monotonic() > latest:
                raise NoReply(f"{self.spec.name}: still under way to the target before this one")
            time.sleep(min(max(left, YIELD_S), SLICE_S))
            here, velocities = self._look()
        return here

    def _ahead(self, here: tuple[float, ...]) -> bool:
        """Return whether more than LEAD_S lies between `here` and the last target."""
        if self._last is None:
            return False
        speed = self._last.speed * self.protocol.speed_unit
        return math.dist(here, self._last.place) > speed * LEAD_S

    def _feed(self, way: list[Leg], going: threading.Event) -> None:
        """Send the other pieces of a way, each shortly before the one in hand ends."""
        latest = time.monotonic() + PATIENCE * self.spec.limits.horizon_s
        for leg in way:
            # The lock is not fair: without a pause this thread would take the bus again before
            # whoever waits for it.
            time.sleep(YIELD_S)
            while going.is_set() and (left := self._busy_until - LEAD_S - time.monotonic()) > 0.0:
                time.sleep(min(left, SLICE_S))
            with self._session.turn():
                try:
                    if not going.is_set() or self.is_stopped:
                        break
                    if time.monotonic() > latest:
                        raise NoReply(f"{self.spec.name}: too slow; the way was not finished")
                    self._session.retried(partial(self._step, leg))
                except HardwareError as error:
                    if not self._session.stop_pending():
                        self._failed = error
                    break
        going.clear()

    def _send_hold(self) -> None:
        """End motion: the firmware's own hold, else a new target here, else the end of the piece.

        An arm that queues would drive on to its target and then back: nothing is sent to it, and
        the end of the motion in hand is waited for.
        """
        self._going.clear()
        if self.protocol.hold is not None:
            unsure = bool(self._overdue and self.protocol.closing(self.protocol.hold))
            self._tell(self.protocol.hold)
            # the firmware has ended what was to take until then
            self._busy_until, self._last = 0.0, None
            if unsure:  # what closed its answer may have been another's: look, and hold once more
                self._look()
                self._tell(self.protocol.hold)
        elif self.protocol.target == "replaces":
            here, _ = self._look()
            self._step(Leg(here, full_speed(self.spec, self.protocol), 0.0))
        else:
            while time.monotonic() < self._busy_until:
                self._give_way()
                time.sleep(min(SLICE_S, max(0.0, self._busy_until - time.monotonic())))
            self._look()

    def _send_stop(self) -> None:
        """As a hold; where nothing can be sent, the reading that follows says whether it stands."""
        self._going.clear()
        if self.protocol.hold is not None or self.protocol.target == "replaces":
            self._send_hold()

    def _send_release(self) -> None:
        if self.protocol.release is not None:
            self._energised, self._last = False, None
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
        target = self._scale.rounded(leg.place)
        words["speed"] = f"{leg.speed:.{protocol.decimals}f}"
        # A piece that is queued begins when the one in hand ends.
        before = self._busy_until if protocol.target == "queues" else 0.0
        ends = max(before, time.monotonic()) + leg.seconds
        wait = ends - time.monotonic() if protocol.acknowledged == "end" else 0.0
        self._pending.append(target)
        self._last = leg
        try:
            groups = self._ask(protocol.move, words, wait_s=wait, target=target)
        finally:
            self._busy_until = ends  # unanswered or not, it may be on its way
        self._pending.clear()
        if protocol.acknowledged == "end":
            self._busy_until = 0.0
        else:
            self._busy_until = max(before, time.monotonic()) + leg.seconds
        self._understood(target, groups, leg)
        return target

    def _understood(self, target: tuple[float, ...], groups: Mapping[str, str], leg: Leg) -> None:
        """Compare the target that the arm understood with `asked`, where it tells one.

        Raises BadReply after a hold when they differ.
        """
        understood = self._scale.read(groups)
        if understood is None and self.protocol.destination is not None:
            understood = self._scale.read(self._ask(self.protocol.destination))
        if understood is None and "target_" in self.protocol.position.reply:
            understood = self._scale.read(self._ask(self.protocol.position), "target_")
        if understood is None and self.protocol.acknowledged == "end":
            understood, _ = self._look()
        if understood is None or self._scale.agree(target, understood, self.protocol.tolerance):
            return
        if self.protocol.acknowledged == "start":  # it is under way to there
            way_s = math.dist(target, understood) / (leg.speed * self.protocol.speed_unit)
            self._busy_until = time.monotonic() + leg.seconds + way_s
        try:
            self._send_hold()
        except HardwareError as error:
            raise BadReply(
                f"asked {target}, understood {understood}; and no hold: {error}"
            ) from None
        raise BadReply(f"asked for {target}, the arm understood {understood}; it was held")

    def _switch(self, on: bool) -> None:
        command = self.protocol.tool_on if on else self.protocol.tool_off
        assert command is not None  # the description was checked
        self._tell(command)
        self._tool = on

    def _unburden(self) -> None:
        """Raise what ended the last way, and what the arm complained of unasked."""
        if (failed := self._failed) is not None:
            if isinstance(failed, SetupNeeded):
                raise failed
            self._failed = None
            raise CommandRefused(f"the last motion was not finished: {failed}")
        if (complaint := self._complaint) is not None:
            # A stop button, a lost supply, a motor that stalled: no two arms say it alike, and who
            # pressed a button does not want the next move to go on.
            raise self._hold_at_machine(f"unasked it said {complaint.line!r}")

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
        return second, rates(self.spec, protocol, (first, second), took)

    def _place(self) -> tuple[float, ...]:
        return self._scale.read(self._ask(self.protocol.position)) or ()  # the groups were checked
