"""The driver of text-protocol arms against emulated ones: two shipped, one described here."""

from __future__ import annotations

import math
import threading
import time

import pytest

from helmsight.hardware.drivers.linearm import LineArm
from helmsight.hardware.drivers.linearm_way import legs
from helmsight.hardware.emulators.linearm import LineArmController
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.errors import (
    BadReply,
    CommandRefused,
    HeldAtMachine,
    LinkRecovered,
    NoReply,
    SetupNeeded,
    TargetRefused,
    WrongProtocol,
)
from helmsight.hardware.robot import JointTargets, Mode, Twist
from helmsight.hardware.spec import load_spec, parse_spec, shipped
from helmsight.hardware.wire.linearm import protocol_of

# An arm that nobody has written code for: prompt, echo, LF, targets that replace each other.
THIRD = """
[device]
dialect = "console"
terminator = "\\n"
prompt = "> "
echo = true
error = '\\? (?P<text>\\w+)( (?P<code>\\d+))?'
garbled = '\\? (unknown|number)'
speed_unit = 0.001
target = "replaces"
hello = { send = "WHO", reply = 'ARM SHELL \\d+' }
hold = { send = "HALT", reply = 'HALTED' }
energise = { send = "MOTORS ON", reply = 'MOTORS ON' }
release = { send = "MOTORS OFF", reply = 'MOTORS OFF' }
tool_on = { send = "GRIP 1", reply = 'GRIP 1' }
tool_off = { send = "GRIP 0", reply = 'GRIP 0' }
move = { send = "MOVE {x} {y} {z} BY {speed}", reply = 'OK' }
[device.position]
send = "WHERE"
reply = '''AT (?P<x>\\S+) (?P<y>\\S+) (?P<z>\\S+) \
TO (?P<target_x>\\S+) (?P<target_y>\\S+) (?P<target_z>\\S+)'''
"""


def third_text():
    head, _, _ = shipped()["uarm"].read_text(encoding="utf-8").partition("[device]")
    return head.replace('name = "uarm"', 'name = "third"') + THIRD


def spec_of(name):
    return parse_spec(third_text()) if name == "third" else load_spec(name)


ARMS = ("community_arm", "uarm", "third", "marlin_arm")


@pytest.fixture(params=ARMS)
def emulation(request):
    with Emulation(LineArmController(spec_of(request.param))) as emulation:
        yield emulation


@pytest.fixture
def arm(emulation):
    robot = LineArm(emulation.device.spec, emulation.port)
    robot.connect()
    yield robot
    robot.close()


def near(positions, x=0.0, y=0.0, z=0.0):
    a, b, c = positions
    return (a + x, b + y, c + z)


def settled(robot, within_s=600.0):
    deadline = time.monotonic() + within_s
    while not (state := robot.state()).standing and time.monotonic() < deadline:
        time.sleep(0.01)
    return state


def seen_by(robot):
    try:
        return " ".join(robot.state().faults)
    except SetupNeeded as error:
        return str(error)


def eventually(true, within_s=600.0):
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


# -- without a port ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARMS)
def test_a_way_is_never_longer_than_the_horizon_nor_faster_than_the_limits(name):
    spec = spec_of(name)
    protocol = protocol_of(spec)
    here = spec.home
    for way in (1e-5, 0.001, 0.01, 0.05):
        for seconds in (0.01, 0.5, 5.0):
            there = tuple(min(j.upper, p + way) for j, p in zip(spec.joint, here, strict=True))
            pieces, notes = legs(spec, protocol, here, JointTargets(there, seconds))
            assert sum(leg.seconds for leg in pieces) <= 1.021 * spec.limits.horizon_s
            assert bool(notes) == (math.dist(pieces[-1].place, there) > 1e-9)
            top = max(leg.speed for leg in pieces) * protocol.speed_unit
            assert top <= 1.001 * spec.limits.tool_speed
            if protocol.slice_s:
                assert max(leg.seconds for leg in pieces) <= 1.021 * protocol.slice_s


def test_a_slow_way_is_cut_at_the_speed_that_was_asked_for():
    spec = load_spec("community_arm")
    pieces, notes = legs(spec, protocol_of(spec), spec.home, JointTargets((0.02, 0.174, 0.12), 2.0))
    assert pieces[-1].place[0] == pytest.approx(0.02 * spec.limits.horizon_s / 2.0)
    assert pieces[0].speed == pytest.approx(10.0)
    assert "25%" in notes[0]


