"""Helm's twin in Python: what hardware/firmware does, for machines without avr-gcc and simavr.

The tests put the same bytes to both and compare the answers. Positions are pulse widths, as on the
board: the axes of the device stand where the pulses are, because that is all that anyone knows.
"""

from __future__ import annotations

import struct

from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.helm_channel import (
    BEATS_PER_S,
    MOST,
    Memory,
    Outcome,
    ServoChannel,
)
from helmsight.hardware.framing import Packets
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire.helm import (
    BEAT_S,
    CHANNELS,
    DURATION_MAX_MS,
    MAX_FRAME,
    NAME,
    NO_CHANNEL,
    PROTOCOL,
    REPLY,
    SPEED_MAX,
    SPEED_MIN,
    WATCHDOG_DEFAULT_MS,
    WATCHDOG_MAX_MS,
    WATCHDOG_MIN_MS,
    WIDTH_MAX,
    WIDTH_MIN,
    BoardMode,
    Config,
    Flag,
    Hello,
    HelmCommand,
    HelmFrame,
    HelmReport,
    Move,
    Status,
    begins,
    scan,
)
from helmsight.hardware.wire.helm_servos import servos

BEAT_MS = round(1000 * BEAT_S)
ALL_CHANNELS = (1 << CHANNELS) - 1
ROOM = 255  # bytes of answers to what comes in one piece
KNOWN = {int(command) for command in HelmCommand}
LENGTHS: dict[int, int] = {
    HelmCommand.CONFIG: 9,
    HelmCommand.WATCHDOG: 2,
    HelmCommand.ARM: 1,
    HelmCommand.RELEASE: 1,
    HelmCommand.MOVE: 3 + 2 * CHANNELS,
}
FINE: Outcome = (Status.OK, NO_CHANNEL)
BAD: Outcome = (Status.BAD_VALUE, NO_CHANNEL)


