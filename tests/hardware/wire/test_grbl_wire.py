"""What a grbl says, read by key."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.errors import BadReply, DeviceAlarm
from helmsight.hardware.framing import Lines
from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import ALARMS, ERRORS, HardLimit, SoftLimit, alarm, refusal
from helmsight.hardware.wire.grbl_report import STATES, parse_report

SEEN = {
    "ok": wire.Ok(),
    "error:22": wire.ErrorReply(22),
    "ALARM:1": wire.Alarmed(1),
    "Grbl 1.1h ['$' for help]": wire.Banner("grbl", "1.1h"),
    "GrblHAL 1.1f ['$' or '$HELP' for help]": wire.Banner("grblHAL", "1.1f"),
    "[MSG:'$H'|'$X' to unlock]": wire.Info("MSG", "'$H'|'$X' to unlock"),
    "[VER:1.1h.20190825:]": wire.Info("VER", "1.1h.20190825:"),
    "[OPT:V,15,128]": wire.Info("OPT", "V,15,128"),
    "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]": wire.Info(
        "GC", "G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0"
    ),
    "$132=45.000": wire.Setting(132, "45.000"),
    "$20=1 (soft limits, bool)": wire.Setting(20, "1"),
    ">G54G20:ok": wire.StartupLine(">G54G20:ok"),
    "$72=Shop AP": wire.Setting(72, "Shop AP"),
    "$74=pass$word=1 (x)": wire.Setting(74, "pass$word=1 (x)"),
    "$73=": wire.Setting(73, ""),
    "$/stepping/idle_ms=255": wire.NamedSetting("/stepping/idle_ms", "255"),
    "[ALARMCODE:10||EStop asserted. Clear and reset]": wire.Listed(
        "alarm", 10, "EStop asserted. Clear and reset"
    ),
    "[ERRORCODE:79||Not allowed]": wire.Listed("error", 79, "Not allowed"),
    "14: Unhomed": wire.Listed("", 14, "Unhomed"),
    "Grbl 3.9 [FluidNC v3.9.1 (esp32-wifi) '$' for help]": wire.Banner("grbl", "3.9"),
}
numbers = st.floats(-9999, 9999).map(lambda value: round(value, 3))
points = st.lists(numbers, min_size=3, max_size=9).map(tuple)
names = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$0123456789", min_size=1)
values = st.text(st.characters(codec="ascii", exclude_characters="|", exclude_categories=["Cc"]))


@pytest.mark.parametrize(("line", "reply"), SEEN.items())
def test_lines_seen_on_real_boards_are_understood(line: str, reply: wire.Reply) -> None:
    assert wire.parse(line) == reply


def test_a_report_is_read_by_key_wherever_its_fields_stand() -> None:
    grbl = parse_report(
        "<Run|MPos:1.000,-2.500,0.000|FS:500,8000|Ov:100,50,120|A:SF|Pn:XP|WCO:0.000,1.000,2.000>"
    )
    other = parse_report(
        "<Run|Pn:XP|WCO:0.000,1.000,2.000|A:SF|FS:500,8000|Ov:100,50,120|MPos:1.000,-2.500,0.000>"
    )
    assert grbl == other
    assert (grbl.mpos, grbl.feed, grbl.spindle) == ((1.0, -2.5, 0.0), 500.0, 8000.0)
    assert (grbl.overrides, grbl.accessories, grbl.pins) == ((100, 50, 120), "SF", "XP")


def test_reports_of_grblhal_with_more_axes_and_fields_are_read_too() -> None:
    report = parse_report(
        "<Idle|MPos:1.000,2.000,3.000,4.000|Bf:100,1023|Ln:7|FS:0,0,0|H:0|SD:3.5,a.nc>"
    )
    assert (report.blocks_free, report.bytes_free, report.line) == (100, 1023, 7)
    assert report.homed is False
    assert report.other == {"SD": "3.5,a.nc"}


def test_all_accessories_off_is_told_by_overrides_without_them() -> None:
    rest = "<Idle|MPos:0.000,0.000,0.000|FS:0,0"
    assert parse_report(f"{rest}|Ov:100,100,100>").accessories == ""
    assert parse_report(f"{rest}>").accessories is None


def test_a_work_position_needs_the_offset_of_an_earlier_report() -> None:
    report = parse_report("<Idle|WPos:1.000,2.000,3.000|FS:0,0>")
    assert report.machine(None) is None
    assert report.machine((10.0, 20.0, 30.0)) == (11.0, 22.0, 33.0)


@pytest.mark.parametrize(
    "line",
    [
        "<Idle|MPos:0.000,0.000|FS:0,0|WCO:0.000,0.000,0.000>",
        "<Idle|MPos:0.000,0.000,0.000|FS:0,0",
        "<Idel|MPos:0.000,0.000,0.000>",
        "<Idle|FS:0,0>",
        "<Idle|MPos:0.000,0.0x0,0.000>",
        "<Idle|MPos:nan,inf,0.000>",
        "<Idle|MPos:0.000,0.000,0.000|MPos:1.000,0.000,0.000>",
        "<Idle|MPos:0.000,0.000,0.000|Ov:100,100>",
        "okay",
        "error:",
        "error:1x",
        "ALARM:9999",
        "$=1",
        "start",
        "echo:Marlin 2.1",
        "",
    ],
)
def test_damaged_lines_and_those_of_others_are_refused(line: str) -> None:
    with pytest.raises(BadReply):
        wire.parse(line)


@given(points, st.sampled_from(sorted(STATES)), numbers.map(abs))
def test_what_a_report_says_comes_back(place: tuple[float, ...], state: str, feed: float) -> None:
    text = ",".join(f"{value:.3f}" for value in place)
    report = parse_report(f"<{state}|MPos:{text}|FS:{feed:.3f},0>")
    assert report.mpos == place
    assert (report.state, report.feed) == (state, feed)


@pytest.mark.slow
@given(points, st.dictionaries(names, values, max_size=5), st.randoms())
def test_fields_that_nobody_knows_are_kept_wherever_they_stand(
    place: tuple[float, ...], unknown: dict[str, str], order: random.Random
) -> None:
    known = {"MPos", "WPos", "WCO", "FS", "F", "Bf", "Ln", "Ov", "A", "Pn", "H"}
    unknown = {name: value for name, value in unknown.items() if name not in known}
    fields = [f"MPos:{','.join(f'{value:.3f}' for value in place)}", "FS:500,0"]
    fields += [f"{name}:{value}" if value else name for name, value in unknown.items()]
    order.shuffle(fields)
    report = parse_report(f"<Idle|{'|'.join(fields)}>")
    assert (report.mpos, report.feed) == (place, 500.0)
    assert report.other == unknown


def test_seven_and_eight_axes_and_what_grblhal_and_fluidnc_add_are_read() -> None:
    report = parse_report(
        "<Alarm:10|MPos:1.000,2.000,3.000,4.000,5.000,6.000,7.000,8.000|FS:0,0|Pn:XE|AR|H:1,7|$C:1>"
    )
    assert report.mpos == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    assert (report.sub, report.pins, report.homed) == (10, "XE", True)
    assert report.other == {"AR": "", "$C": "1"}
    starting = parse_report("<Starting|MPos:0.000,0.000,0.000|FS:0,0|SD:12.50,/sd/a [1].nc>")
    assert starting.other == {"SD": "12.50,/sd/a [1].nc"}


@given(st.text(max_size=120))
def test_any_line_is_understood_or_refused(line: str) -> None:
    try:
        reply = wire.parse(line)
    except BadReply:
        return
    assert reply is not None


@given(st.data())
def test_one_flipped_bit_never_makes_a_report_of_another_shape(data: st.DataObject) -> None:
    whole = b"<Jog|MPos:-140.000,-85.000,-20.000|FS:1800,0|Ov:100,100,100>"
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    damaged = bytearray(whole)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        report = parse_report(damaged.decode("latin-1"))
    except BadReply:
        return
    assert report.mpos is not None
    assert len(report.mpos) == 3


def test_a_million_random_bytes_raise_nothing_and_fill_nothing() -> None:
    source, lines, heard = random.Random(7), Lines(), 0
    for _ in range(1000):
        for line in lines.feed(source.randbytes(1000)):
            heard += 1
            try:
                wire.parse(line)
            except BadReply:
                continue
        assert len(lines) <= 256
    assert lines.dropped > 900_000
    assert heard > 0


@pytest.mark.slow
def test_a_million_bytes_of_almost_grbl_raise_nothing_but_bad_reply() -> None:
    source, lines = random.Random(8), Lines()
    letters = b"<>|:,.-0123456789IdleRunMPosWPosFSOvBf[]MSGok\r\n$=error:ALARM"
    good = bad = 0
    for _ in range(1000):
        for line in lines.feed(bytes(source.choices(letters, k=1000))):
            try:
                wire.parse(line)
                good += 1
            except BadReply:
                bad += 1
        assert len(lines) <= 256
    assert bad > 10_000


def test_every_alarm_has_a_class_of_its_own_that_is_a_device_alarm() -> None:
    assert sorted(ALARMS) == list(range(1, 23))
    for code, kind in ALARMS.items():
        error = alarm(code)
        assert type(error) is kind
        assert isinstance(error, DeviceAlarm)
        assert error.code == code
        assert f"ALARM:{code}" in str(error)
        assert error.halts
    assert HardLimit.position_lost
    assert not SoftLimit.position_lost
    assert alarm(99).code == 99
    assert "hard stop" in str(alarm(13, firmware="fluidnc"))
    assert "laser" in str(alarm(99, own={99: "the laser is open"}))


def test_error_numbers_are_told_in_words() -> None:
    assert "22" in str(refusal(22, "G1X1"))
    assert "no feed rate" in str(refusal(22, "G1X1"))
    assert "neither grbl 1.1 nor grblHAL" in str(refusal(200, "G1X1"))
    assert set(range(1, 39)) <= set(ERRORS)
    assert "no tool" in str(refusal(88, "M6"))
    assert "file system" not in str(refusal(65, "$SD", "fluidnc"))  # numbers of its own
    assert "File empty" in str(refusal(64, "$SD", "fluidnc", {64: "File empty"}))


@given(points, st.floats(1.0, 99999.0))
def test_a_jog_line_fits_and_is_strict_ascii(place: tuple[float, ...], feed: float) -> None:
    line = wire.jog("XYZ", place[:3], feed)
    assert line.isascii()
    assert len(line) < wire.LINE_LIMIT
