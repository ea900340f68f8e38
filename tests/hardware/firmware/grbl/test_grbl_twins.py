"""The emulated grbl says what grbl's own firmware says, to the same lines in the same order."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import serial

from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.spec import RobotSpec

if TYPE_CHECKING:
    from tests.hardware.firmware.grbl.conftest import Mill

# What is said, and how long it is listened to after the last of an answer.
DIALOGUES: dict[str, list[bytes]] = {
    "a jog, a hold at rest, and a reset": [
        b"?", b"$X\n", b"$J=G91X-1F600\n", b"?", b"!", b"?", b"$J=G91X1F600\n", b"\x18", b"?",
    ],
    "check mode": [b"$C\n", b"?", b"G91X-1\n", b"$I\n", b"$C\n", b"?"],
    "a door by its byte": [b"\x84", b"?", b"~", b"?", b"\x84", b"\x18", b"?"],
    "a hold in a jog": [b"$J=G91X-20F600\n", b"!", b"?", b"$G\n", b"\x85", b"?"],
    "soft limits": [b"$20=1\n", b"$J=G53X9F600\n", b"G53G0X-500\n", b"?", b"\x18", b"?", b"$X\n"],
    "homing ended by a reset": [b"$H\n?!\x85", b"\x18", b"?", b"$X\n", b"?"],
    "the tool number that is left as a mark": [b"T211\n", b"$G\n", b"\x18", b"$G\n"],
    "sleep": [b"$SLP\n", b"?", b"\x18", b"?", b"$X\n"],
    "what needs what": [b"$20=0\n", b"$22=0\n", b"$20=1\n", b"$H\n", b"$22=1\n", b"$20=1\n"],
}  # fmt: skip


def spoken(port: str, lines: list[bytes]) -> list[str]:
    """Return what comes back for each line, without what depends on time or counters."""
    with serial.Serial(port, 115200, timeout=0.05) as line:
        line.write(b"\x18\n$X\n")
        time.sleep(0.6)
        line.reset_input_buffer()
        answers = []
        for said in lines:
            line.write(said)
            end, heard = time.monotonic() + 0.8, b""
            while time.monotonic() < end:
                heard += line.read(4096)
            answers.append(plain(heard.decode("ascii")))
    return answers


def plain(said: str) -> str:
    said = re.sub(r"\|(WCO|Ov|A|F|FS|Pn):[^|>]*|(?<=\|MPos:)[^|>]*", "", said)
    return re.sub(r"\s+", " ", said).strip()


@pytest.mark.parametrize("name", DIALOGUES)
def test_the_emulated_grbl_says_what_the_firmware_says(
    mill_of: Callable[..., Mill], spec: RobotSpec, name: str
) -> None:
    real = spoken(mill_of().port, DIALOGUES[name])
    device = GrblController(spec, homed=True)
    with Emulation(device) as emulation:
        emulated = spoken(emulation.port, DIALOGUES[name])
    assert emulated == real