class HelmBoard(Device):
    """The board with its firmware. Starts released, with no limits known."""

    def __init__(self, spec: RobotSpec) -> None:
        super().__init__(spec)
        self.servos = servos(spec)
        self.channels = [ServoChannel() for _ in range(CHANNELS)]
        self.armed = 0
        self.held = self.stopped = self.tripped = False
        self.watchdog_ms = WATCHDOG_DEFAULT_MS
        self.trips = self.bad_frames = 0
        self.memory = Memory()
        self._packets: Packets[bytes] = Packets(self._scan, MAX_FRAME)
        self._heard_at = 0.0
        self._room = ROOM
        self._waited = False
        self._beats = 0
        self._silent_ms = 0
        self._next_beat: float | None = None
        self._follow()

    # -- time ------------------------------------------------------------------------------

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        if self._next_beat is None:
            self._next_beat = now + BEAT_S
        while now >= self._next_beat:
            self._beat(self._next_beat)
            self._next_beat += BEAT_S
        return []

    def _beat(self, now: float) -> None:
        self._beats += 1
        for channel in self.channels:
            channel.beat()
        self._silent_ms += BEAT_MS
        if self._silent_ms > self.watchdog_ms and self.armed and not self.tripped:
            moving = self.moving
            self._stay_all()
            self.held = self.tripped = True
            self.trips = min(MOST, self.trips + 1)
            if moving:
                self._note("hold", now)
        # As the firmware: half a frame that nothing followed for a beat is given up, so that noise
        # which looks like a header does not swallow the next command.
        if len(self._packets) and self._waited:
            self.bad_frames = min(MOST, self.bad_frames + 1)
            self._packets.clear()
        self._waited = True
        self._follow()

    # -- the line --------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes from the host and return one frame a whole frame of it."""
        self.tick(now)
        self._waited = False
        self._heard_at, self._room = now, ROOM
        return [answer for answer in self._packets.feed(data) if answer]

    def _scan(self, data: bytes) -> tuple[int, bytes | None] | None:
        """Scan for a frame and answer it at once: an answer tells the counters of its moment."""
        scanned = scan(data)
        if scanned is None:
            return None
        length, frame = scanned
        if frame is not None:
            return length, self._sent(self._answer(frame, self._heard_at))
        if begins(data):
            self.bad_frames = min(MOST, self.bad_frames + 1)
        return length, None

    def _sent(self, answer: bytes) -> bytes:
        """Return `answer`, b"" when the board has no room for it: then the host must ask again."""
        if len(answer) > self._room:
            return b""
        self._room -= len(answer)
        return answer

    def _answer(self, frame: HelmFrame, now: float) -> bytes:
        self._silent_ms = 0
        outcome, value = FINE, 0
        if frame.command not in KNOWN:
            outcome = Status.UNKNOWN_COMMAND, NO_CHANNEL
        elif len(frame.payload) != LENGTHS.get(frame.command, 0):
            outcome = Status.BAD_LENGTH, NO_CHANNEL
        elif frame.command == HelmCommand.HELLO:
            self.memory.entries.clear()
        elif frame.command == HelmCommand.STOP:
            self._stop(now)
        elif frame.command != HelmCommand.STATE:
            known = self.memory.find(frame, self._beats)
            outcome, value = known or self._execute(frame, now)
            if known is None:
                self.memory.keep(frame, outcome, value, self._beats)
        self._follow()
        answer = bytes(outcome)
        if outcome[0] == Status.OK:
            answer += self._tell(frame.command, value)
        return HelmFrame(frame.sequence, (frame.command | REPLY) & 0xFF, answer).encode()

    def _tell(self, command: int, value: int) -> bytes:
        if command == HelmCommand.HELLO:  # no build: these are not the firmware's sources
            return Hello(PROTOCOL, CHANNELS, NAME, (1, 0, 0), 0).encode()
        if command == HelmCommand.MOVE:
            return struct.pack("<H", value)
        if command != HelmCommand.STATE:
            return b""
        return HelmReport(
            mode=self.mode,
            flags=Flag.WATCHDOG if self.tripped else Flag(0),
            armed=self.armed,
            configured=sum(1 << i for i, c in enumerate(self.channels) if c.limits),
            uptime_ms=self._beats * BEAT_MS & 0xFFFFFFFF,
            watchdog_ms=self.watchdog_ms,
            bad_frames=self.bad_frames,
            dropped_bytes=min(MOST, self._packets.dropped),
            overruns=0,
            trips=self.trips,
            duplicates=self.memory.duplicates,
            driven=tuple(c.driven for c in self.channels),
            velocity=tuple((c.next - c.driven) * BEATS_PER_S for c in self.channels),
        ).encode()

    # -- commands --------------------------------------------------------------------------

    @property
    def moving(self) -> bool:
        """Whether an armed channel is not at its target."""
        return any(
            self.armed >> i & 1 and channel.driven != channel.target
            for i, channel in enumerate(self.channels)
        )

    @property
    def mode(self) -> BoardMode:
        """What the board says of itself."""
        if self.stopped:
            return BoardMode.STOPPED
        if not self.armed:
            return BoardMode.RELEASED
        if self.moving:
            return BoardMode.MOVING
        return BoardMode.HELD if self.held else BoardMode.READY

    def _execute(self, frame: HelmFrame, now: float) -> tuple[Outcome, int]:
        payload = frame.payload
        match frame.command:
            case HelmCommand.CONFIG:
                return self._configure(Config(*struct.unpack("<B4H", payload))), 0
            case HelmCommand.WATCHDOG:
                (wanted,) = struct.unpack("<H", payload)
                if not WATCHDOG_MIN_MS <= wanted <= WATCHDOG_MAX_MS:
                    return BAD, 0
                self.watchdog_ms = wanted
            case HelmCommand.ARM:
                return self._arm(payload[0]), 0
            case HelmCommand.MOVE:
                mask, duration, *targets = struct.unpack(f"<BH{CHANNELS}H", payload)
                return self._move(Move(mask, duration, tuple(targets)), now)
            case HelmCommand.HOLD:
                changed = self.moving
                self._stay_all()
                self.held = True
                if changed:
                    self._note("hold", now)
            case HelmCommand.RESET:
                changed = self.stopped
                self.stopped = self.held = self.tripped = False
                if changed:
                    self._note("reset", now)
            case _:
                return self._release(payload[0], now), 0
        return FINE, 0

    def _configure(self, wanted: Config) -> Outcome:
        if wanted.channel >= CHANNELS:
            return BAD
        if not (
            WIDTH_MIN <= wanted.lower < wanted.upper <= WIDTH_MAX
            and wanted.lower <= wanted.start <= wanted.upper
            and SPEED_MIN <= wanted.speed <= SPEED_MAX
        ):
            return Status.BAD_VALUE, wanted.channel
        channel = self.channels[wanted.channel]
        if self.armed >> wanted.channel & 1 and channel.limits:
            now, then = channel.limits, wanted
            same = (now.lower, now.upper, now.speed) == (then.lower, then.upper, then.speed)
            return FINE if same else (Status.ENERGISED, wanted.channel)
        channel.limits = wanted
        channel.driven = wanted.start
        channel.stay(wanted.start)
        return FINE

    def _arm(self, mask: int) -> Outcome:
        if not 0 < mask <= ALL_CHANNELS:
            return BAD
        if self.stopped:
            return Status.STOPPED, NO_CHANNEL
        for i, channel in enumerate(self.channels):
            if mask >> i & 1 and channel.limits is None:
                return Status.UNCONFIGURED, i
        self.armed |= mask
        self.held = self.tripped = False
        return FINE

    def _refused(self, move: Move) -> Outcome | None:
        if not (0 < move.mask <= ALL_CHANNELS and 0 < move.duration_ms <= DURATION_MAX_MS):
            return BAD
        if self.stopped:
            return Status.STOPPED, NO_CHANNEL
        for i, channel in enumerate(self.channels):
            if not move.mask >> i & 1:
                continue
            if channel.limits is None:
                return Status.UNCONFIGURED, i
            if not self.armed >> i & 1:
                return Status.NOT_ARMED, i
            if not channel.limits.lower <= move.targets[i] <= channel.limits.upper:
                return Status.OUT_OF_LIMITS, i
        return None

    def _move(self, move: Move, now: float) -> tuple[Outcome, int]:
        if refused := self._refused(move):
            return refused, move.duration_ms
        chosen = [i for i in range(CHANNELS) if move.mask >> i & 1]
        beats = -(-move.duration_ms // BEAT_MS)
        for i in chosen:
            channel = self.channels[i]
            assert channel.limits is not None
            way = abs(move.targets[i] - channel.driven)
            beats = max(beats, -(-way // (channel.limits.speed // BEATS_PER_S)))
        before = [channel.target for channel in self.channels]
        for i in chosen:
            self.channels[i].go(move.targets[i], beats)
        self.held = self.tripped = False
        if before != [channel.target for channel in self.channels]:
            self._note("move", now)
        return FINE, beats * BEAT_MS

    def _stop(self, now: float) -> None:
        changed = not self.stopped
        self._stay_all()
        self.stopped = True
        if changed:
            self._note("stop", now)

    def _release(self, mask: int, now: float) -> Outcome:
        if not 0 < mask <= ALL_CHANNELS:
            return BAD
        changed = self.armed & mask
        for i, channel in enumerate(self.channels):
            if mask >> i & 1:
                channel.stay(channel.driven)
        self.armed &= ~mask
        if not self.armed:
            self.held = self.tripped = False
        if changed:
            self._note("release", now)
        return FINE

    def _stay_all(self) -> None:
        for channel in self.channels:
            channel.stay(channel.driven)

    # -- the truth about the joints ----------------------------------------------------------

    def _follow(self) -> None:
        """Put the axes where the pulses are."""
        for axis, servo in zip(self.axes, self.servos, strict=True):
            channel = self.channels[servo.channel]
            if channel.limits is None:
                continue  # where the horn is nobody knows: the axis stays at home
            axis.position = servo.position(channel.driven)
            axis.target = servo.position(channel.target)
            axis.velocity = servo.rate((channel.next - channel.driven) * BEATS_PER_S)

    def _note(self, kind: str, now: float) -> None:
        self._follow()
        self.record(kind, now)