@pytest.mark.serial
class TestOnALine:
    def test_connecting_moves_nothing_and_sees_where_it_is(self, emulation):
        with LineArm(emulation.device.spec, emulation.port) as robot:
            assert robot.state().positions == pytest.approx(emulation.device.spec.home)
            assert robot.state().standing
            assert emulation.device.journal == []

    def test_a_target_is_acknowledged_and_reached(self, arm, emulation):
        asked = near(arm.state().positions, x=0.004, z=-0.003)
        sent = arm.move(JointTargets(asked, 0.2))
        assert sent.positions == pytest.approx(asked, abs=6e-6)
        assert arm.state().mode == Mode.moving or settled(arm).standing
        assert eventually(lambda: settled(arm).positions == pytest.approx(asked, abs=1e-4))
        assert emulation.device.positions == pytest.approx(asked, abs=1e-4)

    def test_a_twist_moves_the_tool_and_the_bit_switches_it(self, arm, emulation):
        arm.move(Twist((0.01, 0.0, 0.0), duration_s=0.1, tool=True))
        start = emulation.device.spec.home[0]
        end = pytest.approx(start + 0.001, abs=1e-4)
        assert eventually(lambda: settled(arm).positions[0] == end)  # it stands between pieces
        assert emulation.device.firmware.tool
        assert arm.move(JointTargets(arm.state().positions, 0.1, tool=False)).tool is False
        assert not emulation.device.firmware.tool

    def test_a_hold_in_the_middle_of_a_way_ends_it_early(self, arm, emulation):
        start = arm.state().positions
        arm.move(JointTargets(near(start, x=0.012), 0.5))
        arm.hold()
        held = settled(arm)
        assert held.standing
        assert abs(held.positions[0] - start[0]) < 0.01
        time.sleep(0.2)  # no piece may follow
        assert arm.state().positions == pytest.approx(held.positions, abs=1e-5)

    def test_a_stop_is_confirmed_and_bars_the_next_move(self, arm):
        start = arm.state().positions
        arm.move(JointTargets(near(start, x=0.012), 0.5))
        report = arm.stop()
        assert report.state.standing
        assert abs(report.state.positions[0] - start[0]) < 0.01
        arm.reset()
        arm.move(JointTargets(start, 0.3))
        # not `settled`: what little way there may be takes 0.3 s, too slow to be seen as motion
        assert eventually(lambda: arm.state().positions == pytest.approx(start, abs=1e-4))

    @pytest.mark.parametrize("bad", [math.nan, math.inf, 5.0])
    def test_a_target_out_of_the_limits_never_reaches_the_wire(self, arm, bad):
        arm.state()
        before = arm.link.counters.bytes_out
        with pytest.raises(TargetRefused):
            arm.move(JointTargets((bad, 0.0, 0.0)))
        assert arm.link.counters.bytes_out == before

    def test_an_unplug_in_a_move_is_reported_and_mended(self, arm, emulation):
        start = arm.state().positions
        emulation.unplug(0.2)

        def to_and_fro():
            while True:
                arm.move(JointTargets(near(start, x=0.001), 0.05))
                arm.move(JointTargets(start, 0.05))

        with pytest.raises(LinkRecovered, match="look again"):
            to_and_fro()
        assert settled(arm).standing
        assert arm.move(JointTargets(start, 0.1)).attempts == 1
        assert arm.link.counters.reconnects >= 1

    def test_closing_releases_the_motors(self, emulation):
        with LineArm(emulation.device.spec, emulation.port) as robot:
            robot.move(JointTargets(near(robot.state().positions, x=0.002), 0.1))
        assert eventually(lambda: not emulation.device.firmware.energised)


