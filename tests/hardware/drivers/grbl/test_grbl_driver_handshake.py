"""Who is at the other end of the line, whether it is set up as described, and homing it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from helmsight.hardware.drivers.grbl import Grbl
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import (
    HeldAtMachine,
    InvalidSpec,
    NoReply,
    RobotStopped,
    SetupNeeded,
    WrongProtocol,
)
from helmsight.hardware.robot import JointTargets, Mode
from helmsight.hardware.spec import load_spec, parse_spec, shipped
from helmsight.hardware.wire.grbl_codes import HomingFailApproach, HomingRequired

if TYPE_CHECKING:
    from tests.hardware.drivers.grbl.conftest import Benches

pytestmark = pytest.mark.serial


# -- connecting -------------------------------------------------------------------------------


@pytest.mark.parametrize(("flavour", "room"), [("grbl", 127), ("grblhal", 1023)])
def test_connect_tells_the_firmware_and_moves_nothing(
    bench: Benches, flavour: str, room: int
) -> None:
    robot, device, _ = bench(flavour=flavour)
    state = robot.connect()
    assert state.positions == bench.near(bench.here)
    assert (state.mode, state.faults, state.tool) == (Mode.ready, (), False)
    assert robot.build is not None
    assert (robot.build.firmware, robot.build.room) == (flavour, room)
    assert device.journal == []


class Plain(GrblController):
    """A controller that knows neither `$G` nor `$`: small ones refuse them."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        for line in (b"\n$G\n", b"\n$\n"):
            data = data.replace(line, b"\n$Q\n")
        return super().receive(data, now)


def test_a_controller_without_parser_state_moves_too(bench: Benches) -> None:
    spec = load_spec("gantry")
    device = Plain(spec)
    device.lose_home()  # to where the switches are: the way home is short
    device.planner.position, device.astray = (0.0, 0.0, 0.0), (-2.0, -2.0, -2.0)
    with Emulation(device) as emulation, Grbl(spec, emulation.port) as robot:
        assert not robot.is_homed  # it cannot be proved without parser state either
        robot.home()
        robot.move(JointTargets((0.275, 0.165, 0.036)))
        robot.stop()
        robot.reset()
        there = (0.274, 0.165, 0.036)
        assert robot.move(JointTargets(there)).positions == bench.near(there)


def test_another_firmware_than_the_description_names_is_told(bench: Benches) -> None:
    robot, _, _ = bench(flavour="grbl", spec=bench.described(firmware='"grblhal"'))
    with pytest.raises(WrongProtocol, match=r"expected grblhal, seen grbl 1\.1h"):
        robot.connect()


class Stranger(Device):
    """Speaks something else, or nothing."""

    words = b""

    def opened(self, now: float) -> list[bytes]:
        return [self.words] if self.words else []

    def receive(self, data: bytes, now: float) -> list[bytes]:
        return [self.words] if self.words else []


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (b"", "nothing at all"),
        (b"start\r\necho:Marlin 2.1.2\r\n", "Marlin"),
        (b"\xff\xff\x01\x02\x00\xfc", "servo bus"),
        (b"hello there\r\n", "hello there"),
    ],
)
def test_what_is_no_grbl_is_told_with_what_was_seen(
    bench: Benches, words: bytes, seen: str
) -> None:
    spec = bench.described(boot_s="0.4")
    stranger = Stranger(spec)
    stranger.words = words
    with Emulation(stranger) as emulation:
        robot = Grbl(spec, emulation.port)
        with pytest.raises(WrongProtocol, match=seen):
            robot.connect()
        assert not robot.link.is_open


class WholeLines(Device):
    """Says nothing before a line has ended, and nothing when its port is opened."""

    words = b'!! Unknown command:"???"\r\n'

    def receive(self, data: bytes, now: float) -> list[bytes]:
        return [self.words] if b"\n" in data else []


def test_what_answers_whole_lines_only_is_told_with_what_it_says(bench: Benches) -> None:
    spec = bench.described(boot_s="0.4")
    with Emulation(WholeLines(spec)) as emulation, pytest.raises(WrongProtocol, match="Klipper"):
        Grbl(spec, emulation.port).connect()


