"""The vendors' SDKs, unmodified and with their own ports, as clients of the emulated buses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import dynamixel_sdk as dxl
import pytest
import scservo_sdk as scs

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.emulators.servos import EmulatedServoBus

pytestmark = pytest.mark.serial
IDS = [1, 2, 3, 4, 5, 6]
DXL_IDS = [11, 12, 13, 14, 15]


class Client:
    """A vendor's packet handler on the vendor's port."""

    def __init__(self, sdk: Any, emulation: Emulation) -> None:
        self.sdk = sdk
        self.port = sdk.PortHandler(emulation.port)
        assert self.port.openPort()
        self.packets = sdk.PacketHandler(0 if sdk is scs else 2.0)
        assert isinstance(emulation.device, EmulatedServoBus)
        self.device = emulation.device

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.packets, name)
        return lambda *given: method(self.port, *given)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the emulator's thread time beside SDKs that spin while they wait."""
    for sdk in (scs, dxl):
        monkeypatch.setattr(sdk.port_handler, "LATENCY_TIMER", 60)
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def sts() -> Iterator[Client]:
    with emulate("so101") as emulation:
        client = Client(scs, emulation)
        yield client
        client.port.closePort()


@pytest.fixture
def x() -> Iterator[Client]:
    with emulate("openmanipulator_x") as emulation:
        client = Client(dxl, emulation)
        yield client
        client.port.closePort()


def test_feetech_pings_and_nobody_answers_for_another(sts: Client) -> None:
    assert sts.ping(3) == (777, scs.COMM_SUCCESS, 0)
    assert sts.ping(9)[1] == scs.COMM_RX_TIMEOUT


def test_feetech_sync_read_and_sync_write(sts: Client) -> None:
    write = scs.GroupSyncWrite(sts.port, sts.packets, 42, 2)
    read = scs.GroupSyncRead(sts.port, sts.packets, 42, 2)
    for id_ in IDS:
        assert write.addParam(id_, [(2000 + id_) & 0xFF, (2000 + id_) >> 8])
        assert read.addParam(id_)
    assert write.txPacket() == scs.COMM_SUCCESS
    assert read.txRxPacket() == scs.COMM_SUCCESS
    assert [read.getData(id_, 42, 2) for id_ in IDS] == [2000 + id_ for id_ in IDS]


def test_feetech_writes_are_answered_and_read_back(sts: Client) -> None:
    assert sts.write2ByteTxRx(2, 48, 321) == (scs.COMM_SUCCESS, 0)
    assert sts.read2ByteTxRx(2, 48) == (321, scs.COMM_SUCCESS, 0)
    sts.write2ByteTxRx(2, 56, 99)  # read-only: left as it is
    assert sts.read2ByteTxRx(2, 56)[0] == 2048


def test_feetech_registered_writes_wait_for_the_action(sts: Client) -> None:
    assert sts.regWriteTxRx(1, 42, 2, [0, 8]) == (scs.COMM_SUCCESS, 0)
    assert sts.read2ByteTxRx(1, 42)[0] == 2048
    assert sts.regWriteTxRx(1, 42, 2, [1, 8])[0] == scs.COMM_SUCCESS
    assert sts.action(scs.BROADCAST_ID) == scs.COMM_SUCCESS
    assert sts.read2ByteTxRx(1, 42)[0] == 2049


def test_feetech_sync_read_of_a_dead_servo_times_out(sts: Client) -> None:
    sts.device.kill("elbow_flex")
    read = scs.GroupSyncRead(sts.port, sts.packets, 56, 2)
    for id_ in IDS:
        read.addParam(id_)
    assert read.txRxPacket() in (scs.COMM_RX_TIMEOUT, scs.COMM_RX_CORRUPT)


def test_a_bit_turned_over_in_a_reply_is_the_sdk_s_own_error() -> None:
    with emulate("so101", seed=5) as emulation:
        client = Client(scs, emulation)
        emulation.to_host.faults = type(emulation.faults)(flip=1.0)
        results = {client.read2ByteTxRx(1, 56)[1] for _ in range(20)}
        client.port.closePort()
    assert results <= {scs.COMM_RX_CORRUPT, scs.COMM_RX_TIMEOUT}
    assert scs.COMM_RX_CORRUPT in results


