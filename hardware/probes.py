"""Harmless questions that tell which driver a serial port wants. Data only, no I/O.

Text before packets: a text controller takes some bytes of a packet for commands (grbl acts on bytes
from 0x80 on), while a servo bus passes over text. So the first answer ends the asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from helmsight.hardware.errors import BadReply, HardwareError, InvalidSpec
from helmsight.hardware.framing import Lines, Packets
from helmsight.hardware.spec import RobotSpec, load_spec, shipped

ORDER = ("grbl", "linearm", "helm", "dynamixel", "feetech")


@dataclass(frozen=True)
class Probe:
    """One question at one speed. `recognise`: all that came back to what it says, "" if unknown."""

    driver: str
    robots: tuple[str, ...]
    baud: int
    query: bytes
    recognise: Callable[[bytes], str]


def probes() -> Iterator[Probe]:
    """Yield the questions for all shipped descriptions, in the order in which they may be asked."""
    specs = [load_spec(name) for name in shipped()]
    for driver in ORDER:
        groups: dict[int, list[RobotSpec]] = {}
        for spec in specs:
            if spec.driver == driver:
                groups.setdefault(spec.port.baud, []).append(spec)
        for baud, alike in groups.items():
            yield from _MAKERS[driver](baud, alike)


def _named(specs: list[RobotSpec]) -> tuple[str, ...]:
    return tuple(spec.name for spec in specs)


def _grbl(baud: int, specs: list[RobotSpec]) -> Iterator[Probe]:
    from helmsight.hardware.wire.grbl import STATUS

    yield Probe("grbl", _named(specs), baud, STATUS, _status)


def _status(data: bytes) -> str:
    from helmsight.hardware.wire.grbl import parse
    from helmsight.hardware.wire.grbl_report import StatusReport

    for line in Lines().feed(data):
        try:
            reply = parse(line)
        except BadReply:
            continue
        if isinstance(reply, StatusReport):
            return f"grbl or grblHAL, {reply.state}"
    return ""


def _linearm(baud: int, specs: list[RobotSpec]) -> Iterator[Probe]:
    from helmsight.hardware.wire.linearm import Dialogue, protocol_of

    for spec in specs:
        protocol = protocol_of(spec)
        dialogue = Dialogue(protocol)
        query = protocol.terminator.encode("ascii") + dialogue.ask(protocol.hello)
        yield Probe("linearm", (spec.name,), baud, query, partial(_hello, dialogue))


def _hello(dialogue: object, data: bytes) -> str:
    from helmsight.hardware.wire.linearm import ArmReply, Dialogue

    assert isinstance(dialogue, Dialogue)
    for line in Lines().feed(data):
        if isinstance(dialogue.take(line), ArmReply):
            return line
    return ""


def _helm(baud: int, specs: list[RobotSpec]) -> Iterator[Probe]:
    from helmsight.hardware.wire.helm import HELLO_SEQUENCE, HelmCommand, HelmFrame

    query = HelmFrame(HELLO_SEQUENCE, HelmCommand.HELLO).encode()
    yield Probe("helm", _named(specs), baud, query, _board)


def _board(data: bytes) -> str:
    from helmsight.hardware.wire.helm import REPLY, Hello, HelmCommand, packets

    for frame in packets().feed(data):
        if frame.command == HelmCommand.HELLO | REPLY:
            try:
                hello = Hello.decode(frame.payload[2:])  # after status and channel
            except (HardwareError, ValueError):
                continue
            return f"helm firmware {'.'.join(map(str, hello.version))}, {hello.channels} channels"
    return ""


def _dynamixel(baud: int, specs: list[RobotSpec]) -> Iterator[Probe]:
    from helmsight.hardware.wire.dynamixel import (
        BROADCAST,
        DynamixelInstruction,
        DynamixelPacket,
        encode,
    )

    query = encode(DynamixelPacket(BROADCAST, DynamixelInstruction.PING))
    yield Probe("dynamixel", _named(specs), baud, query, _dynamixels)


def _dynamixels(data: bytes) -> str:
    from helmsight.hardware.wire.dynamixel import BUFFER, MODELS, DynamixelInstruction, scan

    models = {
        packet.id: int.from_bytes(packet.parameters[1:3], "little")
        for packet in Packets(scan, BUFFER).feed(data)
        if packet.instruction == DynamixelInstruction.STATUS and len(packet.parameters) >= 3
    }
    servos = (f"{id_} {MODELS.get(model, f'model {model}')}" for id_, model in models.items())
    return f"Dynamixel servos {', '.join(servos)}" if models else ""


def _feetech(baud: int, specs: list[RobotSpec]) -> Iterator[Probe]:
    # One ping a servo: to a broadcast they would all answer at once.
    from helmsight.hardware.wire.feetech import FeetechInstruction, FeetechPacket, encode

    numbers = {number for spec in specs for number in _ids(spec)}
    for number in sorted(numbers):
        query = encode(FeetechPacket(number, FeetechInstruction.PING))
        yield Probe("feetech", _named(specs), baud, query, partial(_servo, query))


def _ids(spec: RobotSpec) -> list[int]:
    numbers = [joint.device.get("id") for joint in spec.joint]
    if not all(isinstance(number, int) for number in numbers):
        raise InvalidSpec(f"{spec.name}: joint.device.id: expected the number of each servo")
    return [int(number) for number in numbers if number is not None]


def _servo(query: bytes, data: bytes) -> str:
    from helmsight.hardware.wire.feetech import scan

    # Half-duplex adapters may give the question back before the answer.
    for packet in Packets(scan).feed(data.removeprefix(query)):
        if packet.id == query[2] and not packet.parameters:
            return f"Feetech servo {packet.id}" + (f", errors {packet.code}" if packet.code else "")
    return ""


_MAKERS: dict[str, Callable[[int, list[RobotSpec]], Iterator[Probe]]] = {
    "grbl": _grbl,
    "linearm": _linearm,
    "helm": _helm,
    "dynamixel": _dynamixel,
    "feetech": _feetech,
}
