"""Senders that know nothing of us, on the device node of the emulated grbl, with plain pyserial."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
import serial

from helmsight.hardware.emulators.grbl import GrblController
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.spec import load_spec

pytestmark = pytest.mark.serial
WAIT_S = 600.0  # a deadline against hanging, no claim about speed

# 60 corners of a zigzag, with comments, spaces and line numbers as CAM programs write them.
PROGRAM = [
    "%",
    "(zigzag)",
    "G21 G90 G94",
    "G17 ; the plane",
    "F1800",
    *(f"N{n} G1 X{-140 + 0.1 * (n % 2):.3f} Y{-85 + 0.02 * n:.3f}" for n in range(60)),
    "G0 X-140 Y-85",
    "M5",
    "M30",
]


@pytest.fixture(params=["grbl", "grblhal"])
def emulation(request: pytest.FixtureRequest) -> Iterator[Emulation]:
    with Emulation(GrblController(load_spec("gantry"), request.param, homed=True)) as emulation:
        yield emulation


@pytest.fixture
def port(emulation: Emulation) -> Iterator[serial.Serial]:
    with serial.Serial(emulation.port, 115200, timeout=WAIT_S) as port:
        yield port


def woken(port: serial.Serial) -> str:
    """Wake it as many senders do: line ends, then whatever it says until all are answered."""
    port.write(b"\r\n\r\n")
    said = ""
    while said.count("ok") < 4:
        line = port.readline().decode("ascii")
        assert line, "the controller fell silent"
        said += line
    return said


def simple_send(port: serial.Serial, lines: list[str]) -> list[str]:
    """Send a line, wait for its answer, send the next."""
    answers = []
    for line in lines:
        port.write(line.strip().encode() + b"\n")
        while not (answer := port.readline().decode("ascii").strip()).startswith(("ok", "error")):
            assert answer or port.in_waiting, "the controller fell silent"
        answers.append(answer)
    return answers


def stream(port: serial.Serial, lines: list[str], each: Callable[[], None]) -> list[str]:
    """Keep the receive buffer full, counting characters; ask for the status in between."""
    answers: list[str] = []
    lengths: list[int] = []
    for line in [*lines, None]:
        block = "" if line is None else re.sub(r"\s|\(.*?\)", "", line).upper()
        while (line is None and lengths) or sum(lengths) + len(block) + 1 >= 128:
            answer = port.readline().decode("ascii").strip()
            if answer.startswith(("ok", "error")):
                answers.append(answer)
                del lengths[0]
            else:
                assert answer == "" or answer[0] in "<[", answer
        if line is not None:
            lengths.append(len(block) + 1)
            port.write(block.encode() + b"\n")
            each()
    return answers


def test_a_send_and_wait_sender_runs_a_program_to_its_end(
    emulation: Emulation, port: serial.Serial
) -> None:
    said = woken(port)
    assert re.search(r"Grbl(HAL)? 1\.1", said)
    answers = simple_send(port, PROGRAM)
    assert answers[0] == "error:1"
    assert set(answers[1:]) == {"ok"}
    assert emulation.device.positions == pytest.approx((0.14, 0.085, 0.02), abs=1e-5)
    assert emulation.device.lost_bytes == 0  # type: ignore[attr-defined]


def test_a_character_counting_sender_runs_it_with_status_queries_in_between(
    emulation: Emulation, port: serial.Serial
) -> None:
    woken(port)
    answers = stream(port, PROGRAM[1:], lambda: port.write(b"?") and None)
    assert answers == ["ok"] * (len(PROGRAM) - 1)
    assert emulation.device.lost_bytes == 0  # type: ignore[attr-defined]
    moves = [entry for entry in emulation.device.journal if entry.kind == "move"]
    assert len(moves) >= 60


def test_a_sender_with_its_own_report_mask_gets_work_positions_and_buffers(
    port: serial.Serial,
) -> None:
    woken(port)
    assert simple_send(port, ["G10 L2 P1 X-140 Y-85 Z-20", "$10=2", "G0 X1"]) == ["ok"] * 3
    seen: dict[str, str] = {}
    deadline = time.monotonic() + 600.0
    while not {"WCO", "Ov", "Bf", "WPos"} <= set(seen) and time.monotonic() < deadline:
        port.write(b"?")
        report = port.readline().decode("ascii").strip().strip("<>")
        seen |= dict(part.split(":", 1) for part in report.split("|")[1:])
    assert seen["WCO"] == "-140.000,-85.000,-20.000"
    assert seen["WPos"].endswith(",0.000,0.000")


def test_a_panel_jogs_cancels_and_jogs_again(port: serial.Serial) -> None:
    woken(port)
    for _ in range(3):
        assert simple_send(port, ["$J=G91 X50 F1500"]) == ["ok"]
        time.sleep(0.05)
        port.write(b"\x85")
        state, deadline = "", time.monotonic() + 600.0
        while state != "Idle" and time.monotonic() < deadline:
            port.write(b"?")
            state = port.readline().decode("ascii")[1:].partition("|")[0]
        assert state == "Idle"
