"""The servo-bus drivers on their emulated buses, with the faults that real ones have."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hardware.calibration import Calibration
from hardware.drivers.bus import ServoBus as Driver
from hardware.drivers.dynamixel import Dynamixel
from hardware.drivers.feetech import Feetech
from hardware.emulators import dynamixel as dynamixel_emulator
from hardware.emulators import emulate, make_device
from hardware.emulators.device import Device
from hardware.emulators.faults import Faults
from hardware.emulators.serve import Emulation
from hardware.emulators.servos import ServoBus as Bus
from hardware.errors import (
    DeviceAlarm,
    HardwareError,
    LinkLost,
    LinkRecovered,
    NoReply,
    SetupNeeded,
    StopUnconfirmed,
    TargetRefused,
    WrongProtocol,
)
from hardware.robot import JointTargets, Mode, Twist
from hardware.spec import RobotSpec, load_spec, parse_spec, shipped

pytestmark = pytest.mark.serial
ROBOTS = {"so101": Feetech, "openmanipulator_x": Dynamixel}
both = pytest.mark.parametrize("name", list(ROBOTS))


class Arm:
    """A driver and the emulated bus at its other end."""

    def __init__(self, emulation: Emulation, spec: RobotSpec | None = None) -> None:
        spec = spec or emulation.device.spec
        self.emulation = emulation
        assert isinstance(emulation.device, Bus)
        self.device = emulation.device
        self.robot: Driver = ROBOTS[emulation.device.spec.name](spec, emulation.port)

    def near(self, share: float = 0.05) -> tuple[float, ...]:
        """Return a place that every joint can reach in one go."""
        return tuple(j.home + share * (j.upper - j.lower) for j in self.robot.spec.joint)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.device.journal]

    def energised(self) -> list[bool]:
        return [servo.energised for servo in self.device.servos]

    @property
    def targets(self) -> tuple[float, ...]:
        return tuple(axis.target for axis in self.device.axes)


@pytest.fixture(params=list(ROBOTS))
def arm(request: pytest.FixtureRequest) -> Iterator[Arm]:
    with emulate(str(request.param)) as emulation:
        arm = Arm(emulation)
        yield arm
        arm.robot.link.close()


@pytest.fixture
def sts() -> Iterator[Arm]:
    with emulate("so101") as emulation:
        arm = Arm(emulation)
        yield arm
        arm.robot.link.close()


@pytest.fixture
def x() -> Iterator[Arm]:
    with emulate("openmanipulator_x") as emulation:
        arm = Arm(emulation)
        yield arm
        arm.robot.link.close()


def wait_for(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def described(name: str, old: str, new: str) -> RobotSpec:
    text = shipped()[name].read_text(encoding="utf-8")
    assert old in text
    return parse_spec(text.replace(old, new, 1))


def test_connecting_moves_nothing_and_switches_nothing_on(arm: Arm) -> None:
    state = arm.robot.connect()
    assert (state.mode, state.energised, state.standing) == (Mode.ready, False, True)
    assert state.positions == pytest.approx(arm.device.positions, abs=1e-3)
    assert arm.device.journal == []
    assert not any(arm.energised())
    assert arm.robot.firmware in ("Feetech 3.10", "Dynamixel 45")


def test_a_move_is_acknowledged_and_arrives(arm: Arm) -> None:
    arm.robot.connect()
    sent = arm.robot.move(JointTargets(arm.near()))
    assert sent.positions == pytest.approx(arm.near(), abs=1e-3)
    assert sent.positions == pytest.approx(arm.targets)
    assert arm.robot.state().mode == Mode.moving
    wait_for(lambda: arm.robot.state().standing)
    state = arm.robot.state()
    assert state.positions == pytest.approx(arm.near(), abs=2e-3)
    assert (state.mode, state.energised) == (Mode.ready, True)


def test_torque_on_never_goes_to_an_old_goal(arm: Arm) -> None:
    for servo in arm.device.servos:
        servo["goal_position"] = servo.scale.upper  # left there by another program
    arm.robot.connect()
    sent = arm.robot.move(JointTargets(arm.near()))
    assert all(arm.energised())
    assert [(e.kind, e.positions) for e in arm.device.journal] == [("move", sent.positions)]


def test_the_tool_bit_moves_the_gripper(arm: Arm) -> None:
    arm.robot.connect()
    for _ in range(3):
        arm.robot.move(Twist((0.0, 0.0, 0.0), tool=False))
        wait_for(lambda: arm.robot.state().standing)
    state = arm.robot.state()
    assert state.positions[-1] == pytest.approx(arm.robot.spec.tool.open, abs=2e-3)
    assert state.tool is False
    sent = arm.robot.move(Twist((0.0, 0.0, 0.0), tool=True))
    assert sent.positions[-1] < state.positions[-1]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 9.0, -9.0])
def test_what_is_not_a_target_is_refused_before_the_wire(arm: Arm, bad: float) -> None:
    arm.robot.connect()
    before = arm.robot.link.counters.bytes_out
    for place in range(len(arm.robot.spec.joint)):
        targets = list(arm.near())
        targets[place] = bad
        with pytest.raises(TargetRefused, match=arm.robot.spec.names[place]):
            arm.robot.move(JointTargets(tuple(targets)))
    assert arm.robot.link.counters.bytes_out == before


def test_a_way_that_takes_too_long_is_cut_and_says_so(arm: Arm) -> None:
    arm.robot.connect()
    far = (arm.robot.spec.joint[0].upper, *arm.robot.spec.home[1:])
    sent = arm.robot.move(JointTargets(far))
    assert 0.0 < sent.positions[0] < far[0]
    assert "of the way" in sent.notes[0]
    arm.device.block(arm.robot.spec.names[1])  # sent again from elsewhere it leads further
    wait_for(lambda: arm.robot.state().standing)
    assert arm.robot.move(JointTargets(far)).positions[0] > sent.positions[0]


def test_a_hold_ends_motion_where_it_is(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.2)))
    wait_for(lambda: arm.device.positions[0] > 0.02)
    arm.robot.hold()
    assert arm.kinds()[-1] == "hold"
    wait_for(lambda: arm.robot.state().standing)
    assert all(arm.energised())
    assert arm.device.positions[0] < arm.near(0.2)[0] - 0.05
    arm.robot.move(JointTargets(arm.near()))  # goes on


def test_a_hold_without_torque_leaves_it_off(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.hold()
    assert not any(arm.energised())
    assert arm.device.journal == []


def test_a_stop_stands_and_keeps_the_torque(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.2)))
    report = arm.robot.stop()
    assert report.state.standing
    assert arm.device.standing
    assert all(arm.energised())
    assert arm.robot.reset().mode == Mode.ready
    arm.robot.move(JointTargets(arm.near()))


def test_closing_takes_the_torque_off(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.2)))
    arm.robot.close()
    assert not any(arm.energised())


def test_a_half_applied_sync_write_is_noticed_and_repaired(
    arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.02)))
    deaf = [arm.device.servos[2]]
    whole = arm.device._write

    def missing(servo: Any, *rest: Any) -> Any:
        if servo in deaf:
            deaf.remove(servo)
            return 0
        return whole(servo, *rest)  # type: ignore[attr-defined]

    monkeypatch.setattr(arm.device, "_write", missing)
    sent = arm.robot.move(JointTargets(arm.near()))
    assert (sent.attempts, deaf) == (2, [])
    assert sent.positions == pytest.approx(arm.targets)


def test_a_servo_that_never_takes_its_goal_is_told_by_name(
    arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.02)))
    monkeypatch.setattr(arm.device, "_write", lambda *_: 0)
    with pytest.raises(NoReply, match=arm.robot.spec.names[0]):
        arm.robot.move(JointTargets(arm.near()))


def test_one_dead_servo_does_not_keep_the_others_energised(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near()))
    dead = arm.robot.spec.names[2]
    arm.device.kill(dead)
    with pytest.raises(NoReply, match=dead):
        arm.robot.close()
    assert arm.energised() == [name == dead for name in arm.robot.spec.names]


def test_a_stop_with_a_dead_servo_stops_the_others_and_is_not_confirmed(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.3)))
    arm.device.kill(arm.robot.spec.names[2])
    with pytest.raises(StopUnconfirmed, match=arm.robot.spec.names[2]):
        arm.robot.stop(within_s=0.3)
    others = [axis for index, axis in enumerate(arm.device.axes) if index != 2]
    assert not any(axis.moving for axis in others)


def test_a_late_answer_is_never_taken_for_a_fresh_one(arm: Arm) -> None:
    arm.robot.connect()
    line, block = arm.robot._line, arm.robot.block
    for turn in range(4):
        arm.emulation.to_host.faults = Faults(delay_s=0.08)
        assert line.read_all(*block) == {}
        arm.emulation.to_host.faults = Faults()
        before = arm.device.servos[0].tick
        arm.device.axes[0].position = 0.1 * (turn + 1)
        arm.device.axes[0].target = arm.device.axes[0].position
        assert arm.device.servos[0].tick != before
        while line.ids[0] not in (found := line.read_all(*block)):
            pass
        reading = arm.robot._reading(0, *found[line.ids[0]])
        assert reading.position == arm.device.servos[0].tick


def test_an_unplug_during_a_move_is_told_and_the_robot_is_back(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.1)))
    arm.emulation.unplug(0.1)

    def moved_until_lost() -> bool:
        try:
            arm.robot.move(JointTargets(arm.near()))
        except LinkRecovered:
            return True
        return False

    wait_for(moved_until_lost)
    assert arm.robot.link.counters.reconnects == 1
    assert arm.robot.state().energised
    arm.robot.move(JointTargets(arm.near()))
    assert arm.targets == pytest.approx(arm.near(), abs=1e-3)


def test_the_sdk_s_lock_is_open_after_a_lost_link(arm: Arm) -> None:
    arm.robot.connect()
    arm.emulation.unplug(60.0)
    wait_for(lambda: not Path(arm.emulation.port).exists())
    for _ in range(3):
        with pytest.raises(LinkLost):
            arm.robot._line.read_all(*arm.robot.block)
        assert not arm.robot._line._port.is_using


@both
def test_under_faults_every_command_is_carried_out_once_or_reported(name: str) -> None:
    faults = "drop=0.01,flip=0.005,noise=0.005,delay=50ms:0.005"
    with emulate(name, faults=faults, seed=11) as emulation:
        arm, random = Arm(emulation), Random(5)
        arm.robot.connect()
        sent: list[tuple[float, ...]] = []
        open_ended = 0
        for _ in range(100):
            share = random.uniform(0.0, 0.1)
            try:
                positions = arm.robot.move(JointTargets(arm.near(share), duration_s=0.2)).positions
            except NoReply:
                open_ended += 1
                continue
            assert arm.targets == pytest.approx(positions)
            if sent[-1:] != [positions]:
                sent.append(positions)
        moves = [entry.positions for entry in arm.device.journal if entry.kind == "move"]
        arm.robot.link.close()
    assert len(sent) > 80
    assert arm.device.outside == []
    rest = iter(moves)
    assert all(any(positions == pytest.approx(one) for one in rest) for positions in sent)
    assert len(moves) <= len(sent) + open_ended, "something was carried out twice"


@both
def test_an_alarm_is_told_and_a_reset_clears_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamixel_emulator, "STALL_S", 0.05)
    with emulate(name) as emulation:
        arm, joint = Arm(emulation), load_spec(name).names[1]
        arm.robot.connect()
        if name == "so101":
            arm.device.servo(joint)["protection_time"] = 5
        arm.device.block(joint)
        arm.robot.move(JointTargets(arm.near()))
        wait_for(lambda: arm.robot.state().mode == Mode.alarm)
        assert arm.robot.state().faults == (f"{joint}: overload",)
        with pytest.raises(DeviceAlarm, match=f"{joint}: overload") as told:
            arm.robot.move(JointTargets(arm.near()))
        assert told.value.code == "overload"
        arm.device.block(joint, False)
        arm.robot.reset()
        wait_for(lambda: arm.robot.state().mode == Mode.ready)
        stood = arm.robot.spec.home[1]
        assert arm.device.axes[1].target == pytest.approx(stood, abs=2e-3), "a reset moves nothing"
        arm.robot.move(JointTargets(arm.near()))
        assert arm.targets == pytest.approx(arm.near(), abs=1e-3)
        arm.robot.link.close()


def test_silence_trips_the_bus_watchdog_and_a_move_goes_on(x: Arm) -> None:
    x.robot.connect()
    assert x.robot.watchdog_s == 0.3
    x.robot.move(JointTargets(x.near(0.3)))
    wait_for(lambda: all(servo["watchdog"] == -1 for servo in x.device.servos))
    assert x.device.standing
    here = x.device.positions
    state = x.robot.state()
    assert state.mode == Mode.held
    assert "watchdog" in state.faults[0]
    x.robot.hold()
    assert x.device.positions == here
    x.robot.move(JointTargets(x.near()))
    assert x.targets == pytest.approx(x.near(), abs=1e-3)
    assert [servo["watchdog"] for servo in x.device.servos] == [15] * 5


def test_a_tripped_watchdog_is_cleared_by_a_reset_without_motion(x: Arm) -> None:
    x.robot.connect()
    x.robot.move(JointTargets(x.near(0.3)))
    wait_for(lambda: all(servo["watchdog"] == -1 for servo in x.device.servos))
    here = x.device.positions
    assert x.robot.reset().mode == Mode.ready
    wait_for(lambda: x.robot.state().standing)
    assert x.device.positions == pytest.approx(here, abs=1e-3)


def test_a_servo_that_lost_its_power_is_set_up_again(arm: Arm) -> None:
    arm.robot.connect()
    arm.robot.move(JointTargets(arm.near(0.02)))
    servo = arm.device.servos[-1]
    limit = "torque_limit" if "torque_limit" in servo.registers else "goal_pwm"
    set_up = servo[limit]
    servo[limit] = 1000 if limit == "torque_limit" else 0
    servo["torque_enable"] = 0
    arm.robot.move(JointTargets(arm.near()))
    assert servo[limit] == set_up
    assert all(arm.energised())


def test_torque_limits_come_from_the_description(sts: Arm) -> None:
    sts.robot.connect()
    assert [servo["torque_limit"] for servo in sts.device.servos] == [1000] * 5 + [500]


# -- who is at the other end --------------------------------------------------------------------


class Garbage(Device):
    """Answers everything with bytes that look like the beginning of something."""

    random = Random(1)

    def receive(self, data: bytes, now: float) -> list[bytes]:
        header = self.random.choice([b"\xff\xff\x01", b"\xff\xff\xfd\x00\x0b", b"\xff", b"ok\r\n"])
        return [header + self.random.randbytes(self.random.randint(0, 20))]


class Silence(Device):
    """Answers nothing."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        return []


