"""Packets of the two servo protocols: there and back, through noise, as the vendors make them."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import dynamixel_sdk
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helmsight.hardware.framing import Packets
from helmsight.hardware.wire import dynamixel, feetech
from helmsight.hardware.wire.registers import Register, from_sign_magnitude, to_sign_magnitude

WIRES = pytest.mark.parametrize("wire", [feetech, dynamixel], ids=["feetech", "dynamixel"])
PACKETS: dict[Any, Any] = {feetech: feetech.FeetechPacket, dynamixel: dynamixel.DynamixelPacket}
BUFFER = 1040
feetech_packets = st.builds(
    feetech.FeetechPacket, st.integers(0, 254), st.integers(0, 255), st.binary(max_size=253)
)
# bytes that need stuffing turn up far more often than by chance
tricky = st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x55]), max_size=60).map(bytes)
dynamixel_packets = st.builds(
    dynamixel.DynamixelPacket,
    st.integers(0, 252),
    st.sampled_from(list(dynamixel.DynamixelInstruction)),
    st.binary(max_size=300) | tricky,
)


def framer(wire: Any) -> Packets[Any]:
    return Packets(wire.scan, BUFFER)


def through(wire: Any, data: bytes, chunk: int) -> list[Any]:
    packets = framer(wire)
    found = []
    for start in range(0, len(data), chunk):
        found += packets.feed(data[start : start + chunk])
    return found


@given(st.lists(feetech_packets, max_size=5), st.integers(1, 300))
def test_feetech_packets_come_back_however_they_are_cut(
    packets: list[feetech.FeetechPacket], chunk: int
) -> None:
    data = b"".join(map(feetech.encode, packets))
    assert through(feetech, data, chunk) == packets


@given(st.lists(dynamixel_packets, max_size=5), st.integers(1, 300))
def test_dynamixel_packets_come_back_however_they_are_cut(
    packets: list[dynamixel.DynamixelPacket], chunk: int
) -> None:
    data = b"".join(map(dynamixel.encode, packets))
    assert through(dynamixel, data, chunk) == packets


@given(st.binary(max_size=60), dynamixel_packets)
def test_a_dynamixel_packet_is_found_behind_noise(
    noise: bytes, packet: dynamixel.DynamixelPacket
) -> None:
    noise = noise.replace(b"\xff", b"\x01")  # noise that holds a header may hide what follows it
    assert through(dynamixel, noise + dynamixel.encode(packet), 7) == [packet]


@given(st.binary(max_size=60), feetech_packets)
def test_a_feetech_packet_is_found_behind_noise(
    noise: bytes, packet: feetech.FeetechPacket
) -> None:
    noise = noise.replace(b"\xff", b"\x01")
    assert through(feetech, noise + feetech.encode(packet), 7) == [packet]


@WIRES
def test_a_damaged_packet_does_not_swallow_the_next_one(wire: Any) -> None:
    good = wire.encode(PACKETS[wire](3, 2, b"\x28\x1f"))
    for place in range(len(good)):
        for bit in range(8):
            damaged = bytearray(good)
            damaged[place] ^= 1 << bit
            found = through(wire, bytes(damaged) + good * 100, 64)
            assert found[-20:] == [PACKETS[wire](3, 2, b"\x28\x1f")] * 20
            assert len(found) <= 100, f"the damaged one was taken, bit {bit} of byte {place}"


@pytest.mark.slow
@WIRES
def test_a_million_random_bytes_raise_nothing_and_pile_up_nowhere(wire: Any) -> None:
    random, packets = Random(7), framer(wire)
    for _ in range(250):
        packets.feed(random.randbytes(2000) + b"\xff\xff\xfd\x00" + random.randbytes(1996))
        assert len(packets) <= BUFFER
    for _ in range(30):  # a flood of beginnings
        packets.feed(b"\xff\xff\xfd\x00\x01\xff\x03" * 200)
        assert len(packets) <= BUFFER


@given(dynamixel_packets)
def test_stuffing_leaves_no_header_inside_a_packet(packet: dynamixel.DynamixelPacket) -> None:
    assert dynamixel.HEADER not in dynamixel.encode(packet)[1:]


@given(st.binary(max_size=200))
def test_the_crc_is_the_vendor_s(data: bytes) -> None:
    handler = dynamixel_sdk.Protocol2PacketHandler()
    assert dynamixel.crc16(data) == handler.updateCRC(0, data, len(data))


@given(tricky)
def test_the_vendor_takes_our_stuffing_out(body: bytes) -> None:
    # it works in place and looks back at what it has moved: FF FF FD FF FD FD comes out shorter
    assume(b"\xff" not in body.partition(b"\xff\xff\xfd")[2])
    sent = dynamixel.encode(
        dynamixel.DynamixelPacket(1, dynamixel.DynamixelInstruction.STATUS, b"\0" + body)
    )
    packet = dynamixel_sdk.Protocol2PacketHandler().removeStuffing(list(sent))
    assert bytes(packet[9 : 9 + len(body)]) == body


def test_examples_of_the_manuals() -> None:
    ping = bytes.fromhex("fffffd0001030001194e")  # e-Manual, protocol 2.0, ping of ID 1
    assert (
        dynamixel.encode(dynamixel.DynamixelPacket(1, dynamixel.DynamixelInstruction.PING)) == ping
    )
    ask = bytes.fromhex("ffff0104023802be")  # STS manual: read two bytes at 0x38 of ID 1
    assert (
        feetech.encode(feetech.FeetechPacket(1, feetech.FeetechInstruction.READ, b"\x38\x02"))
        == ask
    )


@given(st.integers(-2047, 2047))
def test_sign_and_magnitude_are_inverse(value: int) -> None:
    assert from_sign_magnitude(to_sign_magnitude(value, 11), 11) == value


def test_a_number_that_does_not_fit_a_register_is_told() -> None:
    with pytest.raises(OverflowError, match="sign bit 11"):
        to_sign_magnitude(2048, 11)
    with pytest.raises(OverflowError):
        Register(0).encode(256)


@WIRES
def test_no_two_registers_overlap_and_the_table_holds_them(wire: Any) -> None:
    ordered = sorted(wire.REGISTERS.values(), key=lambda register: register.address)
    for before, after in itertools.pairwise(ordered):
        assert before.end <= after.address
    assert ordered[-1].end <= wire.TABLE_SIZE


@WIRES
def test_a_packet_that_is_too_long_is_told(wire: Any) -> None:
    with pytest.raises(ValueError, match="at most"):
        wire.encode(PACKETS[wire](1, 2, bytes(2000)))
