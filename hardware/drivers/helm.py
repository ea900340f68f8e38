"""Our own servo firmware on an Arduino Uno (hardware/firmware, docs/helm-protocol.md).

Hobby servos report nothing. `RobotState.positions` is what the board drives, not what the horn
does; and when pulses begin after a release, the horn goes to the first of them as fast as it can.
They begin where the board, or this driver, last knew the joint to be, and at home when neither
knows.

The watchdog is the board's own: it holds every servo when no valid frame came for `watchdog_s`.
Only state, move and the other calls of the live loop feed it; no thread does.
"""

from __future__ import annotations

import struct
import time

from helmsight.hardware.errors import (
    BadReply,
    CommandRefused,
    DeviceAlarm,
    NoReply,
    SetupNeeded,
    TargetRefused,
    WrongProtocol,
)
from helmsight.hardware.robot import JointTargets, Mode, Robot, RobotState, Sent
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire.helm import (
    CHANNELS,
    DURATION_MAX_MS,
    HELLO_SEQUENCE,
    NAME,
    NO_CHANNEL,
    PROTOCOL,
    REPLY,
    BoardMode,
    Flag,
    Hello,
    HelmCommand,
    HelmFrame,
    HelmReport,
    Move,
    Status,
    packets,
)
from helmsight.hardware.wire.helm_servos import servos

BOOT_S = 3.0  # opening the port restarts an Uno; its bootloader keeps the line for up to 2 s
HELLO_S = 0.1
PAUSE_S = 0.02  # between two hellos
MODES = {
    BoardMode.RELEASED: Mode.ready,
    BoardMode.READY: Mode.ready,
    BoardMode.MOVING: Mode.moving,
    BoardMode.HELD: Mode.held,
    BoardMode.STOPPED: Mode.stopped,
}
WORDS = {
    Status.UNKNOWN_COMMAND: "it does not know the command; flash the firmware of this version",
    Status.BAD_LENGTH: "it expects another length; flash the firmware of this version",
    Status.BAD_VALUE: "a value is out of its range",
    Status.UNCONFIGURED: "it has no limits for it; connect again",
    Status.OUT_OF_LIMITS: "the target is outside the limits it keeps",
    Status.NOT_ARMED: "the servo gets no pulses",
    Status.STOPPED: "it is stopped; call reset()",
    Status.ENERGISED: "it drives the servo with other limits; release it first",
    Status.SEQUENCE_REUSED: "another command had this number; is another program on the line?",
}
FAULTS = {
    Flag.WATCHDOG_RESET: "restarted by its hardware watchdog",
    Flag.BROWN_OUT: "restarted by low voltage: the servos need a supply of their own",
}