class Text(Device):
    """A line-protocol controller."""

    def receive(self, data: bytes, now: float) -> list[bytes]:
        return [b"ERROR: COMMAND NOT RECOGNIZED\r\n"]


@both
@pytest.mark.parametrize(
    ("device", "told"), [(Garbage, "heard"), (Silence, "heard nothing"), (Text, "line-protocol")]
)
def test_what_is_no_servo_bus_is_told_with_what_it_said(
    name: str, device: type[Device], told: str
) -> None:
    spec = load_spec(name)
    with Emulation(device(spec)) as emulation:
        robot = ROBOTS[name](spec, emulation.port)
        with pytest.raises(WrongProtocol, match=told):
            robot.connect()
        assert not robot.link.is_open


def test_garbage_in_mid_run_raises_typed_errors_only(arm: Arm) -> None:
    arm.robot.connect()
    arm.emulation.device = Garbage(arm.robot.spec)
    for _ in range(4):
        with pytest.raises(HardwareError):
            arm.robot.state()


@both
def test_the_other_protocol_is_told(name: str) -> None:
    other = next(one for one in ROBOTS if one != name)
    with emulate(other) as emulation:
        robot = ROBOTS[name](load_spec(name), emulation.port)
        with pytest.raises(WrongProtocol, match="no servo answered by"):
            robot.connect()