def moved_on_a_faulty_line(folder, name):
    """Return, for each move that was acknowledged, the target in force and the one it told."""
    device, pairs = LineArmController(spec_of(name)), []
    with Emulation(device, faults="drop=0.02,flip=0.02:replies,noise=0.01", seed=4) as faulty:
        robot = LineArm(device.spec, faulty.port)
        robot.connect()
        for k in range(30):
            try:
                sent = robot.move(JointTargets(near(device.spec.home, x=0.0002 * (k + 1)), 0.02))
            except NoReply:
                continue
            # Marlin acknowledges what it has planned: the joints' target follows
            assert eventually(lambda: not getattr(device.firmware, "plan", None))
            pairs.append((device.axes[0].target, sent.positions[0]))
        robot.link.close()
    return pairs


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.beside(work=moved_on_a_faulty_line)
@pytest.mark.parametrize("name", ARMS)
def test_a_faulty_line_is_repaired_or_told_and_never_believed(name, done):
    assert done
    for in_force, told in done:
        assert in_force == pytest.approx(told, abs=1e-6)


@pytest.mark.serial
class TestTheCommunityArm:
    @pytest.fixture
    def emulation(self):
        with Emulation(LineArmController(load_spec("community_arm"))) as emulation:
            yield emulation

    @pytest.mark.slow
    def test_a_restart_is_noticed_and_stops_the_work(self, arm, emulation):
        arm.move(JointTargets(near(arm.state().positions, x=0.004), 0.1))
        emulation.device.reboot()
        assert eventually(lambda: "restarted" in seen_by(arm))
        for _ in range(2):
            with pytest.raises(SetupNeeded, match="no longer knows where it stands"):
                arm.move(JointTargets(arm.spec.home, 0.1))
        arm.home()
        arm.move(JointTargets(arm.spec.home, 0.1))

    @pytest.mark.slow
    def test_homing_finds_the_place_again(self, arm):
        assert arm.home().positions == pytest.approx(arm.spec.home)

    def test_a_way_that_ends_at_the_reach_is_told_at_the_next_move(self, arm, emulation):
        firmware = emulation.device.firmware
        firmware.FAR = 160.0  # an arm with shorter shanks than its description says

        def further_and_further():
            for k in range(20):
                arm.move(JointTargets((0.0, min(0.21, 0.174 + 0.004 * k), 0.12), 0.1))
                settled(arm)

        # said while the end is waited for, or after that, when nobody has asked
        with pytest.raises((CommandRefused, HeldAtMachine), match="LIMIT REACHED"):
            further_and_further()

    def test_a_target_understood_wrongly_is_not_acknowledged(self, arm, emulation):
        firmware, take = emulation.device.firmware, emulation.device.firmware.line
        damaged = iter([True])

        def line(text):
            if text.startswith("G1") and next(damaged, False):
                text = text.replace("Y174", "Y175")
            return take(text)

        firmware.line = line
        sent = arm.move(JointTargets((0.002, 0.174, 0.12), 0.04))
        assert sent.attempts == 2
        assert emulation.device.axes[1].target == pytest.approx(0.174)


def moved_on_a_late_line(folder):
    """Return, for each move that was acknowledged, where it ended and where it was to."""
    spec, pairs = load_spec("community_arm"), []
    with Emulation(LineArmController(spec), faults="delay=90ms:0.2", seed=2) as late:
        robot = LineArm(spec, late.port)
        robot.connect()
        for k in range(15):
            try:
                asked = robot.move(JointTargets(near(spec.home, x=0.0005 * k), 0.02)).positions
                pairs.append((settled(robot).positions, asked))
            except NoReply:
                pass
        robot.link.close()
    return pairs


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.beside(work=moved_on_a_late_line)
def test_late_answers_do_not_pass_for_fresh_ones(done):
    assert done
    for seen, asked in done:
        assert seen == pytest.approx(asked, abs=1e-5)


MARLIN = "marlin_arm"


