"""The emulated grbl, without I/O: the test owns the clock."""

from __future__ import annotations

import math
import random
import re

import pytest

from hardware.emulators.grbl import GrblController
from hardware.spec import load_spec


class Bench:
    """A controller with a host that the test plays; `wait` lets its time pass."""

    def __init__(self, **options: object) -> None:
        self.device = GrblController(load_spec("gantry"), **options)  # type: ignore[arg-type]
        self.now = 0.0
        self.greeting = b"".join(self.device.opened(self.now))

    def say(self, text: bytes) -> str:
        self.now += 0.001
        return b"".join(self.device.receive(text, self.now)).decode("ascii")

    def line(self, text: str) -> str:
        return self.say(text.encode() + b"\n").strip()

    def wait(self, seconds: float) -> str:
        out, end = [], self.now + seconds
        while self.now < end:
            self.now += 0.002
            out += self.device.tick(self.now)
        return b"".join(out).decode("ascii")

    def status(self) -> str:
        return self.say(b"?").strip()

    def state(self) -> str:
        return self.status()[1:].partition("|")[0]

    def place(self) -> tuple[float, ...]:
        found = re.search(r"MPos:([-\d.,]+)", self.status())
        assert found is not None
        return tuple(map(float, found[1].split(",")))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_banner_greets_and_a_reset_at_rest_repeats_it(bench: Bench) -> None:
    assert bench.greeting == b"\r\nGrbl 1.1h ['$' for help]\r\n"
    assert bench.say(b"\x18").encode() == bench.greeting
    assert bench.state() == "Idle"


def test_settings_are_printed_as_grbl_prints_them_and_stored(bench: Bench) -> None:
    lines = bench.line("$$").split("\r\n")
    assert lines[0] == "$0=10"
    assert {"$13=0", "$20=1", "$110=1800.000", "$122=240.000", "$130=280.000"} <= set(lines)
    assert lines[-1] == "ok"
    assert bench.line("$110=1200.5") == "ok"
    assert "$110=1200.500" in bench.line("$$")
    assert bench.line("$999=1") == "error:3"
    assert bench.line("$110=abc") == "error:2"


def test_build_parser_state_coordinates_and_start_up_blocks_are_told(bench: Bench) -> None:
    assert bench.line("$I") == "[VER:1.1h.20190825:]\r\n[OPT:V,15,128]\r\nok"
    assert bench.line("$G") == "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok"
    told = bench.line("$#").split("\r\n")
    assert [line.partition(":")[0] for line in told[:-1]] == [
        "[G54", "[G55", "[G56", "[G57", "[G58", "[G59", "[G28", "[G30", "[G92", "[TLO", "[PRB",
    ]  # fmt: skip
    assert bench.line("$N") == "$N0=\r\n$N1=\r\nok"
    assert bench.line("$N0=G20") == "ok"
    assert ">G20:ok" in bench.say(b"\x18")
    assert "G20" in bench.line("$G")


def test_offset_and_overrides_come_with_some_reports_only(bench: Bench) -> None:
    reports = [bench.status() for _ in range(40)]
    assert "WCO:" in reports[0]
    assert "Ov:100,100,100" in reports[1]
    assert 3 <= sum("WCO:" in report for report in reports) <= 5
    assert 3 <= sum("Ov:" in report for report in reports) <= 5


@pytest.mark.parametrize(("mask", "has"), [(0, "WPos"), (1, "MPos"), (2, "Bf"), (3, "MPos")])
def test_the_report_mask_chooses_the_fields(bench: Bench, mask: int, has: str) -> None:
    bench.line("G10L2P1X-10Y0Z0")
    bench.line(f"$10={mask}")
    report = bench.status()
    assert has in report
    assert ("Bf:15,128" in report) == bool(mask & 2)
    assert ("WPos:-130.000" in report) == (not mask & 1)
    assert "WCO:-10.000,0.000,0.000" in report


def test_a_jog_moves_in_time_with_ramps_and_arrives(bench: Bench) -> None:
    assert bench.line("$J=G53G90X-137F1800") == "ok"
    bench.wait(0.02)
    report = bench.status()
    feed = float(re.search(r"FS:(\d+)", report)[1])  # type: ignore[index]
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


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", "ok"),
        ("(a comment) ; and another", "ok"),
        ("X", "error:2"),
        ("5X1", "error:1"),
        ("G1X1", "error:22"),
        ("G5X1", "error:20"),
        ("M6", "error:20"),
        ("G0G1X1", "error:21"),
        ("G10G0X1", "error:24"),
        ("G0X1X2", "error:25"),
        ("G1.5X1", "error:23"),
        ("G10L2P1", "error:26"),
        ("N99999999G0", "error:27"),
        ("G4", "error:28"),
        ("G10L2P9X1", "error:29"),
        ("G2X-139F100G53", "error:30"),
        ("G80X1", "error:31"),
        ("G2Z-19F100R5", "error:32"),
        ("G2X-139F100I10", "error:33"),
        ("G2X-100F100R5", "error:34"),
        ("G2X-139F100", "error:35"),
        ("G0X-139I4", "error:36"),
        ("G43.1X1", "error:37"),
        ("T300", "error:38"),
        ("F-1", "error:4"),
        ("$J=X1", "error:22"),
        ("$J=G1X1F100", "error:16"),
        ("$J=X5F100", "error:15"),
        ("$JX5F100", "error:3"),
        ("$FOO", "error:2"),
        ("$20=x", "error:2"),
        ("$0=1", "error:6"),
        ("X" * 90, "error:11"),
        ("$", "[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\nok"),
    ],
)
def test_lines_get_the_error_numbers_of_grbl(bench: Bench, line: str, answer: str) -> None:
    assert bench.line(line) == answer
    assert bench.line("G4P0") == "ok"


