"""The firmware in real time, behind a port: its pins when the host dies or the cable goes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.drivers.helm import Helm
from helmsight.hardware.emulators.simavr import Event, Simavr
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.spec import load_spec

SPEC = load_spec("helm_arm")
US = 1.0
BEAT_S = 0.02
SLACK_S = 0.01  # the byte on the line, the beat that was under way
HOST = """
import sys, time
from helmsight.hardware.drivers.helm import Helm
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.spec import load_spec
robot = Helm(load_spec("helm_arm"), sys.argv[1])
robot.connect()
robot.move(JointTargets((1.4, 0.0, 1.5, 0.0, 0.1), 2.0))
print("moving", flush=True)
while True:
    robot.state()
    time.sleep(0.02)
"""


@pytest.fixture
def rig() -> Iterator[Simavr]:
    with Simavr(trace=True) as rig:
        yield rig


@pytest.fixture
def host(rig: Simavr) -> Iterator[subprocess.Popen[str]]:
    """Return a host program of its own process that has just begun a motion of 2 s."""
    command = [sys.executable, "-c", HOST, rig.port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "moving\n"
        yield process
        process.kill()


def after_silence(rig: Simavr) -> tuple[list[Event], float]:
    """Wait for a second of silence on the board's clock; return the trace and the last byte's s."""
    deadline = time.monotonic() + 600.0
    while True:
        events = rig.trace()
        heard = max(event.at_s for event in events if event.kind == "rx")
        if events[-1].at_s > heard + 1.0:
            return events, heard
        assert time.monotonic() < deadline, "the board's clock stands still"
        time.sleep(0.05)


def last_change(events: list[Event], channel: int = 0) -> float:
    """Return when the last pulse began that differs from the one before it, s."""
    pulses = [e for e in events if e.kind == "pulse" and e.channel == channel]
    return max(
        after.at_s - 1e-6 * after.width_us
        for before, after in pairwise(pulses)
        if abs(after.width_us - before.width_us) > US
    )


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_the_pins_stand_soon_after_the_host_is_gone(
    rig: Simavr, host: subprocess.Popen[str], blow: signal.Signals
) -> None:
    """On the board's clock, from the last byte it heard."""
    time.sleep(0.2)
    os.kill(host.pid, blow)
    events, heard = after_silence(rig)
    moved = last_change(events)
    assert Helm.watchdog_s - 2 * BEAT_S < moved - heard < Helm.watchdog_s + BEAT_S + SLACK_S
    assert [e for e in events if e.kind == "pulse"][-1].at_s > moved + 0.3, "still held"
    if blow == signal.SIGKILL:
        with Helm(SPEC, rig.port) as robot:
            state = robot.state()
            assert state.mode == Mode.held
            assert state.details["watchdog_trips"] == 1.0
            assert 0.0 < state.positions[0] < 1.3


def test_pulled_cable_ends_the_motion_too(rig: Simavr) -> None:
    robot = Helm(SPEC, rig.port)
    robot.connect()
    robot.move(JointTargets((1.4, 0.0, 1.5, 0.0, 0.1), 2.0))
    rig.unplug(30.0)
    events, heard = after_silence(rig)
    assert not Path(rig.port).is_symlink()
    assert last_change(events) - heard < Helm.watchdog_s + BEAT_S + SLACK_S
    robot.link.close()


def test_the_clock_of_the_board_is_that_of_its_host(rig: Simavr) -> None:
    with Helm(SPEC, rig.port) as robot:
        first = time.monotonic()
        before = robot.state()
        began = time.monotonic()
        time.sleep(1.0)
        ended = time.monotonic()
        after = robot.state()
        last = time.monotonic()
    board = after.details["uptime_s"] - before.details["uptime_s"]
    lost = sum(event.kind == "slip" for event in rig.trace())
    assert board < last - first + 2 * BEAT_S
    assert lost or board > ended - began - 0.1


def test_pulses_are_those_that_the_driver_says_it_sent(rig: Simavr) -> None:
    target = (0.4, -0.3, 1.1, 0.7, 0.6)
    with Helm(SPEC, rig.port) as robot:
        sent = robot.move(JointTargets(target, 0.3))
        while robot.state().mode == Mode.moving:
            time.sleep(0.02)
        time.sleep(0.1)
        last = {e.channel: e.width_us for e in rig.trace() if e.kind == "pulse"}
    assert set(last) == {joint.device["channel"] for joint in SPEC.joint}
    for joint, position in zip(SPEC.joint, sent.positions, strict=True):
        device = joint.device
        width = device["zero_us"] + device.get("sign", 1) * device["us_per_rad"] * position
        assert last[device["channel"]] == pytest.approx(width, abs=US)


def test_the_emulator_ends_with_its_owner(rig: Simavr) -> None:
    pid = rig.pid
    rig.close()
    assert not Path(rig.port).is_symlink()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_file_that_is_no_link_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InvalidOption, match="is there already"):
        Simavr(path)
    assert path.read_text(encoding="utf-8") == "mine"


def runs(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"  # ended, and nobody has asked how


def test_the_emulator_does_not_outlive_a_killed_owner() -> None:
    code = (
        "import time; from helmsight.hardware.emulators.simavr import Simavr\n"
        "rig = Simavr(); print(rig.pid, rig.port, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid, port = owner.stdout.readline().split()
        owner.kill()
    deadline = time.monotonic() + 600.0
    while runs(pid) or Path(port).is_symlink():
        assert time.monotonic() < deadline, "the emulator is still there"
        time.sleep(0.01)
    shutil.rmtree(Path(port).parent)