@pytest.mark.serial
class TestAnArmThatClosesItsAnswers:
    @pytest.fixture
    def emulation(self):
        with Emulation(LineArmController(load_spec(MARLIN))) as emulation:
            yield emulation

    def test_a_report_s_closing_line_does_not_acknowledge_the_move_after_it(self, arm, emulation):
        firmware, take = emulation.device.firmware, emulation.device.firmware.line
        firmware.line = lambda text: [] if text.startswith("G1") else take(text)  # never planned
        with pytest.raises(NoReply, match="G1"):
            arm.move(JointTargets(near(arm.state().positions, x=0.002), 0.1))
        assert emulation.device.journal == []

    def test_a_refused_move_is_refused_and_its_closing_line_acknowledges_nothing(
        self, arm, emulation
    ):
        firmware = emulation.device.firmware
        firmware.REACH_MM = 185.0  # shorter than its description says
        start = arm.state().positions
        for _ in range(3):
            with pytest.raises(CommandRefused, match="Unreachable"):
                arm.move(JointTargets((0.19, 0.0, 0.1), 0.5))
        asked = near(start, y=0.002)
        arm.move(JointTargets(asked, 0.1))
        assert eventually(lambda: settled(arm).positions == pytest.approx(asked, abs=1e-4))

    def test_targets_given_in_a_row_are_not_all_planned_ahead(self, arm, emulation):
        firmware, take, planned = emulation.device.firmware, emulation.device.firmware.line, []

        def line(text):
            answer = take(text)
            planned.append(len(firmware.plan))
            return answer

        firmware.line = line
        start = arm.state().positions
        for number in range(8):
            arm.move(JointTargets(near(start, x=0.002 * number), 0.1))
        assert max(planned) <= 2  # one, and one more where this machine reads late
        end = pytest.approx(near(start, x=0.014), abs=1e-4)
        assert eventually(lambda: settled(arm).positions == end)

    @pytest.mark.parametrize("lost", [1, 2, 3])
    def test_a_closing_line_that_comes_late_acknowledges_no_other_command(
        self, arm, emulation, lost
    ):
        """The move's `ok` comes after its deadline; the next moves are lost on the way."""
        device, firmware = emulation.device, emulation.device.firmware
        take, late, dropped = firmware.line, [], iter(range(lost))

        def line(text):
            if text.startswith("G1") and next(dropped, None) is not None:
                late.append("ok\n")
                return []
            if text.startswith("M114") and late:
                return [late.pop(), *take(text)]
            return take(text)

        firmware.line = line
        asked = near(arm.state().positions, x=0.002)
        try:
            sent = arm.move(JointTargets(asked, 0.1))
        except NoReply:
            assert device.journal == []
        else:
            assert eventually(lambda: not firmware.plan and firmware.move is None)
            assert device.positions == pytest.approx(sent.positions, abs=1e-6)

    def test_a_command_that_nothing_but_a_late_closing_line_answers_is_not_acknowledged(
        self, arm, emulation
    ):
        firmware, take, owed = emulation.device.firmware, emulation.device.firmware.line, []

        def line(text):
            if text == "M5":  # answered late
                owed.append("ok\n")
                return []
            if text == "M3":  # lost
                return [owed.pop() for _ in owed]
            return [*[owed.pop() for _ in owed], *take(text)]

        firmware.line = line
        with pytest.raises(NoReply, match="M5"):
            arm._switch(False)
        with pytest.raises(NoReply, match="M3"):
            arm._switch(True)
        assert not firmware.tool
        assert arm.state().tool is not True

    def test_a_hold_is_sent_at_once_and_once_more_when_a_closing_line_was_owed(
        self, arm, emulation
    ):
        arm.move(JointTargets(near(arm.state().positions, x=0.03), 0.5))
        arm._overdue.add("G1")
        sent, write = [], arm.link.write

        def noted(data):
            sent.append(bytes(data))
            write(data)

        arm.link.write = noted
        arm.hold()
        told = [data for data in sent if data != b"M114 R\n"]
        assert sent[0] == b"M410\n"
        assert told[:2] == [b"M410\n", b"M410\n"]
        assert settled(arm).standing

    def test_a_target_understood_wrongly_is_not_acknowledged(self, arm, emulation):
        firmware, take = emulation.device.firmware, emulation.device.firmware.line
        damaged = iter([True])

        def line(text):
            if text.startswith("G1") and next(damaged, False):
                text = text.replace("Y0.00", "Y9.00")
            return take(text)

        firmware.line = line
        sent = arm.move(JointTargets((0.152, 0.0, 0.1), 0.1))
        assert sent.attempts == 2
        assert eventually(lambda: not firmware.plan and firmware.move is None)
        assert emulation.device.positions[1] == pytest.approx(0.0, abs=1e-4)

    def test_after_a_complaint_that_nobody_asked_for_nothing_moves_before_a_reset(
        self, arm, emulation
    ):
        firmware, take = emulation.device.firmware, emulation.device.firmware.line
        said = ["Error:Printer halted. kill() called!\n"]
        firmware.line = lambda text: [*(said.pop() for _ in said[:]), *take(text)]
        assert "Printer halted" in " ".join(arm.state().faults)  # beside the report
        for _ in range(2):
            with pytest.raises(HeldAtMachine, match="unasked it said 'Error:Printer halted"):
                arm.move(JointTargets(arm.spec.home, 0.1))
        assert emulation.device.journal == []
        arm.reset()
        arm.move(JointTargets(arm.spec.home, 0.1))

    @pytest.mark.slow
    def test_homing_waits_for_its_closing_line(self, arm, emulation):
        assert arm.home().positions == pytest.approx(arm.spec.home)
        assert emulation.device.standing

    @pytest.mark.parametrize(
        ("old", "new", "key"),
        [
            ("done = 'ok'", "done = 'done'", "done: no line like 'done'"),
            (
                "reply = 'FIRMWARE_NAME:Marlin .*'",
                "reply = 'FIRMWARE_NAME:Marlin .*'\ndone = 'end'",
                r"the command's done \(M115\): no line like 'end'",
            ),
        ],
    )
    def test_a_closing_line_that_never_comes_is_told_with_file_and_key_and_nothing_moves(
        self, emulation, tmp_path, old, new, key
    ):
        mine = tmp_path / "mine.toml"
        text = shipped()[MARLIN].read_text(encoding="utf-8").replace(old, new, 1)
        mine.write_text(text.replace("boot_s = 2.5", "boot_s = 0.1"), encoding="utf-8")
        robot = LineArm(load_spec(mine), emulation.port)
        told = rf"mine\.toml, line \d+: {key}.*'FIRMWARE_NAME.*' \| 'ok'\. Expected"
        with pytest.raises(SetupNeeded, match=told):
            robot.connect()
        assert not robot.link.is_open
        assert emulation.device.journal == []