def test_another_model_is_told(arm: Arm) -> None:
    arm.device.servos[1]["model"] = 1234
    with pytest.raises(WrongProtocol, match="model 1234, expected"):
        arm.robot.connect()


def test_a_missing_servo_is_told(arm: Arm) -> None:
    arm.device.kill(arm.robot.spec.names[3])
    with pytest.raises(SetupNeeded, match=f"{arm.robot.spec.names[3]}.* did not answer"):
        arm.robot.connect()


def test_another_mode_is_told(arm: Arm) -> None:
    arm.device.servos[0]["mode"] = 1
    with pytest.raises(SetupNeeded, match="mode 1, expected"):
        arm.robot.connect()


def test_a_servo_s_own_narrower_limits_count(arm: Arm) -> None:
    servo, joint = arm.device.servos[0], arm.robot.spec.joint[0]
    servo["max_position"] -= 200
    arm.robot.connect()
    before = arm.robot.link.counters.bytes_out
    with pytest.raises(TargetRefused, match="own limits"):
        arm.robot.move(JointTargets((joint.upper, *arm.robot.spec.home[1:])))
    assert arm.robot.link.counters.bytes_out == before


def test_a_servo_whose_own_limits_leave_too_little_is_told(arm: Arm) -> None:
    arm.device.servos[0]["max_position"] = 2100
    arm.device.servos[0]["min_position"] = 2000
    with pytest.raises(SetupNeeded, match="its own limits 2000 to 2100"):
        arm.robot.connect()