@pytest.mark.parametrize(
    ("number", "value", "said"),
    [
        (20, 0.0, r"\$20 \(soft limits\) is 0, expected 1: send \$20=1"),
        (22, 0.0, r"send \$22=1"),
        (13, 1.0, r"\$13 \(report in mm\) is 1, expected 0: send \$13=0"),
        (1, 25.0, r"send \$1=255"),
        (110, 6000.0, r"\$110 .*is 6000, expected 1800: send \$110=1800"),
        (121, 10.0, r"\$121 .*send \$121=600"),
        (132, 30.0, r"\$132 \(travel of z, mm\) is 30, expected 40: send \$132=40"),
    ],
)
def test_a_controller_that_is_not_set_up_as_described_is_told_which_line_mends_it(
    bench: Benches, number: int, value: float, said: str
) -> None:
    robot, device, _ = bench()
    device.settings[number] = value
    with pytest.raises(SetupNeeded, match=said):
        robot.connect()


def test_every_setting_that_differs_is_told_at_once(bench: Benches) -> None:
    robot, device, _ = bench()
    device.settings.update({20: 0.0, 111: 1.0})
    with pytest.raises(SetupNeeded) as told:
        robot.connect()
    assert "$20=1" in str(told.value)
    assert "$111=1800" in str(told.value)


def test_a_joint_beyond_machine_zero_is_told_by_its_origin(bench: Benches) -> None:
    text = shipped()["gantry"].read_text(encoding="utf-8").replace("-280.0", "-180.0")
    robot, device, _ = bench(spec=parse_spec(text))
    device.settings[130] = 300.0
    with pytest.raises(SetupNeeded, match="mend its origin_mm"):
        robot.connect()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("origin_mm = -280.0", "origin = -280.0"), "unknown key"),
        (("device = { origin_mm = -280.0 }", ""), "origin_mm: missing"),
        (("\non = ", "\none = "), "device.one: unknown key"),
        (('"prismatic"', '"revolute"'), "prismatic joints only"),
    ],
)
def test_device_tables_are_checked_before_anything_opens(
    change: tuple[str, str], said: str
) -> None:
    text = shipped()["gantry"].read_text(encoding="utf-8").replace(*change, 1)
    with pytest.raises(InvalidSpec, match=said):
        Grbl(parse_spec(text), "nowhere")


def test_a_machine_that_another_program_left_moving_is_brought_to_rest(bench: Benches) -> None:
    robot, device, emulation = bench()
    robot.link.open()
    robot.link.write(b"\nG1X-10F1800\n")
    bench.until(lambda: device.state == "Run")
    robot.link.close()
    state = robot.connect()
    assert state.standing
    assert state.mode == Mode.stopped  # somebody's program is held, not thrown away
    assert "another program moves it" in state.faults[0]
    assert emulation.device.positions[0] < 0.2
    with pytest.raises(HeldAtMachine):
        robot.move(JointTargets(bench.here))
    assert robot.reset().standing
    assert device.planner.blocks == 0


# -- homing -----------------------------------------------------------------------------------


def test_a_machine_that_is_not_homed_says_so_refuses_to_move_and_moves_nothing_by_itself(
    bench: Benches,
) -> None:
    robot, device, _ = bench(homed=False)
    state = robot.connect()
    assert state.mode == Mode.alarm
    assert "call home()" in state.faults[0]
    assert not robot.is_homed
    with pytest.raises(HomingRequired, match=r"call home\(\)"):
        robot.move(JointTargets(bench.here))
    assert robot.reset().mode == Mode.alarm
    assert device.journal == []


def test_home_drives_to_the_switches_and_then_it_may_move(bench: Benches) -> None:
    robot, device, _ = bench(homed=False)
    device.planner.position, device.astray = (0.0, 0.0, 0.0), (-5.0, -4.0, -3.0)
    robot.connect()
    assert robot.home().positions == bench.near((0.279, 0.169, 0.039))
    assert robot.is_homed
    robot.move(JointTargets((0.277, 0.167, 0.038)))
    bench.until(lambda: robot.state().standing)
    assert device.positions == bench.near((0.277, 0.167, 0.038))


def test_a_switch_that_is_not_found_is_a_named_alarm(bench: Benches) -> None:
    robot, device, _ = bench()
    device.broken_switch = True
    robot.connect()
    with pytest.raises(HomingFailApproach):
        robot.home()
    bench.until(lambda: robot.state().mode == Mode.alarm)
    assert not robot.is_homed


def test_a_stop_goes_before_homing(bench: Benches) -> None:
    robot, device, _ = bench()
    robot.connect()
    raised: list[BaseException] = []

    def home() -> None:
        try:
            robot.home()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=home)
    thread.start()
    bench.until(lambda: device.state == "Home" and not device.standing)
    robot.stop(within_s=3.0)
    assert device.standing
    thread.join(600.0)
    assert isinstance(raised[0], NoReply | RobotStopped | HomingRequired)
