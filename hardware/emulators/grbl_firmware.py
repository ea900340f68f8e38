"""grbl's own firmware in simavr, with motors and switches at its pins, set up as described.

Its sources are not part of this distribution: https://github.com/gnea/grbl, 1.1h.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import serial

from helmsight.contract.textfiles import read_text
from helmsight.hardware.emulators.simavr import Simavr, SimavrUnavailable
from helmsight.hardware.spec import RobotSpec
from helmsight.hardware.wire import grbl as wire

STEPS = 200  # a mm: simavr's timers make a step pulse of 128 us, so no more than 6 kHz
SWITCH_MM = 3  # how far the switches are from where it is switched on
AXES = (("D2", "D5", "B1"), ("D3", "D6", "B2"), ("D4", "D7", "B4"))  # step, direction, switch
HOLD = DOOR = "C1"  # one input: the build says which
FLAGS = ("-Os", "-flto", "-w", "-ffunction-sections", "-Wl,--gc-sections", "-lm")
ANSWER_S = 5.0
ENDING = wire.JOG_CANCEL + wire.HOLD + wire.RESET


def build_grbl(sources: Path, folder: Path, on: str = "", off: str = "") -> Path:
    """Return grbl built in the new folder `folder` from `sources`, the one with its main.c.

    on, off: a line of its config.h that is to be there, or not.

    Raises:
        SimavrUnavailable: there are no sources, or they cannot be built.
    """
    if not (sources / "main.c").is_file():
        raise SimavrUnavailable(f"{sources} holds no grbl: give the folder with its main.c")
    shutil.copytree(sources, folder)
    config = folder / "config.h"
    text = read_text(config)
    if on:
        text = text.replace(f"// #define {on}", f"#define {on}")
    if off:
        text = text.replace(f"#define {off}", f"// #define {off}")
    config.write_text(text, encoding="utf-8")
    parts = [str(path) for path in sorted(folder.glob("*.c"))]
    elf = folder / "grbl.elf"
    command = ["avr-gcc", "-mmcu=atmega328p", "-DF_CPU=16000000", *FLAGS, *parts, "-o", str(elf)]
    try:
        done = subprocess.run(command, text=True, capture_output=True)
    except OSError as error:
        raise SimavrUnavailable(f"avr-gcc cannot be run: {error}") from error
    if done.returncode:
        raise SimavrUnavailable(f"grbl does not build:\n{done.stdout}{done.stderr}")
    return elf


def settings(spec: RobotSpec) -> dict[int, float]:
    """Return what grbl is set to, in an order that it takes."""
    values: dict[int, float] = {1: 255, 22: 1, 20: 1, 21: 1, 24: 100, 25: 1200, 26: 25, 27: 1}
    for axis, joint in enumerate(spec.joint):
        values |= {
            100 + axis: STEPS,
            110 + axis: round(joint.speed * 60_000, 3),
            120 + axis: joint.acceleration * 1000,
            130 + axis: 1000 * (joint.upper - joint.lower),
        }
    return values


class GrblBoard:
    """A machine of three axes with grbl's own firmware, set up, at a place that it does not know.

    `board` is what its firmware runs in, `port` what a client opens. trace: for `ending_s`.
    """

    def __init__(self, elf: Path, spec: RobotSpec, *, trace: bool = False) -> None:
        self.spec = spec
        self.board = Simavr(elf=elf, trace=trace)
        for step, direction, switch in AXES:
            self.board.axis(step, direction, switch, SWITCH_MM * STEPS)
        self.port = self.board.port
        with serial.Serial(self.port, 115200, timeout=ANSWER_S) as line:
            line.read_until(b"help]")  # the first time it prints more after that
            line.write(b"$I\n")
            line.read_until(b"[OPT")
            line.read_until(b"ok\r\n")
            for number, value in settings(spec).items():
                line.write(f"${number}={value:g}\n".encode())
                answer = line.read_until(b"\n")
                if not answer.endswith(b"ok\r\n"):
                    raise SimavrUnavailable(f"grbl answers ${number}={value:g} with {answer!r}")

    def restart(self) -> None:
        """Press the reset button of the board and wait until it is up."""
        self.board.restart()
        with serial.Serial(self.port, 115200, timeout=ANSWER_S) as line:
            line.read_until(b"help]")
            line.write(b"$1=255\n")  # simavr's memory does not take an erased byte for a write
            line.read_until(b"ok\r\n")

    @property
    def positions(self) -> tuple[float, ...]:
        """Where its motors have taken it from where it was switched on, m."""
        return tuple(steps / STEPS / 1000.0 for steps in self.board.where())

    def ending_s(self) -> float | None:
        """Return how long it went on after the first byte that ends motion, by its own clock.

        Of what has happened since this was last asked; None where no such byte came, or no step
        after it. Needs `trace`.
        """
        happened = self.board.news()
        asked = next((e.at_s for e in happened if e.kind == "rx" and e.byte in ENDING), None)
        steps = [e.at_s for e in happened if e.kind == "pulse" and e.channel < len(AXES)]
        if asked is None or not steps or steps[-1] < asked:
            return None
        return steps[-1] - asked

    def moves(self, seconds: float = 0.1) -> bool:
        """Return whether its motors turn within a time."""
        before = self.board.where()
        time.sleep(seconds)
        return self.board.where() != before

    def press(self, pin: str) -> None:
        """Press a button: it closes to ground."""
        self.board.pin(pin, False)

    def let_go(self, pin: str) -> None:
        """Let go of a button."""
        self.board.pin(pin, None)

    def close(self) -> None:
        """End the emulator."""
        self.board.close()