def test_a_joint_far_outside_its_limits_gets_no_torque(arm: Arm) -> None:
    arm.robot.connect()
    axis = arm.device.axes[0]
    axis.position = axis.target = arm.robot.spec.joint[0].upper + 0.2
    with pytest.raises(TargetRefused, match="torque stays off"):
        arm.robot.move(JointTargets(arm.near()))
    assert not any(arm.energised())


def test_a_calibration_file_counts(tmp_path: Path) -> None:
    spec = load_spec("so101")
    ranges = {j.name: (2148 - 1000, 2148 + 1000) for j in spec.joint}
    Calibration.from_ranges(spec, ranges).save(tmp_path / "arm.toml")
    own = described("so101", "[device]\n", f'[device]\ncalibration = "{tmp_path}/arm.toml"\n')
    with Emulation(make_device(own)) as emulation:
        robot = Feetech(own, emulation.port)
        assert robot.connect().positions[0] == pytest.approx(0.0, abs=1e-3)
        robot.move(JointTargets((0.1, *spec.home[1:])))
        assert emulation.device.axes[0].target == pytest.approx(0.1, abs=1e-3)
        assert isinstance(emulation.device, Bus)
        assert emulation.device.servos[0]["goal_position"] == 2148 + 65
        with pytest.raises(TargetRefused, match="range of its calibration"):
            robot.check(JointTargets((1.9, *spec.home[1:])))
        robot.close()
