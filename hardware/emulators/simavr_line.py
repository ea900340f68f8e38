"""Helm's real firmware as an emulated device: between it and the host stands a faulty line.

The journal is what the firmware itself acknowledged, seen on its own side of the line where nothing
is lost: targets that it took, in turn. `axes` stand at those targets, not where the pulses are: how
the firmware drives them is for its own tests. A repetition that the firmware knew as one and only
acknowledged again would be listed, too, if another target came between: the journal errs that way.
"""

from __future__ import annotations

import os
import struct

from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.simavr import Simavr
from helmsight.hardware.framing import Packets
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire.helm import CHANNELS, REPLY, HelmCommand, HelmFrame, Status, packets
from helmsight.hardware.wire.helm_servos import servos


class FirmwareLine(Device):
    """Passes bytes to the firmware in simavr and back. POSIX only. `close` ends simavr.

    Raises:
        SimavrUnavailable: the firmware cannot be built or run here.
    """

    def __init__(self, spec: RobotSpec) -> None:
        import tty

        super().__init__(spec)
        self._servos = servos(spec)
        self._board = Simavr()
        self._line = os.open(self._board.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._line)
        self._there: Packets[HelmFrame] = packets()
        self._back: Packets[HelmFrame] = packets()
        self._requested: dict[int, tuple[int, ...]] = {}  # by sequence number: the targets, ticks

    def close(self) -> None:
        """End simavr."""
        os.close(self._line)
        self._board.close()

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Pass `data` on; see Device."""
        for frame in self._there.feed(data):
            if frame.command == HelmCommand.MOVE and len(frame.payload) == 3 + 2 * CHANNELS:
                self._requested[frame.sequence] = struct.unpack_from(
                    f"<{CHANNELS}H", frame.payload, 3
                )
        while data:
            try:
                data = data[os.write(self._line, data) :]
            except BlockingIOError:
                continue
        return []

    def _pass(self, seconds: float, now: float) -> list[bytes]:
        try:
            data = os.read(self._line, 4096)
        except BlockingIOError:
            return []
        for frame in self._back.feed(data):
            if frame.command == HelmCommand.MOVE | REPLY and frame.payload[:1] == bytes(
                [Status.OK]
            ):
                self._taken(frame.sequence, now)
        return [data]

    def _taken(self, sequence: int, now: float) -> None:
        """Write down the targets that the firmware has just acknowledged."""
        targets = self._requested.pop(sequence, None)
        if targets is None:  # the answer to a repetition
            return
        for axis, servo in zip(self.axes, self._servos, strict=True):
            axis.target = axis.position = servo.position(targets[servo.channel])
        places = tuple(axis.target for axis in self.axes)
        if not self.journal or self.journal[-1].positions != places:
            self.record("move", now)
