"""The line to a grbl: realtime bytes at any time, lines by character counting, replies by kind.

A line is answered by exactly one `ok` or `error`; as many characters are on their way as fit into
the controller's receive buffer. Realtime bytes never wait for that. There is no checksum and no
number on an answer: after a lost one, `resync` finds the place again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from helmsight.hardware.errors import BadReply, CommandRefused, NoReply
from helmsight.hardware.framing import Lines, printable
from helmsight.hardware.link import SerialLink
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import alarm, refusal

SLICE_S = 0.005
POLL_S = 0.1  # realtime status at 10 Hz while streaming
ASKED = 3  # status queries within one deadline: they cost nothing and change nothing
KEPT = 64  # replies kept at most that nobody asked for


class GrblChannel:
    """One controller on one link.

    reply_s: seconds without an answer until it counts as lost. hurried: True when a stop waits;
    every wait ends then, with NoReply. alarm: the last alarm number that came unasked, and
    `alarm_s` when (time.monotonic()); whoever deals with it sets it to None.
    """

    def __init__(
        self,
        link: SerialLink,
        reply_s: float,
        hurried: Callable[[], bool],
    ) -> None:
        self.link = link
        self.reply_s = reply_s
        self.room = wire.RX_BUFFER
        self.banner: wire.Banner | None = None
        self.messages: deque[str] = deque(maxlen=KEPT)
        self.seen = bytearray()  # the first bytes since `clear`, for who asks what answered
        self._stop_pending = hurried
        self.alarm: int | None = None
        self.alarm_s = 0.0
        self._alarms = 0
        self._owed = False  # a report that was asked for and may still come
        self._lines = Lines()
        self._reports: deque[wire.StatusReport] = deque(maxlen=KEPT)
        self._answers: deque[wire.Ok | wire.ErrorReply] = deque(maxlen=KEPT)
        self._told: deque[wire.Info | wire.Setting] = deque(maxlen=4 * KEPT)
        self._pending: deque[int] = deque()  # lengths of the lines that wait for their answer
        self._answered_s = 0.0
        self._lost = True  # an answer may be missing or still to come
        self._marker, self._marked = "", True

    @property
    def outstanding(self) -> int:
        """Characters that may still lie in the controller's receive buffer."""
        return sum(self._pending)

    def clear(self) -> None:
        """Forget everything that was heard: after opening and after a reset."""
        self._lines.clear()
        for queue in (self._reports, self._answers, self._told, self._pending, self.messages):
            queue.clear()
        self.seen.clear()
        self.banner, self._lost = None, True

    # -- out ------------------------------------------------------------------------------------

    def realtime(self, command: bytes) -> None:
        """Send realtime bytes now, whatever is on its way. Safe from any thread."""
        self.link.write(command)

    def post(self, line: str) -> None:
        """Send a line as soon as it fits into the receive buffer.

        Raises:
            CommandRefused: not printable ASCII or too long; nothing was sent.
            NoReply: no room within `reply_s`.
        """
        data = line.encode("ascii", "replace") + b"\n"
        if not printable(line.encode("utf-8")) or len(data) > min(wire.LINE_LIMIT, self.room):
            raise CommandRefused(
                f"{line[:80]!r} was not sent: expected printable ASCII, "
                f"{wire.LINE_LIMIT - 1} characters at most"
            )
        self._await(lambda: self.outstanding + len(data) <= self.room or None, "room")
        self._pending.append(len(data))
        self.link.write(data)

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
        if isinstance(reply, wire.StatusReport):
            self._reports.append(reply)
        elif isinstance(reply, wire.Ok | wire.ErrorReply):
            if self._pending:
                self._pending.popleft()
            self._answers.append(reply)
            self._answered_s = time.monotonic()
        elif isinstance(reply, wire.Alarmed):
            self.alarm, self.alarm_s = reply.code, time.monotonic()
            self._alarms += 1
        elif isinstance(reply, wire.Banner):
            self.banner = reply
            self._pending.clear()  # a reset empties the receive buffer
        elif isinstance(reply, wire.Info) and reply.key == "MSG":
            self.messages.append(reply.text)
        elif isinstance(reply, wire.Info | wire.Setting):
            if isinstance(reply, wire.Info) and reply.key == self._marker and not self._marked:
                self._marked = True
                self._answers.clear()  # what was answered before belongs to what was sent before
            self._told.append(reply)

    def _await(self, found: Callable[[], object], what: str, within_s: float | None = None) -> None:
        """Hear until `found` returns something other than None. Raises NoReply."""
        deadline = time.monotonic() + (self.reply_s if within_s is None else within_s)
        while found() is None:
            left = deadline - time.monotonic()
            if left <= 0.0:
                self._lost = True
                raise NoReply(
                    f"{self.link.port}: no {what} from the controller within its time; "
                    "is it powered and the cable sound?"
                )
            if self._stop_pending():
                self._lost = True
                raise NoReply(f"{self.link.port}: a stop goes before waiting for {what}")
            self.hear(min(SLICE_S, left))

    # -- transactions ---------------------------------------------------------------------------

    def report(self, within_s: float | None = None) -> wire.StatusReport:
        """Return a status report that was asked for now, more than once if it does not come.

        Raises:
            NoReply: none within `within_s` (default `reply_s`) seconds.
        """
        self.hear()  # what is late must not pass for fresh
        self._reports.clear()
        late, self._owed = self._owed, True
        whole = self.reply_s if within_s is None else within_s
        for turn in range(ASKED):
            self.realtime(wire.STATUS)
            try:
                self._await(lambda: self._reports or None, "status report", whole / ASKED)
                break
            except NoReply:
                late = True
                if turn == ASKED - 1 or self._stop_pending():
                    raise
        if late:
            self.hear(2.0 * SLICE_S)  # it may answer the query before
        self._owed = False
        return self._reports.pop()

    def ask(self, line: str, within_s: float | None = None) -> list[wire.Info | wire.Setting]:
        """Send a line, wait for its answer and return what was told before it.

        Raises:
            CommandRefused: with grbl's error number. NoReply: no answer.
            DeviceAlarm: an alarm came instead of the answer.
        """
        if self._lost:
            self.resync()
        self._told.clear()
        self._answers.clear()
        self.post(line)
        alarms = self._alarms
        self._await(
            lambda: self._answers or (self._alarms > alarms) or None,
            f"answer to {line!r}",
            within_s,
        )
        if not self._answers:
            self._lost = True
            raise alarm(self.alarm or 0)
        answer, told = self._answers.popleft(), list(self._told)
        if isinstance(answer, wire.ErrorReply):
            raise refusal(answer.code, line)
        return told

    def resync(self) -> None:
        """Find the place again: what `$G` tells can only come before the `ok` of that `$G`.

        A line that noise has left open is closed first, spoilt by a word without its number: it
        must not be carried out now. `$G` and `$` take turns, so that the late answer to one does
        not pass for the other's. A controller that knows neither answers the two lines all the
        same; in order, so when nothing follows them they are the last. Raises NoReply.
        """
        line, self._marker = ("$G", "GC") if self._marker != "GC" else ("$", "HLP")
        self._pending.clear()
        self._answers.clear()
        self._marked = False
        self.link.write(f"E\n{line}\n".encode("ascii"))
        try:
            self._await(lambda: (self._marked and self._answers) or None, f"answer to {line!r}")
        except NoReply:
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

    def stream(
        self, lines: Iterable[str], watch: Callable[[wire.StatusReport], None] | None = None
    ) -> Iterator[int]:
        """Send many lines by character counting; yield how many were answered, as it grows.

        The status is asked for at 10 Hz meanwhile and given to `watch`.

        Raises:
            CommandRefused: with the line's number; nothing more is sent, what was sent goes on.
            NoReply: when neither an answer nor a report comes any more.
        """
        if self._lost:
            self.resync()
        self._answers.clear()
        self.banner, alarms = None, self._alarms
        waiting, done, source = deque[str](), 0, iter(lines)
        line = next(source, None)
        asked = heard = time.monotonic()
        while line is not None or waiting:
            while line is not None and self.outstanding + len(line) + 1 <= self.room:
                self.post(line)
                waiting.append(line)
                line = next(source, None)
            self.hear(SLICE_S)
            now = time.monotonic()
            while self._answers and waiting:
                answer, said, done, heard = (
                    self._answers.popleft(),
                    waiting.popleft(),
                    done + 1,
                    now,
                )
                if isinstance(answer, wire.ErrorReply):
                    error = refusal(answer.code, said)
                    raise CommandRefused(f"line {done}: {error}", answer.code)
                yield done
            while self._reports:
                heard = now
                if watch is not None:
                    watch(self._reports.popleft())
                else:
                    self._reports.popleft()
            if now - asked >= POLL_S:
                asked = now
                self.realtime(wire.STATUS)
            if self._alarms > alarms:
                self._lost = True
                raise alarm(self.alarm or 0, f"{done} lines had been answered")
            if self._stop_pending() or now - heard > POLL_S + 3.0 * self.reply_s or self.banner:
                self._lost = True
                raise NoReply(f"{self.link.port}: streaming ended after {done} answers")