def test_dynamixel_pings_one_and_all(x: Client) -> None:
    assert x.ping(12) == (1020, dxl.COMM_SUCCESS, 0)
    assert x.ping(1)[1] == dxl.COMM_RX_TIMEOUT
    found, result = x.broadcastPing()
    assert result == dxl.COMM_SUCCESS
    assert found == {id_: [1020, 45] for id_ in DXL_IDS}


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
def test_dynamixel_sync_read_and_sync_write(x: Client, fast: bool) -> None:
    write = dxl.GroupSyncWrite(x.port, x.packets, 116, 4)
    read = dxl.GroupSyncRead(x.port, x.packets, 116, 4)
    for id_ in DXL_IDS:
        assert write.addParam(id_, list((1900 + id_).to_bytes(4, "little")))
        assert read.addParam(id_)
    assert write.txPacket() == dxl.COMM_SUCCESS
    assert (read.fastSyncRead() if fast else read.txRxPacket()) == dxl.COMM_SUCCESS
    assert [read.getData(id_, 116, 4) for id_ in DXL_IDS] == [1900 + id_ for id_ in DXL_IDS]


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])
def test_dynamixel_bulk_read_and_bulk_write(x: Client, fast: bool) -> None:
    write = dxl.GroupBulkWrite(x.port, x.packets)
    assert write.addParam(11, 116, 4, list((2100).to_bytes(4, "little")))
    assert write.addParam(12, 98, 1, [50])
    assert write.txPacket() == dxl.COMM_SUCCESS
    read = dxl.GroupBulkRead(x.port, x.packets)
    assert read.addParam(11, 116, 4)
    assert read.addParam(12, 98, 1)
    assert (read.fastBulkRead() if fast else read.txRxPacket()) == dxl.COMM_SUCCESS
    assert read.getData(11, 116, 4) == 2100
    assert read.getData(12, 98, 1) == 50


@pytest.mark.parametrize(
    ("address", "size", "value", "error"),
    [
        (132, 4, 1, dxl.protocol2_packet_handler.ERRNUM_ACCESS),  # read-only
        (116, 4, 4095, dxl.protocol2_packet_handler.ERRNUM_DATA_LIMIT),  # beyond its limits
        (64, 1, 3, dxl.protocol2_packet_handler.ERRNUM_DATA_RANGE),
        (116, 2, 1, dxl.protocol2_packet_handler.ERRNUM_DATA_LENGTH),
        (11, 1, 3, 0),  # EEPROM, torque off
    ],
)
def test_dynamixel_refuses_what_cannot_be_written(
    x: Client, address: int, size: int, value: int, error: int
) -> None:
    data = list(value.to_bytes(size, "little"))
    assert x.writeTxRx(12, address, size, data) == (dxl.COMM_SUCCESS, error)


def test_dynamixel_eeprom_is_locked_by_torque(x: Client) -> None:
    x.write1ByteTxRx(12, 64, 1)
    access = dxl.protocol2_packet_handler.ERRNUM_ACCESS
    assert x.write1ByteTxRx(12, 11, 3) == (dxl.COMM_SUCCESS, access)


def test_dynamixel_registered_writes_and_reboot(x: Client) -> None:
    assert x.regWriteTxRx(11, 116, 4, list((2060).to_bytes(4, "little")))[0] == dxl.COMM_SUCCESS
    assert x.read1ByteTxRx(11, 69)[0] == 1
    # to all: the SDK leaves the answer of a single servo on the line, as the next one's
    assert x.action(dxl.BROADCAST_ID) == dxl.COMM_SUCCESS
    assert x.read4ByteTxRx(11, 116)[0] == 2060
    assert x.reboot(11) == (dxl.COMM_SUCCESS, 0)
    assert x.read4ByteTxRx(11, 116)[0] == 2048


def test_dynamixel_status_level_decides_who_answers(x: Client) -> None:
    x.write1ByteTxRx(11, 68, 1)
    assert x.write1ByteTxRx(11, 65, 1)[0] == dxl.COMM_RX_TIMEOUT  # written, not answered
    assert x.read1ByteTxRx(11, 65) == (1, dxl.COMM_SUCCESS, 0)
    x.write1ByteTxRx(11, 68, 0)
    assert x.read1ByteTxRx(11, 65)[1] == dxl.COMM_RX_TIMEOUT
    assert x.ping(11)[1] == dxl.COMM_SUCCESS


def test_dynamixel_registers_that_look_like_a_header_are_stuffed(x: Client) -> None:
    for place, byte in enumerate(b"\xff\xff\xfd\xff\xff\xfd\xfd"):
        assert x.write1ByteTxRx(11, 224 + place, byte)[0] == dxl.COMM_SUCCESS
    data, result, error = x.readTxRx(11, 224, 7)
    assert (bytes(data), result, error) == (b"\xff\xff\xfd\xff\xff\xfd\xfd", dxl.COMM_SUCCESS, 0)
