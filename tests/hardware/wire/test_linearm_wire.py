"""The protocol of text arms as data, and the dialogue of lines; no port is opened."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.hardware.errors import InvalidSpec
from helmsight.hardware.framing import Lines
from helmsight.hardware.spec import load_spec, parse_spec, shipped
from helmsight.hardware.wire.linearm import (
    ArmLine,
    ArmRefusal,
    ArmReply,
    ArmStarted,
    Dialogue,
    IgnoredLine,
    protocol_of,
)

NOISE_BYTES = 1_000_000


@pytest.fixture
def text():
    return shipped()["community_arm"].read_text(encoding="utf-8")


@cache
def protocol(name):
    return protocol_of(load_spec(name))


def dialogue(name):
    return Dialogue(protocol(name))


@pytest.mark.parametrize("name", ["community_arm", "uarm"])
def test_the_shipped_descriptions_are_whole(name):
    protocol = protocol_of(load_spec(name))
    assert protocol.joints == ("x", "y", "z")
    assert protocol.tool_on is not None


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        ("Y{y} ", "", "device.move", r"\{y\}"),
        ("X{x} ", "X{x} {q}", "device.move", r"unknown placeholder \{q\}; there are: \{x\}"),
        ("X{x} ", "X{x:.1f} ", "device.move", "unknown placeholder"),
        ("(?P<z>", "(?P<w>", "device.position", "lacks the group"),
        ("COMPLETE'", "COMPLETE('", "device.home.reply", "not a regular expression"),
        ('send = "M17"', 'send = "M{n}"', "device.energise", "unknown placeholder"),
        ("slice_s = 0.04", "", "device", "needs slice_s"),
        ("[device.tool_on]", "[device.other]", "device.other", "unknown key"),
        ('terminator = "\\r"', 'terminator = "x"', "device.terminator", "pattern"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_line(text, old, new, key, told):
    assert old in text
    broken = text.replace(old, new, 1)
    if key == "device.position":
        broken = text.replace(old, new)
    with pytest.raises(InvalidSpec, match=told) as caught:
        protocol_of(parse_spec(broken, "arm.toml"))
    assert key in str(caught.value)
    assert "arm.toml, line " in str(caught.value)


def test_a_switched_tool_needs_its_two_commands(text):
    head, _, _ = text.partition("[device.tool_on]")
    with pytest.raises(InvalidSpec, match="tool_on and tool_off"):
        protocol_of(parse_spec(head))


def test_an_answer_tells_the_groups_of_its_pattern():
    talk = dialogue("community_arm")
    assert talk.ask(talk_command("community_arm", "position")) == b"M114\r"
    heard = talk.take("INFO: CURRENT POSITION: [X:-1.00 Y:174.00 Z:120.50 E:0.00]")
    assert isinstance(heard, ArmReply)
    assert heard.groups == {"x": "-1.00", "y": "174.00", "z": "120.50"}
    assert isinstance(talk.take("INFO: ABSOLUTE MODE"), IgnoredLine)
    assert isinstance(talk.take("INFO: ROBOT ONLINE"), ArmStarted)
    assert talk.take("INFO: CURRENT POSITION: [X:-1.00 Y:174.0# Z:120.50 E:0.00]") is None


def test_refusals_are_told_from_damage():
    talk = dialogue("community_arm")
    talk.ask(talk_command("community_arm", "position"))
    damaged = talk.take("ERROR: COMMAND NOT RECOGNIZED")
    refused = talk.take("ERROR: LIMIT REACHED: [X:0.00 Y:0.00 Z:0.00 E:0.00]")
    assert isinstance(damaged, ArmRefusal)
    assert damaged.garbled
    assert isinstance(refused, ArmRefusal)
    assert not refused.garbled


def test_an_answer_with_another_number_is_not_the_answer():
    talk = dialogue("uarm")
    command = talk_command("uarm", "position")
    assert talk.ask(command) == b"#1 P2220\n"
    assert talk.ask(command) == b"#2 P2220\n"
    assert talk.take("$1 ok X1.0 Y2.0 Z3.0") is None
    assert isinstance(talk.take("$2 ok X1.0 Y2.0 Z3.0"), ArmReply)
    assert talk.take("$1 E22") is None
    heard = talk.take("$2 E22")
    assert isinstance(heard, ArmRefusal)
    assert heard.code == "E22"
    assert isinstance(talk.take("@5 V1"), IgnoredLine)


def talk_command(name, command):
    return getattr(protocol(name), command)


@pytest.mark.slow
@pytest.mark.uncounted
@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_any_printable_line_is_taken_without_an_exception(line):
    for name in ("community_arm", "uarm"):
        talk = dialogue(name)
        talk.ask(talk_command(name, "position"))
        heard = talk.take(line)
        assert heard is None or isinstance(heard, ArmLine)


@given(
    st.lists(st.sampled_from(["$1 ok", "INFO: X", "> ", "#!"]), max_size=20),
    st.lists(st.integers(1, 7), max_size=40),
)
def test_how_the_bytes_are_cut_changes_nothing(lines, cuts):
    data = "\r\n".join(lines).encode() + b"\r\n"
    whole, pieces, start = Lines(), Lines(), 0
    got = []
    for cut in cuts:
        got += pieces.feed(data[start : start + cut])
        start += cut
    got += pieces.feed(data[start:])
    assert got == whole.feed(data) == [line for line in lines if line.strip()]


def test_a_million_random_bytes_raise_nothing_and_leave_no_heap():
    noise = random.Random(3).randbytes(NOISE_BYTES)
    lines, talk = Lines(), dialogue("uarm")
    talk.ask(talk_command("uarm", "position"))
    for start in range(0, NOISE_BYTES, 997):
        for line in lines.feed(noise[start : start + 997]):
            assert not isinstance(talk.take(line), ArmReply)
        assert len(lines) <= 256


REPORT = "X:150.00 Y:0.00 Z:100.00 E:0.00 Count X:0 Y:0 Z:0"
REFUSED = "Error:Unreachable position"


@given(
    stale=st.integers(0, 4),
    between=st.lists(st.sampled_from(["echo:busy: processing", "noise", ""]), max_size=3),
)
def test_an_answer_counts_when_it_is_closed_and_closing_lines_before_it_do_not(stale, between):
    talk = dialogue("marlin_arm")
    talk.ask(talk_command("marlin_arm", "position"))
    lines = ["ok"] * stale + between + [REPORT] + between
    assert not any(isinstance(talk.take(line), ArmReply | ArmRefusal) for line in lines)
    assert isinstance(talk.answered, ArmReply)
    closed = talk.take("ok")
    assert isinstance(closed, ArmReply)
    assert closed.groups == {"x": "150.00", "y": "0.00", "z": "100.00"}


@pytest.mark.slow
@given(lines=st.lists(st.sampled_from([REFUSED, REPORT, "ok", "noise"]), max_size=6))
def test_a_refused_move_is_never_taken_for_done(lines):
    talk = dialogue("marlin_arm")
    talk.ask(protocol_of(load_spec("marlin_arm")).move, {k: "1" for k in ("x", "y", "z", "speed")})
    answers = [talk.take(line) for line in lines]
    if "ok" in lines:
        first = answers[lines.index("ok")]
        before = lines[: lines.index("ok")]
        assert isinstance(first, ArmRefusal if REFUSED in before else ArmReply)
        answers = answers[: lines.index("ok")]
    assert not any(isinstance(answer, ArmReply | ArmRefusal) for answer in answers)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("done = 'ok'", "done = 'ok('", "device.done: .*not a regular expression"),
        ("reply = 'FIRMWARE_NAME:Marlin .*'", "reply = 'ok'", "another line than done"),
        ('send = "M410"', 'send = "M410"\ndone = "("', "device.hold.done: .*not a regular"),
        (
            "(?P<z>-?\\d+\\.\\d\\d) E:.*'\n\n[device.move]",
            "Z' \n\n[device.move]",
            "lacks the group",
        ),
    ],
)
def test_a_closing_line_that_cannot_be_is_told_with_its_key(old, new, told):
    text = shipped()["marlin_arm"].read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(InvalidSpec, match=told):
        protocol_of(parse_spec(text.replace(old, new, 1)))


def test_a_command_can_close_its_answers_otherwise():
    text = shipped()["marlin_arm"].read_text(encoding="utf-8")
    protocol = protocol_of(parse_spec(text.replace('send = "M410"', 'send = "M410"\ndone = ""')))
    assert protocol.hold is not None
    assert protocol.closing(protocol.hold) == ""
    assert protocol.closing(protocol.position) == "ok"
    assert protocol.tells_itself(protocol.position)
    assert not protocol.tells_itself(protocol.move)
