"""What answers at a port is told apart without doing anything to it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.discovery import find_cameras, find_ports
from helmsight.hardware.emulators import emulate, make_device
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.emulators.tcp import tcp
from helmsight.hardware.errors import LinkLost
from helmsight.hardware.link import SerialLink
from helmsight.hardware.probes import Probe, probes
from helmsight.hardware.spec import load_spec, shipped

PROBES = list(probes())


def asked(device: Device, probe: Probe) -> bytes:
    """Return what an emulated device answers to a probe within a tenth of a second."""
    start = (device._now or 0.0) + 1.0
    device.tick(start)
    said = device.receive(probe.query, start)
    for step in range(50):
        said += device.tick(start + 0.002 * (step + 1))
    return b"".join(said)


@pytest.mark.parametrize("robot", sorted(shipped()))
def test_every_device_answers_its_own_probe_only_and_does_nothing_else(robot: str) -> None:
    device = make_device(robot)
    before = device.positions
    answered = {
        probe.driver: probe.robots for probe in PROBES if probe.recognise(asked(device, probe))
    }
    assert set(answered) == {load_spec(robot).driver}
    assert robot in answered[load_spec(robot).driver]
    assert device.journal == []
    assert device.positions == before


def test_text_is_asked_before_packets() -> None:
    """Bytes from 0x80 on are commands to grbl."""
    first_packet = next(i for i, probe in enumerate(PROBES) if max(probe.query) >= 0x80)
    last_text = max(i for i, probe in enumerate(PROBES) if max(probe.query) < 0x80)
    assert last_text < first_packet


@given(st.binary(max_size=300))
def test_noise_is_no_answer_and_breaks_nothing(data: bytes) -> None:
    for probe in PROBES:
        assert isinstance(probe.recognise(data), str)
    assert not any(probe.recognise(bytes(len(data))) for probe in PROBES)


@pytest.mark.serial
@pytest.mark.parametrize("robot", ["community_arm", "gantry", "helm_arm", "marlin_arm", "so101"])
def test_a_port_is_reported_with_what_answers_there(robot: str) -> None:
    with emulate(robot) as emulation:
        (report,) = [one for one in find_ports([emulation.port]) if one.port == emulation.port]
        assert emulation.device.journal == []
    assert report.status == "answers"
    assert report.driver == load_spec(robot).driver
    assert robot in report.robots
    assert report.seen


@pytest.mark.slow
def test_a_device_on_a_tcp_address_is_found_and_comes_back_after_an_unplug() -> None:
    with Emulation(make_device("helm_arm"), wire=tcp("127.0.0.1:0")) as emulation:
        assert emulation.port.startswith("socket://127.0.0.1:")
        link = SerialLink(emulation.port, 115200)
        link.open()
        emulation.unplug(0.05)
        with pytest.raises(LinkLost):
            use(link)
        link.reopen(10.0)
        link.close()
        report = find_ports([emulation.port])[-1]
        assert (report.status, report.driver) == ("answers", "helm")


def use(link: SerialLink) -> None:
    """Talk for five seconds, or until the port is lost."""
    for _ in range(500):
        link.write(b"\x00")
        link.read(0.01)


@contextmanager
def pty_that(serve: Callable[[int], None]) -> Iterator[str]:
    """Give a pseudo-terminal whose other end does as `serve` says, until it is closed."""
    import pty
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    thread = threading.Thread(target=serve, args=(master,), daemon=True)
    thread.start()
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


def babble(master: int) -> None:
    try:
        while os.read(master, 100):
            os.write(master, b"Hello from Marlin\n")
    except OSError:
        pass


@pytest.mark.serial
def test_a_silent_port_and_one_that_speaks_otherwise_are_told_apart() -> None:
    with pty_that(lambda master: None) as silent, pty_that(babble) as other:
        status = {one.port: one for one in find_ports([silent, other])}
    assert status[silent].status == "silent"
    assert status[other].status == "unknown"
    assert "Hello from Marlin" in status[other].seen


@pytest.mark.serial
def test_a_busy_port_is_busy_and_stays_with_its_owner() -> None:
    with emulate("helm_arm") as emulation:
        link = SerialLink(emulation.port, 115200)
        link.open()
        (report,) = [one for one in find_ports([emulation.port]) if one.port == emulation.port]
        link.close()
    assert report.status == "busy"
    assert "Close that one" in report.seen


@pytest.mark.slow
def test_a_port_that_is_not_there_is_not_there(tmp_path: Path) -> None:
    report = find_ports([str(tmp_path / "gone")])[-1]
    assert report.status == "not there"
    assert "cable" in report.seen


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_port_without_permission_says_which_group_to_join(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "ttyX"
    node.touch()

    def refuse(path: object, *rest: object, **options: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    # not the mode of a file: tests run as root, whom no mode stops
    monkeypatch.setattr("serial.serialposix.os", SimpleNamespace(**vars(os) | {"open": refuse}))
    report = find_ports([str(node)])[-1]
    assert report.status == "no permission"
    assert "dialout" in report.seen


@pytest.mark.serial
def test_without_probing_nothing_is_opened() -> None:
    with emulate("helm_arm") as emulation:
        report = find_ports([emulation.port], probe=False)[-1]
        assert emulation.to_device.size == 0
    assert report.status == "not probed"


def test_cameras_that_are_listed_say_what_they_show() -> None:
    for report in find_cameras():
        assert report.ok == (report.size is not None)
        assert report.seen