class Helm(Robot):
    """Up to six hobby servos on a board with the helm firmware."""

    watchdog_s = 0.5

    def __init__(self, spec: RobotSpec, port: str) -> None:
        super().__init__(spec, port)
        self._servos = servos(spec)
        self._mask = sum(1 << servo.channel for servo in self._servos)
        self._packets = packets()
        self._reads = HELLO_SEQUENCE
        self._commands = self._number = 0
        self._unacknowledged: JointTargets | None = None
        self._last: tuple[float, ...] | None = None

    # -- what a driver fills in ---------------------------------------------------------------

    def _handshake(self) -> None:
        self._packets.clear()
        self._unacknowledged = None
        self._greet(time.monotonic() + BOOT_S)
        report, _ = self._session.retried(self._report)
        for joint, servo, start in zip(
            self.spec.joint, self._servos, self._last or self.spec.home, strict=True
        ):
            if report.configured >> servo.channel & 1:  # the board ran on: it knows better
                start = servo.position(report.driven[servo.channel])
            start = min(joint.upper, max(joint.lower, start))
            config = servo.config(joint.lower, joint.upper, start, joint.speed)
            self._set_up(HelmCommand.CONFIG, config.encode(), f"the limits of {joint.name}")
        watchdog = struct.pack("<H", round(1000 * self.watchdog_s))
        self._set_up(HelmCommand.WATCHDOG, watchdog, "its watchdog")

    def _read_state(self) -> RobotState:
        report = self._report()
        stamp = time.monotonic()
        self._taken(report)
        positions = tuple(s.position(report.driven[s.channel]) for s in self._servos)
        if report.configured & self._mask == self._mask:
            self._last = positions
        return RobotState(
            stamp_s=stamp,
            positions=positions,
            velocities=tuple(s.rate(report.velocity[s.channel]) for s in self._servos),
            mode=MODES[report.mode],
            energised=report.armed & self._mask != 0,
            faults=tuple(words for flag, words in FAULTS.items() if flag in report.flags),
            details={
                "uptime_s": report.uptime_ms / 1000.0,
                "watchdog_s": report.watchdog_ms / 1000.0,
                "watchdog_tripped": float(Flag.WATCHDOG in report.flags),
                "watchdog_trips": float(report.trips),
                "board_bad_frames": float(report.bad_frames),
                "board_overruns": float(report.overruns),
                "board_duplicates": float(report.duplicates),
            },
        )

    def _taken(self, report: HelmReport) -> None:
        """Note servos whose pulses somebody else switched off; a restart is an alarm of its own."""
        loose = [
            joint.name
            for joint, servo in zip(self.spec.joint, self._servos, strict=True)
            if report.configured >> servo.channel & 1 and not report.armed >> servo.channel & 1
        ]
        if self._gave_torque and loose:
            self._torque_taken(", ".join(loose))

    def _send(self, targets: JointTargets) -> Sent:
        assert targets.duration_s is not None
        duration = max(1, round(1000 * targets.duration_s))
        if duration > DURATION_MAX_MS:
            raise TargetRefused(
                f"duration {targets.duration_s:g} s: the board takes "
                f"{DURATION_MAX_MS / 1000:g} s at most; nothing was sent"
            )
        widths = [0] * CHANNELS
        goals = zip(self.spec.joint, self._servos, targets.positions, strict=True)
        for joint, servo, position in goals:
            widths[servo.channel] = servo.ticks_within(position, joint.lower, joint.upper)
        payload = Move(self._mask, duration, tuple(widths)).encode()
        try:
            taken = self._moved(targets, payload)
        except CommandRefused as refusal:
            self._arm_after(refusal)
            taken = self._moved(targets, payload)
        return Sent(
            positions=tuple(s.position(widths[s.channel]) for s in self._servos),
            duration_s=taken / 1000.0,
            tool=targets.tool,
            stamp_s=time.monotonic(),
            notes=("slower than asked: a joint would be too fast",)
            if taken > duration + 20
            else (),
        )

    def _moved(self, targets: JointTargets, payload: bytes) -> int:
        """Send a move and return the time that it takes, ms. Sent again, it keeps its number."""
        # The board remembers the numbers of the last commands and answers one that it has carried
        # out without doing it again. So a move whose answer was lost keeps its number.
        if targets is not self._unacknowledged:
            self._commands = self._commands + 1 & 0xFF
            self._unacknowledged, self._number = targets, self._commands
        try:
            answer = self._ask(HelmCommand.MOVE, payload, self._number)
        except CommandRefused:
            self._unacknowledged = None
            raise
        self._unacknowledged = None
        try:
            return int(struct.unpack("<H", answer)[0])
        except struct.error:
            raise BadReply(f"{self.link.port}: MOVE was answered with {answer.hex()!r}") from None

    def _send_hold(self) -> None:
        self._command(HelmCommand.HOLD)

    def _send_stop(self) -> None:
        self._command(HelmCommand.STOP)

    def _send_release(self) -> None:
        self._gave_torque = False
        self._command(HelmCommand.RELEASE, bytes((self._mask,)))

    def _send_reset(self) -> None:
        self._command(HelmCommand.RESET)

    # -- the protocol -----------------------------------------------------------------------

    def _greet(self, deadline: float) -> None:
        """Say hello until the board answers. Raises WrongProtocol: it does not, or is another."""
        dropped, received = self._packets.dropped, self.link.counters.bytes_in
        self.link.flush_input()
        while True:
            try:
                hello = Hello.decode(self._ask(HelmCommand.HELLO, b"", HELLO_SEQUENCE, HELLO_S))
                break
            except (NoReply, CommandRefused, ValueError) as error:
                if self._session.stop_pending():
                    raise NoReply(f"{self.link.port}: a stop goes first") from error
                if time.monotonic() > deadline:
                    heard = self.link.counters.bytes_in - received
                    raise WrongProtocol(
                        f"{self.link.port}: no helm board in {BOOT_S:g} s at {self.link.baud} baud "
                        f"({heard} bytes came, {self._packets.dropped - dropped} of them no frame; "
                        f"{error}); is it the right port, is the firmware on the board "
                        "(make -C hardware/firmware flash PORT=...)?"
                    ) from None
                time.sleep(PAUSE_S)  # a board that refuses does so at once
        if hello.name != NAME or hello.protocol != PROTOCOL:
            raise WrongProtocol(
                f"{self.link.port}: {hello.name!r} with protocol {hello.protocol} answers; "
                f"expected {NAME!r} with {PROTOCOL}: flash the firmware of this version"
            )
        self.firmware = f"helm {'.'.join(map(str, hello.version))}, build {hello.build:08x}"

    def _report(self) -> HelmReport:
        """Return one reading. A read that is asked again gets a new number: no old answer fits."""
        self._reads = self._reads + 1 & 0xFF
        try:
            return HelmReport.decode(self._ask(HelmCommand.STATE, b"", self._reads))
        except ValueError as error:
            raise BadReply(f"{self.link.port}: {error}") from None

    def _command(self, command: HelmCommand, payload: bytes = b"") -> bytes:
        """Send a command that may be carried out twice, under a new number."""
        self._commands = self._commands + 1 & 0xFF
        return self._ask(command, payload, self._commands)

    def _set_up(self, command: HelmCommand, payload: bytes, what: str) -> None:
        try:
            self._session.retried(lambda: self._command(command, payload))
        except CommandRefused as refusal:
            raise SetupNeeded(f"{self.link.port}: cannot set {what}: {refusal}") from None

    def _arm_after(self, refusal: CommandRefused) -> None:
        """Switch the pulses on if that is all that is missing; else raise what is."""
        if refusal.code == Status.UNCONFIGURED.name:
            raise DeviceAlarm(
                f"{self.link.port}: the board restarted, its servos are without pulses and it has "
                "no limits; see to its supply, then close and connect again",
                refusal.code,
            ) from None
        if refusal.code != Status.NOT_ARMED.name:
            raise refusal
        if self._gave_torque:
            raise self._torque_taken("its servos") from None
        self._session.retried(lambda: self._command(HelmCommand.ARM, bytes((self._mask,))))
        self._gave_torque = True

    def _ask(
        self, command: HelmCommand, payload: bytes, number: int, within_s: float | None = None
    ) -> bytes:
        """Send once; return what follows status and channel in the answer.

        Raises:
            NoReply, BadReply: nothing, or nothing whole. CommandRefused: the board's no.
        """
        dropped = self._packets.dropped
        self.link.write(HelmFrame(number, command, payload).encode())
        for frame in self.link.frames(self._packets, within_s or self.spec.port.reply_s):
            if frame.sequence == number and frame.command == command | REPLY:
                self.link.counters.bad_frames += self._packets.dropped > dropped
                return self._checked(command, frame.payload)
        self._packets.clear()  # half an answer would swallow the next one
        if self._packets.dropped > dropped:
            self.link.counters.bad_frames += 1
            raise BadReply(
                f"{self.link.port}: {command.name} number {number} was answered with "
                f"{self._packets.dropped - dropped} bytes that are no frame"
            )
        raise NoReply(
            f"{self.link.port}: no answer to {command.name} number {number} "
            f"within {within_s or self.spec.port.reply_s:g} s"
        )

    def _checked(self, command: HelmCommand, answer: bytes) -> bytes:
        try:
            status, channel = Status(answer[0]), answer[1]
        except (ValueError, IndexError):
            raise BadReply(
                f"{self.link.port}: {command.name} was answered with {answer.hex()!r}; "
                "expected a known status and a channel: flash the firmware of this version"
            ) from None
        if status != Status.OK:
            where = "" if channel == NO_CHANNEL else f" channel {channel}{self._who(channel)}"
            raise CommandRefused(
                f"the board refuses {command.name}{where}: {status.name}: {WORDS[status]}",
                status.name,
            )
        return answer[2:]

    def _who(self, channel: int) -> str:
        names = [
            joint.name
            for joint, servo in zip(self.spec.joint, self._servos, strict=True)
            if servo.channel == channel
        ]
        return f" ({names[0]})" if names else ""
