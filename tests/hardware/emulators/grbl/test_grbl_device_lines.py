"""What the emulated grbl answers: greetings, settings, reports, errors, full buffers, noise."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hardware.emulators.grbl.conftest import Bench


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


def test_build_parser_state_and_coordinates_are_told(bench: Bench) -> None:
    bench.line("T0")
    assert bench.line("$I") == "[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok"
    assert bench.line("$G") == "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok"
    told = bench.line("$#").split("\r\n")
    assert [line.partition(":")[0] for line in told[:-1]] == [
        "[G54", "[G55", "[G56", "[G57", "[G58", "[G59", "[G28", "[G30", "[G92", "[TLO", "[PRB",
    ]  # fmt: skip


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
        ("G80G53X-139", "error:30"),
        ("G80X1", "error:31"),
        ("G2X-139F100R5", "error:20"),
        ("G3X-139F100I10", "error:20"),
        ("M8", "error:20"),
        ("M9", "error:20"),
        ("G0X-139I4", "error:20"),
        ("G0X-139L4", "error:36"),
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
        ("$N", "error:20"),
        ("$N0=G20", "error:20"),
        ("X" * 90, "error:11"),
        ("$", "[HLP:$$ $# $G $I $x=val $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\nok"),
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


def test_grblhal_differs_in_banner_build_and_buffers(bench_of: type[Bench]) -> None:
    bench = bench_of(flavour="grblhal")
    assert bench.greeting == b"\r\nGrblHAL 1.1f ['$' or '$HELP' for help]\r\n"
    told = bench.line("$I+")
    assert "[FIRMWARE:grblHAL]" in told
    assert "100,1024" in told
    bench.line("$10=3")
    assert "Bf:100,1023" in bench.status()


@pytest.mark.parametrize(
    "letters",
    [bytes(range(256)), b"GMXYZFSIJKRPLNT$J=0123456789.-+HC#\n\n\n", b"!~?\x18\x85\x90G1X-9F9$\n"],
)
def test_noise_of_any_kind_breaks_nothing_and_fills_nothing(
    letters: bytes, bench_of: type[Bench]
) -> None:
    bench, source = bench_of(), random.Random(5)
    for _ in range(400):
        bench.say(bytes(source.choices(letters, k=100)))
        bench.wait(0.01)
        assert len(bench.device.received) <= 128
        assert bench.device.planner.blocks <= 15
    for _ in range(3):
        bench.wait(0.6)
        said = bench.say(b"\x18")
    assert "Grbl 1.1h" in said
    assert bench.state() in ("Idle", "Alarm")
