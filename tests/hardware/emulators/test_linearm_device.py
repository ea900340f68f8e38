"""The emulated text-protocol arms, byte for byte, with the clock in the test's hands."""

from __future__ import annotations

import random

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.emulators.linearm import LineArmController
from helmsight.hardware.spec import load_spec, parse_spec, shipped


class Bench:
    """A device and a clock."""

    def __init__(self, name):
        self.device = LineArmController(load_spec(name))
        self.now = 0.0
        self.device.tick(0.0)

    def say(self, text):
        return b"".join(self.device.receive(text.encode("latin-1"), self.now)).decode("latin-1")

    def wait(self, seconds):
        said = b""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += 0.005
            said += b"".join(self.device.tick(self.now))
        return said.decode("latin-1")


@pytest.fixture
def community():
    bench = Bench("community_arm")
    bench.say("M17\r")
    return bench


@pytest.fixture
def uarm():
    return Bench("uarm")


def test_the_community_arm_greets_once_after_power_up():
    device = Bench("community_arm").device
    assert device.opened(0.0)[0] == b"INFO: ROBOT ONLINE\r\n"
    assert device.opened(1.0) == []


def test_the_community_arm_tells_the_target_and_moves_in_time(community):
    assert community.say("G1 X0 Y180 Z100 F20\r") == (
        "INFO: LINEAR MOVE: [X:0.00 Y:180.00 Z:100.00 E:0.00]\r\n"
    )
    assert community.wait(0.5) == ""
    assert not community.device.standing
    assert 0.1 < community.device.positions[2] < 0.12
    community.wait(2.0)
    assert community.device.standing
    assert community.device.positions == pytest.approx((0.0, 0.18, 0.1))


def test_the_community_arm_is_deaf_while_it_moves(community):
    community.say("G1 X0 Y180 Z120 F20\r")
    assert community.say("M114\r") == ""
    assert "CURRENT POSITION: [X:0.00 Y:180.00 Z:120.00 E:0.00]" in community.wait(1.0)


def test_the_community_arm_needs_no_line_feed_and_no_spaces(community):
    assert community.say("g1x1y175z119f50\r\n").startswith("INFO: LINEAR MOVE: [X:1.00 Y:175.00")


@pytest.mark.parametrize("line", ["", "hello", "M999", "G7 X1"])
def test_the_community_arm_does_not_know_other_lines(community, line):
    assert community.say(f"{line}\r") == "ERROR: COMMAND NOT RECOGNIZED\r\n"


def test_the_community_arm_stops_at_the_end_of_its_reach(community):
    assert "LINEAR MOVE" in community.say("G1 X0 Y400 Z120 F100\r")
    assert community.wait(4.0).startswith("ERROR: LIMIT REACHED: [X:0.00 Y:")
    assert community.device.standing
    assert community.device.outside  # the description's limits are narrower
    assert community.device.positions[1] < 0.27


def test_motors_that_are_off_do_not_move_whatever_the_firmware_believes():
    bench = Bench("community_arm")
    bench.say("G1 X10 Y180 Z120 F100\r")
    bench.wait(1.0)
    assert "X:10.00" in bench.say("M114\r")
    assert bench.device.positions == pytest.approx((0.0, 0.174, 0.12))
    assert bench.device.journal == []


def test_homing_brings_belief_and_place_together(community):
    community.say("M18\rG1 X10 Y180 Z120 F100\r")
    community.wait(1.0)
    assert community.say("G28\r") == ""
    assert "HOMING COMPLETE" in community.wait(3.0)
    assert community.device.positions == pytest.approx((0.0, 0.174, 0.12))
    assert "X:0.00 Y:174.00" in community.say("M114\r")


def test_a_reboot_forgets_where_it_is_and_says_so(community):
    community.say("G1 X10 Y174 Z120 F100\r")
    community.wait(1.0)
    community.device.reboot()
    assert "ROBOT ONLINE" in community.wait(0.01)
    assert "X:0.00" in community.say("M114\r")
    assert community.device.positions[0] == pytest.approx(0.01)


def test_the_uarm_answers_with_the_number_when_it_is_idle_again(uarm):
    assert uarm.say("#25 G0 X180 Y0 Z100 F3000\n") == ""
    assert uarm.say("#7 P2220\n").startswith("$7 ok X")  # questions do not wait
    assert uarm.wait(2.0) == "$25 ok\n"
    assert uarm.device.positions == pytest.approx((0.18, 0.0, 0.1))


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("#1 P2203", "$1 ok V4.2.0\n"),
        ("#2 P9", "$2 E20\n"),
        ("#3 M12345", "$3 E20\n"),
        ("#4 M2231 V5", "$4 E21\n"),
        ("#5 G0 X900 Y0 Z0 F100", "$5 E22\n"),
        ("#6 G0 X1-2 Y0 Z0 F100", "$6\n"),
        ("#7 M17", "$7 ok\n"),
        ("M2231 V1", "ok\n"),
        ("rubbish", ""),
    ],
)
def test_the_uarm_answers_as_its_protocol_says(uarm, line, answer):
    assert uarm.say(f"{line}\n") == answer


def test_repeating_a_target_changes_nothing_and_is_not_written_down(uarm):
    for _ in range(3):
        uarm.say("#1 G0 X190 Y0 Z100 F3000\n")
        uarm.wait(1.0)
    assert len(uarm.device.journal) == 1


def test_an_unknown_dialect_is_told():
    text = shipped()["uarm"].read_text(encoding="utf-8").replace('"uarm"\nterm', '"other"\nterm')
    with pytest.raises(InvalidOption, match="20sffactory, uarm, console"):
        LineArmController(parse_spec(text))


@pytest.mark.parametrize("name", ["community_arm", "uarm"])
def test_random_bytes_raise_nothing_and_leave_no_heap(name):
    bench = Bench(name)
    noise = random.Random(5).randbytes(100_000).decode("latin-1")
    for start in range(0, len(noise), 1000):
        bench.say(noise[start : start + 1000])
        bench.wait(0.005)
    assert len(bench.device.firmware._typed) <= 256