@pytest.mark.serial
class TestAnotherDevice:
    @pytest.mark.slow
    def test_another_arm_is_told_with_what_was_heard(self):
        with Emulation(LineArmController(spec_of("third"))) as emulation:
            robot = LineArm(load_spec("uarm"), emulation.port)
            with pytest.raises(WrongProtocol, match=r"P2203.*heard .*\? unknown.*115200 baud"):
                robot.connect()
            assert not robot.link.is_open
            assert emulation.device.journal == []

    def test_a_refused_hello_is_told_with_what_the_arm_says(self):
        text = shipped()["uarm"].read_text(encoding="utf-8").replace("boot_s = 2.5", "boot_s = 0.1")
        with Emulation(LineArmController(spec_of("uarm"))) as emulation:
            robot = LineArm(parse_spec(text.replace("P2203", "P9999")), emulation.port)
            with pytest.raises(WrongProtocol, match=r"heard an error \(.*'P9999' .*E20.*Is this"):
                robot.connect()

    def test_silence_is_told_as_nothing(self):
        text = shipped()["uarm"].read_text(encoding="utf-8").replace("boot_s = 2.5", "boot_s = 0.1")
        device = LineArmController(load_spec("community_arm"))
        with Emulation(device, faults="drop=1") as emulation:
            robot = LineArm(parse_spec(text), emulation.port)
            with pytest.raises(WrongProtocol, match="heard nothing"):
                robot.connect()


@pytest.mark.serial
def test_a_stop_from_another_thread_goes_before_a_long_wait():
    with Emulation(LineArmController(load_spec("uarm"))) as emulation:
        robot = LineArm(emulation.device.spec, emulation.port)
        robot.connect()
        start, ended = robot.state().positions, threading.Event()

        def work():
            try:
                while True:
                    robot.move(JointTargets(near(start, x=0.004), 0.2))
                    robot.move(JointTargets(start, 0.2))
            except Exception:
                ended.set()

        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.3)
        report = robot.stop()
        assert report.state.standing
        assert ended.wait(600.0)
        assert emulation.device.standing
        robot.close()


def test_a_reading_that_no_joint_could_reach_is_not_believed():
    from helmsight.hardware.drivers.linearm_way import rates

    spec = load_spec("uarm")
    there = (spec.home[0] + 0.01, *spec.home[1:])
    with pytest.raises(BadReply, match="x: readings 10 ms apart"):
        rates(spec, protocol_of(spec), (spec.home, there), 0.01)