def test_soft_limits_need_homing_and_homing_needs_its_setting(bench: Bench) -> None:
    assert bench.line("$22=0") == "ok"
    assert bench.line("$20=1") == "error:10"
    assert bench.line("$H") == "error:5"


def test_gcode_is_locked_out_while_jogging_and_settings_while_moving(bench: Bench) -> None:
    bench.line("$J=G53X-100F100")
    assert bench.line("G0X-1") == "error:9"
    assert bench.line("$I") == "error:8"
    bench.say(b"\x85")
    bench.wait(0.1)
    bench.line("G1X-100F100")
    assert bench.line("$$") == "error:8"


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


def test_a_full_circle_comes_back_to_its_start_and_keeps_its_radius(bench: Bench) -> None:
    bench.say(b"G3X-140Y-85I5J0F1800\n")
    farthest = 0.0
    for _ in range(700):
        bench.wait(0.004)
        x, y, _z = bench.place()
        assert math.hypot(x + 135.0, y + 85.0) == pytest.approx(5.0, abs=0.01)
        farthest = max(farthest, math.dist((x, y), (-140.0, -85.0)))
    assert bench.state() == "Idle"
    assert farthest == pytest.approx(10.0, abs=0.02)
    assert bench.place() == (-140.0, -85.0, -20.0)


def test_a_dwell_and_a_spindle_change_wait_for_the_motion_before_them(bench: Bench) -> None:
    bench.say(b"G1X-137F1800\nG4P0.2\nM3S500\n")
    assert bench.wait(0.1) == ""
    assert bench.wait(0.12) == ""
    assert bench.wait(0.2) == "ok\r\nok\r\n"
    assert "FS:0,500" in bench.status()
    assert bench.status().endswith("|Ov:100,100,100|A:S>")
    bench.line("M5")
    assert "A:" not in bench.status()


def test_overrides_change_feed_of_programs_and_are_told_at_once(bench: Bench) -> None:
    bench.status()
    bench.status()
    bench.say(b"\x91\x91\x9a")
    assert "Ov:120,100,110" in bench.status()
    bench.say(b"\x90\x96\x99")
    assert "Ov:100,50,100" in bench.status()
    bench.say(b"\x92" * 20)
    assert "Ov:10,50,100" in bench.status()


def test_noise_above_ascii_is_eaten_and_can_change_overrides(bench: Bench) -> None:
    assert bench.say(b"\xff\xfe\n") == "ok\r\n"
    bench.say(b"\x91")
    assert bench.device.overrides[0] == 110


def test_the_receive_buffer_holds_128_bytes_and_loses_the_rest(bench: Bench) -> None:
    bench.say(b"G4P1\n")
    bench.say(b"G0X-139\n" * 20)
    assert bench.device.lost_bytes == 20 * 8 - 128


def test_the_planner_takes_fifteen_blocks_and_blocks_the_next(bench: Bench) -> None:
    bench.line("$10=3")
    said = "".join(bench.say(f"G1X{-139 + i * 0.5}F100\n".encode()) for i in range(16))
    assert said.count("ok") == 15
    assert "Bf:0,128" in bench.status()
    assert bench.wait(1.0).count("ok") == 1


def test_check_mode_parses_without_moving(bench: Bench) -> None:
    assert bench.line("$C") == "[MSG:Enabled]\r\nok"
    assert bench.line("G1X-100F1000") == "ok"
    bench.wait(0.5)
    assert bench.state() == "Check"
    assert bench.line("G1X-100F0") == "error:22"
    assert "[MSG:Disabled]" in bench.line("$C")
    assert bench.state() == "Idle"
    assert bench.device.journal == []


def test_sleep_takes_the_torque_off_until_a_reset_and_then_it_is_locked(bench: Bench) -> None:
    assert bench.line("$SLP") == "ok\r\n[MSG:Sleeping]"
    assert bench.state() == "Sleep"
    assert bench.line("$X") == ""
    bench.say(b"\x18")
    assert bench.state() == "Alarm"
    assert [entry.kind for entry in bench.device.journal] == ["release"]


def test_homing_takes_time_finds_the_switches_and_ends_a_pull_off_away() -> None:
    bench = Bench(homed=False)
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


def test_an_uno_that_is_opened_starts_anew_and_is_not_homed() -> None:
    bench = Bench(dtr=True)
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


def test_grblhal_differs_in_banner_build_and_buffers() -> None:
    bench = Bench(flavour="grblhal")
    assert bench.greeting == b"\r\nGrblHAL 1.1f ['$' or '$HELP' for help]\r\n"
    told = bench.line("$I")
    assert "[FIRMWARE:grblHAL]" in told
    assert "100,1024" in told
    bench.line("$10=3")
    assert "Bf:100,1023" in bench.status()


@pytest.mark.parametrize(
    "letters",
    [bytes(range(256)), b"GMXYZFSIJKRPLNT$J=0123456789.-+HC#\n\n\n", b"!~?\x18\x85\x90G1X-9F9$\n"],
)
def test_noise_of_any_kind_breaks_nothing_and_fills_nothing(letters: bytes) -> None:
    bench, source = Bench(), random.Random(5)
    for _ in range(400):
        bench.say(bytes(source.choices(letters, k=100)))
        bench.wait(0.01)
        assert len(bench.device.program.received) <= 128
        assert bench.device.planner.blocks <= 15
    for _ in range(3):
        bench.wait(0.6)
        said = bench.say(b"\x18")
    assert "Grbl 1.1h" in said
    assert bench.state() in ("Idle", "Alarm")
