"""The protocol of text arms as data, and the dialogue of lines; no port is opened."""

from __future__ import annotations

import random

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


def dialogue(name):
    return Dialogue(protocol_of(load_spec(name)))


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
    return getattr(protocol_of(load_spec(name)), command)


@pytest.mark.slow
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
