"""The grbl driver on the emulated controller, over a real device node."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from hardware.drivers.grbl import Grbl
from hardware.drivers.grbl_course import Axes, Course, distance_to
from hardware.emulators.device import Device
from hardware.emulators.grbl import GrblController
from hardware.emulators.serve import Emulation
from hardware.errors import (
    CommandRefused,
    InvalidSpec,
    LinkRecovered,
    NoReply,
    RobotStopped,
    SetupNeeded,
    TargetRefused,
    WrongProtocol,
)
from hardware.robot import JointTargets, Mode, Twist
from hardware.spec import RobotSpec, load_spec, parse_spec, shipped
from hardware.wire.grbl_codes import (
    AbortDuringCycle,
    HardLimit,
    HomingFailApproach,
    HomingRequired,
    SoftLimit,
)

pytestmark = pytest.mark.serial
HERE = (0.14, 0.085, 0.02)
Bench = tuple[Grbl, GrblController, Emulation]


def described(**device: str) -> RobotSpec:
    """Return the gantry with other keys in its device table."""
    text = shipped()["gantry"].read_text(encoding="utf-8")
    text += "".join(f"{key} = {value}\n" for key, value in device.items())
    return parse_spec(text)


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:

        def make(
            *, faults: str = "", spec: RobotSpec | None = None, seed: int = 0, **options: Any
        ) -> Bench:
            spec = spec or load_spec("gantry")
            device = GrblController(spec, **options)
            emulation = stack.enter_context(Emulation(device, faults=faults, seed=seed))
            robot = Grbl(spec, emulation.port)
            stack.callback(robot.link.close)
            return robot, device, emulation

        yield make


def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def keep_moving(robot: Grbl) -> None:
    for turn in range(1000):
        robot.move(JointTargets((0.14 + 0.005 * (turn % 2), 0.085, 0.02)))


def near(position: tuple[float, ...], metres: float = 1e-4) -> Any:
    return pytest.approx(position, abs=metres)


# -- connecting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("flavour", "room"), [("grbl", 127), ("grblhal", 1023)])
def test_connect_tells_the_firmware_and_moves_nothing(
    bench: Callable[..., Bench], flavour: str, room: int
) -> None:
    robot, device, _ = bench(flavour=flavour)
    state = robot.connect()
    assert state.positions == near(HERE)
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


def test_a_controller_without_parser_state_moves_too() -> None:
    spec = load_spec("gantry")
    with Emulation(Plain(spec)) as emulation, Grbl(spec, emulation.port) as robot:
        robot.move(JointTargets((0.145, 0.085, 0.02)))
        robot.stop()
        robot.reset()
        assert robot.move(JointTargets(HERE)).positions == near(HERE)


def test_another_firmware_than_the_description_names_is_told(bench: Callable[..., Bench]) -> None:
    robot, _, _ = bench(flavour="grbl", spec=described(firmware='"grblhal"'))
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
def test_what_is_no_grbl_is_told_with_what_was_seen(words: bytes, seen: str) -> None:
    spec = described(boot_s="0.4")
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


def test_what_answers_whole_lines_only_is_told_with_what_it_says() -> None:
    spec = described(boot_s="0.4")
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
    bench: Callable[..., Bench], number: int, value: float, said: str
) -> None:
    robot, device, _ = bench()
    device.settings[number] = value
    with pytest.raises(SetupNeeded, match=said):
        robot.connect()


def test_every_setting_that_differs_is_told_at_once(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    device.settings.update({20: 0.0, 111: 1.0})
    with pytest.raises(SetupNeeded) as told:
        robot.connect()
    assert "$20=1" in str(told.value)
    assert "$111=1800" in str(told.value)


def test_a_joint_beyond_machine_zero_is_told_by_its_origin(bench: Callable[..., Bench]) -> None:
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


def test_a_machine_that_another_program_left_moving_is_brought_to_rest(
    bench: Callable[..., Bench],
) -> None:
    robot, device, emulation = bench()
    robot.link.open()
    robot.link.write(b"\nG1X-10F1800\n")
    until(lambda: device.state == "Run")
    robot.link.close()
    state = robot.connect()
    assert state.standing
    assert state.mode == Mode.ready
    assert emulation.device.positions[0] < 0.2


# -- homing -------------------------------------------------------------------------------------


def test_a_machine_that_is_not_homed_says_so_refuses_to_move_and_moves_nothing_by_itself(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench(homed=False)
    state = robot.connect()
    assert state.mode == Mode.alarm
    assert "call home()" in state.faults[0]
    assert robot.needs_homing
    with pytest.raises(HomingRequired, match=r"call home\(\)"):
        robot.move(JointTargets(HERE))
    assert robot.reset().mode == Mode.alarm
    assert device.journal == []


def test_home_drives_to_the_switches_and_then_it_may_move(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench(homed=False)
    device.planner.position, device.astray = (0.0, 0.0, 0.0), (-5.0, -4.0, -3.0)
    robot.connect()
    assert robot.home().positions == near((0.279, 0.169, 0.039))
    assert not robot.needs_homing
    robot.move(JointTargets((0.277, 0.167, 0.038)))
    until(lambda: robot.state().standing)
    assert device.positions == near((0.277, 0.167, 0.038))


def test_a_switch_that_is_not_found_is_a_named_alarm(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    device.broken_switch = True
    robot.connect()
    with pytest.raises(HomingFailApproach):
        robot.home()
    until(lambda: robot.state().mode == Mode.alarm)
    assert robot.needs_homing


def test_a_stop_goes_before_homing(bench: Callable[..., Bench]) -> None:
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
    until(lambda: device.state == "Home" and not device.standing)
    robot.stop(within_s=3.0)
    assert device.standing
    thread.join(5.0)
    assert isinstance(raised[0], NoReply | RobotStopped | HomingRequired)


# -- moving -------------------------------------------------------------------------------------


def test_a_move_arrives_in_the_time_it_was_given(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    robot.connect()
    goal = (0.145, 0.087, 0.021)
    sent = robot.move(JointTargets(goal, duration_s=0.4))
    assert sent.positions == near(goal, 1e-6)
    assert (sent.duration_s, sent.notes) == (0.4, ())
    until(lambda: robot.state().standing)
    assert device.positions == near(goal)


def test_a_far_target_is_cut_to_what_the_horizon_allows(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    robot.connect()
    sent = robot.move(JointTargets((0.28, 0.085, 0.02), duration_s=5.0))
    assert sent.duration_s == robot.spec.limits.horizon_s
    # rest to rest in 0.5 s at 0.03 m/s with 0.6 m/s^2: 0.03 * (0.5 - 0.05) m
    assert sent.positions[0] == pytest.approx(0.14 + 0.0135, abs=1e-5)
    assert "cut by" in sent.notes[0]
    until(lambda: robot.state().standing)
    assert device.positions == near(sent.positions)


def test_a_stream_of_twists_never_stops_on_its_way_and_ends_within_the_horizon(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    for _ in range(8):
        robot.move(Twist((0.01, 0.0, 0.0), duration_s=0.4))
        time.sleep(0.1)
    kinds = [entry.kind for entry in device.journal]
    assert kinds == ["move"] * len(kinds)
    assert len(kinds) >= 6
    assert device.planner.blocks <= 7
    assert robot.state().velocities[0] == pytest.approx(0.01, rel=0.2)
    until(lambda: robot.state().standing)
    assert device.positions[1:] == near(HERE[1:])


def test_a_move_elsewhere_cancels_the_jog_under_way_so_that_nothing_queues_up(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.15, 0.085, 0.02)))
    time.sleep(0.1)
    robot.move(JointTargets((0.14, 0.09, 0.02)))
    assert [entry.kind for entry in device.journal] == ["move", "hold", "move"]
    assert device.planner.blocks == 1
    until(lambda: robot.state().standing)
    assert max(entry.positions[0] for entry in device.journal) < 0.151


def test_the_same_target_again_moves_nothing_twice(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    robot.connect()
    for _ in range(3):
        robot.move(JointTargets((0.142, 0.085, 0.02)))
    until(lambda: robot.state().standing)
    assert [entry.kind for entry in device.journal] == ["move"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.281, -0.001])
def test_impossible_targets_are_refused_before_the_wire(
    bench: Callable[..., Bench], bad: float
) -> None:
    robot, device, _ = bench()
    robot.connect()
    before = robot.link.counters.bytes_out
    with pytest.raises(TargetRefused):
        robot.move(JointTargets((bad, 0.085, 0.02)))
    assert robot.link.counters.bytes_out == before
    assert device.journal == []


def test_the_tool_is_switched_and_read_back(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    robot.connect()
    for bit in (True, True, False):
        robot.move(JointTargets((0.141, 0.085, 0.02), tool=bit))
        assert robot.state().tool is bit
        assert (device.spindle[0] == 3) is bit
    assert [entry.kind for entry in device.journal].count("tool") == 2


def test_hold_ends_a_move_and_a_move_works_again(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    time.sleep(0.1)
    robot.hold()
    assert device.standing
    assert device.positions[0] < 0.15
    robot.move(JointTargets((0.139, 0.085, 0.02)))
    until(lambda: robot.state().standing)
    assert device.positions == near((0.139, 0.085, 0.02))


# -- stopping -----------------------------------------------------------------------------------


def test_a_stop_while_moving_is_confirmed_latched_in_the_device_and_keeps_the_position(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    time.sleep(0.15)
    report = robot.stop()
    assert device.standing
    assert report.state.mode == Mode.stopped
    assert device.state == "Hold"
    with pytest.raises(RobotStopped):
        robot.move(JointTargets(HERE))
    assert robot.reset().mode == Mode.ready
    assert device.astray == (0.0, 0.0, 0.0)
    robot.move(JointTargets(HERE, duration_s=0.5))
    until(lambda: robot.state().standing)


def test_a_stop_from_another_thread_goes_before_the_moves_and_nothing_moves_after_it(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    ended: list[BaseException] = []

    def mover() -> None:
        try:
            keep_moving(robot)
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=mover)
    thread.start()
    time.sleep(0.2)
    robot.stop()
    place = device.positions
    thread.join(2.0)
    time.sleep(0.2)
    assert isinstance(ended[0], RobotStopped | NoReply)
    assert device.positions == place
    robot.reset()
    time.sleep(0.1)
    assert device.positions == place


def test_a_stop_that_braking_does_not_answer_ends_in_a_reset(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"$J=G53X-10F600\n")
    until(lambda: device.state == "Jog")
    device._hold = lambda *, cancel: None  # type: ignore[method-assign]
    robot.stop(within_s=2.0)
    assert device.standing
    assert robot.channel.alarm == 3
    assert robot.needs_homing


def test_closing_holds_and_a_release_puts_it_to_sleep(bench: Callable[..., Bench]) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    robot.close()
    assert device.standing
    assert device.state == "Idle"
    text = shipped()["gantry"].read_text(encoding="utf-8")
    text = text.replace('on_close = "hold"', 'on_close = "release"')
    robot, device, _ = bench(spec=parse_spec(text))
    robot.connect()
    robot.close()
    assert device.state == "Sleep"
    state = robot.connect()
    assert state.mode == Mode.alarm


# -- alarms and both traps ------------------------------------------------------------------------


def test_a_limit_switch_raises_its_named_alarm_through_the_reset_trap(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.153, 0.085, 0.02)))
    device.trip("X")
    until(lambda: device._deaf)
    until(lambda: robot_state(robot) == Mode.alarm)
    state = robot.state()
    assert "hard limit" in state.faults[0]
    assert "limit switch pressed: X" in state.faults[-1]
    with pytest.raises(HardLimit, match=r"call home\(\)") as raised:
        robot.move(JointTargets(HERE))
    assert raised.value.code == 1
    assert robot.reset().mode == Mode.alarm
    assert robot.needs_homing


def robot_state(robot: Grbl) -> Mode | None:
    try:
        return robot.state().mode
    except NoReply:
        return None


def test_a_soft_limit_keeps_the_position_and_reset_unlocks_it(bench: Callable[..., Bench]) -> None:
    robot, _, _ = bench()
    robot.connect()
    robot.link.write(b"G0X-900\n")
    until(lambda: robot_state(robot) == Mode.alarm)
    with pytest.raises(SoftLimit, match=r"call reset\(\)"):
        robot.move(JointTargets(HERE))
    assert robot.reset().mode == Mode.ready
    robot.move(JointTargets((0.141, 0.085, 0.02)))


def test_a_reset_while_moving_is_told_and_unlocked_only_at_the_operators_risk(
    bench: Callable[..., Bench],
) -> None:
    for unlock, mode in (("safe", Mode.alarm), ("any", Mode.ready)):
        robot, _, _ = bench(spec=described(unlock=f'"{unlock}"'))
        robot.connect()
        robot.move(JointTargets((0.153, 0.085, 0.02)))
        robot.link.write(b"\x18")
        until(lambda robot=robot: robot_state(robot) == Mode.alarm)
        with pytest.raises(AbortDuringCycle):
            robot.move(JointTargets(HERE))
        assert robot.reset().mode == mode


def test_an_alarm_of_before_that_keeps_it_silent_is_ended_at_connect(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench(spec=described(boot_s="1.0"))
    robot.link.open()
    robot.link.write(b"G0X-900\n")
    until(lambda: device._critical)
    robot.link.close()
    assert robot.connect().mode == Mode.alarm


def test_overrides_that_noise_has_changed_are_told_and_set_back(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"\x91\x96\x9b")
    until(lambda: device.overrides == [110, 50, 90])
    told = [fault for _ in range(12) for fault in robot.state().faults]
    assert "overrides were (110, 50, 90)" in told[0]
    assert device.overrides == [100, 100, 100]
    assert robot.link.counters.bad_frames >= 1


def test_a_controller_that_restarts_by_itself_is_noticed(bench: Callable[..., Bench]) -> None:
    robot, _, _ = bench()
    robot.connect()
    robot.link.write(b"\x18")
    time.sleep(0.05)
    assert "restarted by itself" in robot.state().faults[0]
    assert robot.state().faults == ()


# -- a line without a checksum --------------------------------------------------------------------


def test_a_damaged_command_that_is_still_one_is_noticed_and_halted(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.move(JointTargets((0.141, 0.085, 0.02), duration_s=0.1))
    robot.link.write(b"$J=G53X-100Y-60F1800\n")  # what a flipped bit could have made of it
    faults: list[str] = []
    until(lambda: faults.extend(robot.state().faults) or faults)
    assert "off course" in faults[0]
    until(lambda: device.standing)
    assert device.positions[0] < 0.16


def test_a_move_that_was_acknowledged_but_swallowed_is_sent_again(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b";")  # what a flipped bit makes of a '?': the next line is a comment
    sent = robot.move(JointTargets((0.145, 0.085, 0.02)))
    assert sent.attempts == 2
    until(lambda: robot.state().standing)
    assert device.positions == near((0.145, 0.085, 0.02))


def test_a_lost_answer_does_not_pass_for_that_of_the_next_line(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    say, swallowed = device.say_line, []

    def mute(line: bytes) -> None:
        if line == b"ok" and not swallowed:
            swallowed.append(line)
        else:
            say(line)

    device.say_line = mute  # type: ignore[method-assign]
    sent = robot.move(JointTargets((0.145, 0.085, 0.02)))
    assert sent.attempts == 2
    assert swallowed
    assert robot.move(JointTargets((0.144, 0.085, 0.02))).attempts == 1
    assert robot.channel.outstanding == 0


@pytest.mark.slow
def test_sixty_moves_on_a_bad_line_are_all_answered_and_stay_inside(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench(faults="drop=0.01,flip=0.005:replies,delay=20ms:0.005", seed=3)
    robot.connect()
    reported, goal = 0, HERE
    for turn in range(60):
        wish = (0.14 + 0.0005 * (turn % 5), 0.085, 0.02 + 0.0005 * (turn % 3))
        try:
            goal = robot.move(JointTargets(wish, duration_s=0.1)).positions
        except (NoReply, CommandRefused):
            reported += 1
    assert reported <= 4
    assert device.outside == []
    until(lambda: robot_state(robot) == Mode.ready)
    assert device.positions == near(goal)


def test_an_unplug_during_a_move_is_told_the_robot_held_and_the_link_back_within_a_second(
    bench: Callable[..., Bench],
) -> None:
    robot, device, emulation = bench()
    robot.connect()
    emulation.unplug(0.2)
    with pytest.raises(LinkRecovered):
        keep_moving(robot)
    assert device.standing
    assert robot.link.counters.reconnects == 1
    assert robot.move(JointTargets(HERE)).attempts == 1


# -- streaming ------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", ["grbl", "grblhal"])
def test_a_thousand_lines_are_streamed_without_ever_overfilling_the_buffer(
    bench: Callable[..., Bench], flavour: str
) -> None:
    robot, device, _ = bench(flavour=flavour)
    robot.connect()
    fullest, seen = 0, []
    done = 0
    lines = [f"G1X{-139.99 + 0.01 * n:.3f}F1800" for n in range(1000)]
    for done in robot.channel.stream(lines, seen.append):  # noqa: B007
        fullest = max(fullest, robot.channel.outstanding)
    assert done == 1000
    assert device.lost_bytes == 0
    assert 100 < fullest <= robot.channel.room
    until(lambda: robot.state().standing)
    assert sum(entry.kind == "move" for entry in device.journal) == 1000
    assert all(report.state in ("Idle", "Run") for report in seen)


def test_streaming_ends_at_the_first_refusal_with_its_line_and_words(
    bench: Callable[..., Bench],
) -> None:
    robot, _, _ = bench()
    robot.connect()
    lines = ["G21", "G90", "G1X1Q5", *["G4P0"] * 50]
    with pytest.raises(CommandRefused, match=r"line 3: .*unsupported command") as raised:
        list(robot.channel.stream(lines))
    assert raised.value.code == 20
    assert robot.channel.ask("G4P0") == []


@pytest.mark.parametrize("line", ["G1X1\nG1X2", "G1 X1 é", "X" * 80, "G1\x85"])
def test_lines_that_are_not_plain_ascii_or_too_long_are_not_sent(
    bench: Callable[..., Bench], line: str
) -> None:
    robot, _, _ = bench()
    robot.connect()
    before = robot.link.counters.bytes_out
    with pytest.raises(CommandRefused, match="was not sent"):
        robot.channel.ask(line)
    assert robot.link.counters.bytes_out == before


# -- courses --------------------------------------------------------------------------------------


def test_feeds_are_chosen_so_that_a_way_takes_its_time() -> None:
    axes = Axes((30.0, 30.0, 12.0), (600.0, 600.0, 240.0))
    for way in ((3.0, 0.0, 0.0), (2.0, -2.0, 0.5), (0.0, 0.0, 1.0)):
        speed = axes.speed_for(way, 0.4)
        assert axes.takes(way, speed) == pytest.approx(0.4)
        for part, limit in zip(way, axes.speeds, strict=True):
            assert speed * abs(part) / math.hypot(*way) <= limit
    reach = axes.reach((1.0, 0.0, 0.0), 0.5)
    assert axes.takes((reach, 0.0, 0.0), 30.0) == pytest.approx(0.5)
    assert axes.reach((1.0, 0.0, 0.0), 0.05) == pytest.approx(600.0 * 0.05**2 / 4.0)


def test_a_course_knows_what_lies_on_it() -> None:
    course = Course((0.0, 0.0), (10.0, 0.0), 10.0, time.monotonic() + 1.0)
    bounds = {"tolerance": 0.1, "blend": 0.5, "slack_s": 0.5}
    assert course.fault((5.0, 0.3), at_rest=False, **bounds) == ""
    assert "off course" in course.fault((5.0, 1.0), at_rest=False, **bounds)
    assert "off course" in course.fault((11.0, 0.0), at_rest=False, **bounds)
    assert "before its target" in course.fault((9.0, 0.0), at_rest=True, **bounds)
    late = Course((0.0, 0.0), (10.0, 0.0), 10.0, time.monotonic() - 1.0)
    assert "still under way" in late.fault((5.0, 0.0), at_rest=False, **bounds)
    assert distance_to((3.0, 4.0), (0.0, 0.0), (0.0, 0.0)) == 5.0


def test_a_line_that_noise_has_left_open_is_never_carried_out_later(
    bench: Callable[..., Bench],
) -> None:
    robot, device, _ = bench()
    robot.connect()
    robot.link.write(b"$J=G53X-100F1800")  # its line end was lost
    robot.channel._lost = True
    assert robot.move(JointTargets((0.141, 0.085, 0.02))).attempts == 1
    until(lambda: robot.state().standing)
    assert len(device.journal) == 1
    assert device.positions == near((0.141, 0.085, 0.02))
