"""The line to a grbl: realtime bytes at any time, one line at a time, replies sorted by kind.

A line is answered by exactly one `ok` or `error`. Senders of whole programs keep the controller's
receive buffer full and count characters; a jog is one short line, so this driver sends the next
line when the one before is answered, and the buffer cannot overflow. Realtime bytes are taken out
of the stream before the buffer, so they never wait.

A jog that is taken in while an earlier one brakes for a cancel begins when that one stands, from a
line that grbl was in the middle of as well as from one in its buffer; holds that come meanwhile are
forgotten. So what ends motion waits until the last line is taken in (`end_motion`), and no jog is
sent once the robot is to stop.

There is no checksum and no number on an
answer: after a lost one, `resync` finds the place again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from helmsight.hardware.drivers.grbl_lists import WHOLE_S, BoardLists
from helmsight.hardware.errors import BadReply, CommandRefused, NoReply, RobotStopped
from helmsight.hardware.framing import Lines, printable
from helmsight.hardware.link import SerialLink
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import GrblAlarm, alarm, refusal
from helmsight.hardware.wire.grbl_report import StatusReport

SLICE_S = 0.005
WATCH_S = 0.003  # between two questions of `ask_watching`
ASKED = 3  # status queries within one deadline: they cost nothing and change nothing
BITS = 10  # on the line, a byte
TAKEN_S = 0.01  # after its last byte a line is taken in: two to four ms on an ATmega328P
LOOK_S = 0.0005  # between two looks whether its answer has come before that
KEPT = 64  # replies kept at most that nobody asked for


class GrblChannel:
    """One controller on one link.

    reply_s: seconds without an answer until it counts as lost. stop_pending: True when a stop
    waits; every wait ends then, with NoReply. stopped: True when nothing may move. room: bytes that
    the receive buffer takes. alarm: the last alarm number that came unasked, and `alarm_s` when
    (time.monotonic()); whoever deals with it sets it to None. lists: what the board says of its
    numbers.
    """

    def __init__(
        self,
        link: SerialLink,
        reply_s: float,
        stop_pending: Callable[[], bool],
        stopped: Callable[[], bool],
    ) -> None:
        self.link = link
        self.reply_s = reply_s
        self.room = wire.RX_BUFFER
        self.banner: wire.Banner | None = None
        self.messages: deque[str] = deque(maxlen=KEPT)
        self.seen = bytearray()  # the first bytes since `clear`, for who asks what answered
        self._stop_pending, self._stopped = stop_pending, stopped
        # Reentrant: a signal handler may end motion in the middle of a line of its own thread.
        self._gate = threading.RLock()
        self._taken_s = 0.0  # when the last line is taken in
        self.alarm: int | None = None
        self.alarm_s = 0.0
        self._alarms = self._banners = 0
        self.lists = BoardLists()
        self._cancels = self._outlived = 0  # jog cancels sent, and after how many a line was taken
        self._watching, self._watched_s = False, 0.0
        self._report_owed = False  # a query was sent and its report may still come
        self._lines = Lines()
        self._reports: deque[StatusReport] = deque(maxlen=KEPT)
        self._answers: deque[wire.Ok | wire.ErrorReply] = deque(maxlen=KEPT)
        self._printed: deque[wire.Printed] = deque(maxlen=4 * KEPT)
        self._answered_s = 0.0
        # An answer may be missing or still to come: the next `ok` could be of any line.
        self._lost = True
        self._marker, self._marked = "", True  # what `resync` waits for, and whether it came

    def clear(self) -> None:
        """Forget everything that was heard: after opening and after a reset."""
        self._lines.clear()
        for queue in (self._reports, self._answers, self._printed, self.messages):
            queue.clear()
        self.seen.clear()
        self.banner, self._lost, self._outlived = None, True, self._cancels

    # -- out ------------------------------------------------------------------------------------

    def realtime(self, command: bytes) -> None:
        """Send realtime bytes now, whatever is on its way. Safe from any thread."""
        self._cancels += command.count(wire.JOG_CANCEL)
        self.link.write(command)

    def end_motion(self, command: bytes) -> None:
        """Send realtime bytes that end a jog, once no line is on its way that would begin another.

        For whoever has said that the robot is stopped. Takes some milliseconds at most, and only
        right after a line: until its answer, which another thread hears, or its time is over.
        Safe from any thread, and in a signal handler.
        """
        while True:
            with self._gate:
                wait_s = self._taken_s - time.monotonic()
            if wait_s <= 0.0:
                break
            time.sleep(min(wait_s, LOOK_S))
        self.realtime(command)

    def _send_line(self, line: str) -> None:
        """Send a line.

        Raises:
            CommandRefused: not printable ASCII or too long; nothing was sent.
            RobotStopped: a jog, and nothing may move any more; nothing was sent.
        """
        data = line.encode("ascii", "replace") + b"\n"
        if not printable(line.encode("utf-8")) or len(data) > min(wire.LINE_LIMIT, self.room):
            raise CommandRefused(
                f"{line[:80]!r} was not sent: expected printable ASCII, "
                f"{wire.LINE_LIMIT - 1} characters at most"
            )
        with self._gate:
            if self._stopped() and line.startswith(wire.JOG):
                raise RobotStopped(f"{self.link.port} was stopped meanwhile: nothing was sent")
            self.link.write(data)
            self._taken_s = time.monotonic() + BITS * len(data) / self.link.baud + TAKEN_S

    # -- in -------------------------------------------------------------------------------------

    def hear(self, within_s: float = 0.0) -> None:
        """Sort what arrives, for `within_s` seconds at most until the first of it."""
        data = self.link.read(within_s)
        if len(self.seen) < 256:
            self.seen += data[: 256 - len(self.seen)]
        for line in self._lines.feed(data):
            self.link.counters.frames_in += 1
            try:
                self._sort(wire.parse(line))
            except BadReply:
                self.link.counters.bad_frames += 1

    def _sort(self, reply: wire.Reply) -> None:
        if isinstance(reply, StatusReport):
            self._reports.append(reply)
        elif isinstance(reply, wire.Ok | wire.ErrorReply):
            self._answers.append(reply)
            self._answered_s = time.monotonic()
            if not self._lost:  # else it may be of an earlier line
                self._taken_s = 0.0
        elif isinstance(reply, wire.Alarmed):
            self.alarm, self.alarm_s = reply.code, time.monotonic()
            self._alarms += 1
        elif isinstance(reply, wire.Banner):
            self.banner = reply
            self._banners += 1
        elif isinstance(reply, wire.Info) and reply.key == "MSG":
            self.messages.append(reply.text)
        elif isinstance(reply, wire.Printed):
            if isinstance(reply, wire.Info) and reply.key == self._marker and not self._marked:
                self._marked = True
                self._answers.clear()  # what was answered before belongs to what was sent before
            self._printed.append(reply)

    def _await(
        self, arrived: Callable[[], object], what: str, within_s: float | None = None
    ) -> None:
        """Hear until `arrived` returns something other than None. Raises NoReply."""
        deadline = self.link.now() + (self.reply_s if within_s is None else within_s)
        while arrived() is None:
            left = deadline - self.link.now()
            if left <= 0.0:
                self.hear()  # this thread may have been kept from looking
                if arrived() is not None:
                    return
                self._lost = True
                raise NoReply(
                    f"{self.link.port}: no {what} from the controller within its time; "
                    "is it powered and the cable sound?"
                )
            if self._stop_pending():
                self._lost = True
                raise NoReply(f"{self.link.port}: a stop goes before waiting for {what}")
            if self._watching and time.monotonic() - self._watched_s >= WATCH_S:
                self._watched_s = time.monotonic()
                self.realtime(wire.STATUS)
            self.hear(min(WATCH_S if self._watching else SLICE_S, left))

    # -- transactions ---------------------------------------------------------------------------

    def report(self, within_s: float | None = None, query: bytes = wire.STATUS) -> StatusReport:
        """Return a status report that was asked for now, more than once if it does not come.

        Raises:
            NoReply: none within `within_s` (default `reply_s`) seconds.
        """
        # Reports carry no number: one that answers an earlier query must not pass for fresh. What
        # has arrived is thrown away; what may still come is waited for below and replaced.
        self.hear()
        self._reports.clear()
        late, self._report_owed = self._report_owed, True
        whole = self.reply_s if within_s is None else within_s
        alarms = self._alarms
        for turn in range(ASKED):
            self.realtime(query)
            try:
                self._await(
                    lambda: self._reports or (self._alarms > alarms) or None,
                    "status report",
                    whole / ASKED,
                )
                break
            except NoReply:
                late = True
                if turn == ASKED - 1 or self._stop_pending():
                    raise
        if not self._reports:  # grbl is deaf for a while after an alarm
            raise NoReply(f"{self.link.port}: ALARM:{self.alarm} came instead of a status report")
        if late:
            # The report in hand may answer the query before: the last one to come is the freshest.
            self.hear(2.0 * SLICE_S)
        self._report_owed = False
        return self._reports.pop()

    def ask_watching(self, line: str) -> list[StatusReport]:
        """Send a line, and until its answer ask for reports as fast as they come; return those.

        Raises as `ask`.
        """
        self.hear()
        seen: list[StatusReport] = []
        self._reports.clear()
        self._watching, self._watched_s = True, 0.0
        try:
            self.ask(line)
        finally:
            self._watching = False
            seen += self._reports
            self._report_owed = True
        return seen

    def ask(self, line: str, within_s: float | None = None) -> list[wire.Printed]:
        """Send a line, wait for its answer and return what was printed before it.

        Raises:
            CommandRefused: with grbl's error number. NoReply: no answer, or a restart instead.
            RobotStopped: as `_send_line`. DeviceAlarm: an alarm came instead of the answer.
        """
        if self._lost:
            self.resync()
        self._printed.clear()
        self._answers.clear()
        cancels = self._cancels
        self._send_line(line)
        events = self._alarms, self._banners
        self._await(
            lambda: self._answers or ((self._alarms, self._banners) != events) or None,
            f"answer to {line!r}",
            within_s,
        )
        if self._alarms != events[0]:  # also with an `ok`: grbl says one to `$H` that has failed
            self._lost = True
            raise self.alarm_of(self.alarm or 0)
        if not self._answers:
            self._lost = True
            raise NoReply(f"{self.link.port}: a restart came instead of an answer to {line!r}")
        self._outlived = cancels
        answer, printed = self._answers.popleft(), list(self._printed)
        if isinstance(answer, wire.ErrorReply):
            self.learn("error", answer.code)
            raise refusal(answer.code, line, self.lists.firmware, self.lists.words["error"])
        return printed

    def alarm_of(self, code: int, mend: str = "") -> GrblAlarm:
        """Return the exception of an alarm number of this board."""
        return alarm(code, mend, self.lists.firmware, self.lists.words["alarm"])

    def learn(self, kind: str, code: int) -> None:
        """Ask the board what an alarm or error number means, unless it is known or it cannot."""
        line = None if self._stop_pending() else self.lists.query(kind, code)
        if line is not None:
            with suppress(NoReply, CommandRefused, GrblAlarm):
                self.lists.take(kind, self.ask(line, WHOLE_S))

    @property
    def settled(self) -> bool:
        """Whether every line was answered: nothing that was sent can take effect later."""
        return not self._lost

    @property
    def cancelled(self) -> bool:
        """Whether a jog was cancelled, and no line was seen to be taken in since."""
        return self._cancels > self._outlived

    def resync(self) -> None:
        """Find out which answer belongs to which line again.

        Answers have no numbers, but what `$G` prints can only come before the `ok` of that `$G`.
        Everything before the print belongs to earlier lines. Raises NoReply.
        """
        # The two questions take turns: a late answer to the last resync must not pass for this
        # one's.
        line, self._marker = ("$G", "GC") if self._marker != "GC" else ("$", "HLP")
        self._answers.clear()
        self._marked = False
        # Noise may have left a line open in the controller. "E" is a word without its number: it
        # spoils that line, which must not be carried out now.
        self.link.write(f"E\n{line}\n".encode("ascii"))
        try:
            self._await(lambda: (self._marked and self._answers) or None, f"answer to {line!r}")
        except NoReply:
            # A controller that prints neither still answers both lines, in order: two answers and
            # then silence are theirs.
            quiet = time.monotonic() - self._answered_s > self.reply_s / 2.0
            if len(self._answers) < 2 or not quiet or self._stop_pending():
                raise
        self._answers.clear()
        self._lost = False

    def reset(self, within_s: float) -> None:
        """Send 0x18 until the banner returns; a controller in alarm may discard one.

        Raises:
            NoReply: no banner within `within_s` seconds.
        """
        deadline = time.monotonic() + within_s
        self.clear()
        while True:
            self.realtime(wire.RESET)
            try:
                self._await(lambda: self.banner, "banner", min(self.reply_s, within_s))
                break
            except NoReply:
                if time.monotonic() >= deadline or self._stop_pending():
                    raise
        self.hear()
