"""How the emulated grbl moves: jogs, programs, holds, resets, switches, homing, sleep."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hardware.emulators.grbl.conftest import Bench


def test_a_jog_moves_in_time_with_ramps_and_arrives(bench: Bench) -> None:
    assert bench.line("$J=G53G90X-137F1800") == "ok"
    bench.wait(0.02)
    report = bench.status()
    feed = float(re.search(r"FS:(\d+)", report)[1])
    assert report.startswith("<Jog|")
    assert 0 < feed < 1800
    # 3 mm at 30 mm/s with 600 mm/s^2: 3/30 + 30/600 s
    bench.wait(0.10)
    assert bench.state() == "Jog"
    bench.wait(0.04)
    assert bench.state() == "Idle"
    assert bench.place() == (-137.0, -85.0, -20.0)
    assert bench.device.positions == pytest.approx((0.143, 0.085, 0.02))


def test_jogs_in_a_line_are_driven_through_without_a_stop(bench: Bench) -> None:
    bench.line("$J=G53X-138F1200")
    bench.line("$J=G53X-136F1200")
    slowest = math.inf
    bench.wait(0.06)
    while bench.place()[0] < -136.6:
        slowest = min(slowest, bench.device.axes[0].velocity)
        bench.wait(0.002)
    assert slowest == pytest.approx(0.02, rel=0.05)


def test_a_jog_is_cancelled_by_0x85_and_by_a_feed_hold(bench: Bench) -> None:
    for stop in (b"\x85", b"!"):
        bench.line("$J=G53X-10F1800")
        bench.wait(0.2)
        bench.say(stop)
        assert bench.state() == "Jog"
        bench.wait(0.06)
        assert bench.state() == "Idle"
        assert bench.device.standing
    assert bench.place()[0] < -100


def test_a_line_sent_during_a_jog_cancel_waits_until_it_stands(bench: Bench) -> None:
    bench.line("$J=G53X-10F1800")
    bench.wait(0.2)
    assert bench.say(b"\x85$J=G53X-140F600\n") == ""
    assert "ok" in bench.wait(0.06)
    assert bench.device.axes[0].target == pytest.approx(0.14)


def test_a_program_is_held_resumed_and_ended_by_a_reset_that_loses_the_position(
    bench: Bench,
) -> None:
    assert bench.line("G1X-100F1000") == "ok"
    bench.wait(0.1)
    assert bench.state() == "Run"
    bench.say(b"!")
    assert bench.state() == "Hold:1"
    bench.wait(0.1)
    assert bench.state() == "Hold:0"
    assert bench.line("G1X-90") == ""
    bench.say(b"~")
    assert bench.state() == "Run"
    assert bench.say(b"\x18") == "ALARM:3\r\n"
    assert bench.status() == ""
    said = bench.wait(0.6)
    assert said.startswith("\r\nGrbl 1.1h")
    assert "[MSG:'$H'|'$X' to unlock]" in said
    assert bench.line("G1X-90F100") == "error:9"
    assert bench.line("$X") == "[MSG:Caution: Unlocked]\r\nok"
    assert bench.state() == "Idle"


def test_a_reset_in_a_complete_hold_keeps_the_position_and_drops_the_rest(bench: Bench) -> None:
    bench.line("G1X-100F1000")
    bench.wait(0.2)
    bench.say(b"!")
    bench.wait(0.1)
    place = bench.place()
    assert "ALARM" not in bench.say(b"\x18")
    assert bench.state() == "Idle"
    bench.wait(0.5)
    assert bench.place() == place


def test_the_reset_trap_a_reset_before_the_message_is_discarded(bench: Bench) -> None:
    assert bench.line("G0X-300") == "ALARM:2"
    assert bench.say(b"\x18") == ""
    said = bench.wait(0.6)
    assert said == "[MSG:Reset to continue]\r\n"
    assert bench.status() == ""
    assert bench.line("$X") == ""
    assert "Grbl 1.1h" in bench.say(b"\x18")
    assert bench.state() == "Alarm"
    assert bench.place() == (-140.0, -85.0, -20.0)


def test_a_limit_switch_stops_dead_and_says_so(bench: Bench) -> None:
    bench.line("$J=G53X-10F1800")
    bench.wait(0.2)
    bench.device.trip("X")
    assert "Pn:X" in bench.status()
    assert bench.wait(0.1) == "ALARM:1\r\n"
    assert bench.device.standing
    assert "[MSG:Reset to continue]" in bench.wait(0.6)
    assert "to unlock" in bench.say(b"\x18")


def test_units_distance_and_work_offsets_lead_to_machine_positions(bench: Bench) -> None:
    bench.line("G10L2P2X-100Y0Z0")
    assert bench.line("G20G91G0X-1") == "ok"
    bench.wait(3.0)
    assert bench.place()[0] == pytest.approx(-165.4, abs=0.002)
    bench.line("G21G90G55G0X-10")
    bench.wait(3.0)
    assert bench.place()[0] == pytest.approx(-110.0, abs=0.002)
    bench.line("G92X0")
    assert "WCO:-110.000" in bench.status()
    bench.line("G28.1")
    bench.line("G53G0X-120")
    bench.line("G28")
    bench.wait(4.0)
    assert bench.place()[0] == pytest.approx(-110.0, abs=0.002)


def test_a_dwell_and_a_spindle_change_wait_for_the_motion_before_them(bench: Bench) -> None:
    bench.say(b"G1X-137F1800\nG4P0.2\nM3S500\n")
    assert bench.wait(0.1) == ""
    assert bench.wait(0.12) == ""
    assert bench.wait(0.2) == "ok\r\nok\r\n"
    assert "FS:0,500" in bench.status()
    assert bench.status().endswith("|Ov:100,100,100|A:S>")
    bench.line("M5")
    assert "A:" not in bench.status()


def test_sleep_takes_the_torque_off_until_a_reset_and_then_it_is_locked(bench: Bench) -> None:
    assert bench.line("$SLP") == "ok\r\n[MSG:Sleeping]"
    assert bench.state() == "Sleep"
    assert bench.line("$X") == ""
    bench.say(b"\x18")
    assert bench.state() == "Alarm"
    assert [entry.kind for entry in bench.device.journal] == ["release"]


@pytest.mark.slow
def test_homing_takes_time_finds_the_switches_and_ends_a_pull_off_away(
    bench_of: type[Bench],
) -> None:
    bench = bench_of(homed=False)
    assert bench.state() == "Alarm"
    assert bench.place() == (0.0, 0.0, 0.0)
    assert bench.line("G0X-1") == "error:9"
    assert bench.line("$H") == ""
    assert bench.status() == ""
    assert not bench.device.standing
    said = bench.wait(20.0)
    assert said.startswith("<Home|MPos:-1.000,-1.000,-1.000")
    assert said.endswith("ok\r\n")
    assert bench.state() == "Idle"
    assert bench.device.positions == pytest.approx((0.279, 0.169, 0.039))


def test_homing_fails_without_its_switch_and_when_it_is_reset(bench: Bench) -> None:
    bench.device.broken_switch = True
    bench.line("$H")
    assert "ALARM:9" in bench.wait(4.0)
    bench.device.broken_switch = False
    bench.line("$H")
    bench.wait(0.3)
    assert bench.say(b"\x18") == "ALARM:6\r\n"
    assert bench.device.standing


def test_an_uno_that_is_opened_starts_anew_and_is_not_homed(bench_of: type[Bench]) -> None:
    bench = bench_of(dtr=True)
    assert b"to unlock" in bench.greeting
    assert bench.state() == "Alarm"


def test_m0_holds_and_m2_ends_the_program(bench: Bench) -> None:
    bench.line("M3S100")
    assert bench.line("M0") == ""
    assert bench.state() == "Hold:0"
    assert bench.say(b"~") == "ok\r\n"
    assert bench.line("G91") == "ok"
    assert bench.line("M2") == "[MSG:Pgm End]\r\nok"
    assert "G90" in bench.line("$G")
    assert bench.device.spindle[0] == 5
