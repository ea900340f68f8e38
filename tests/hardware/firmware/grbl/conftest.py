"""grbl's own firmware in simavr, with motors, switches and buttons at its pins.

HELMSIGHT_GRBL names the folder of its sources (the one with main.c of github.com/gnea/grbl, 1.1h),
which is not part of this repository, or a firmware built from it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from helmsight.hardware.drivers.grbl import Grbl
from helmsight.hardware.emulators.simavr import Simavr
from helmsight.hardware.spec import RobotSpec, parse_spec, shipped

HERE, GIVEN = Path(__file__).parent, os.environ.get("HELMSIGHT_GRBL", "")
STEPS = 200  # a mm: simavr's timers make a step pulse of 128 us, so no more than 6 kHz
SWITCH_MM = 3  # how far the switches are from where it is switched on
AXES = (("D2", "D5", "B1"), ("D3", "D6", "B2"), ("D4", "D7", "B4"))  # step, direction, switch
FLAGS = ("-Os", "-flto", "-w", "-ffunction-sections", "-Wl,--gc-sections", "-lm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs sources that are not in the repository."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if not GIVEN:
                item.add_marker(pytest.mark.skip(reason="HELMSIGHT_GRBL names no grbl"))


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return what builds grbl once, with and without lines of its config.h."""
    built: dict[tuple[str, str], Path] = {}

    def build(on: str = "", off: str = "") -> Path:
        if not Path(GIVEN).is_dir():
            if on or off:
                pytest.skip("HELMSIGHT_GRBL is a built firmware, this needs its sources")
            return Path(GIVEN)
        if (on, off) not in built:
            folder = tmp_path_factory.mktemp("grbl") / "grbl"
            shutil.copytree(GIVEN, folder)
            config = folder / "config.h"
            text = config.read_text(encoding="utf-8")
            if on:
                text = text.replace(f"// #define {on}", f"#define {on}")
            if off:
                text = text.replace(f"#define {off}", f"// #define {off}")
            config.write_text(text, encoding="utf-8")
            sources = [str(path) for path in sorted(folder.glob("*.c"))]
            command = ["avr-gcc", "-mmcu=atmega328p", "-DF_CPU=16000000", *FLAGS, *sources]
            built[on, off] = folder / "grbl.elf"
            subprocess.run([*command, "-o", str(built[on, off])], check=True)
        return built[on, off]

    return build


@pytest.fixture(scope="session")
def spec() -> RobotSpec:
    text = shipped()["gantry"].read_text(encoding="utf-8")
    return parse_spec(text.replace("reply_s = 0.25", "reply_s = 0.5"))


class Mill:
    """A gantry with grbl's own firmware, set up as described, at a place that it does not know."""

    def __init__(self, elf: Path, spec: RobotSpec) -> None:
        self.spec = spec
        self.board = Simavr(elf=elf)
        for step, direction, switch in AXES:
            self.board.axis(step, direction, switch, SWITCH_MM * STEPS)
        self.port = self.board.port
        with serial.Serial(self.port, 115200, timeout=5.0) as line:
            line.read_until(b"help]")  # the first time it prints more after that
            line.write(b"$I\n")
            line.read_until(b"[OPT")
            line.read_until(b"ok\r\n")
            for number, value in settings(spec).items():
                line.write(f"${number}={value:g}\n".encode())
                assert line.read_until(b"\n").endswith(b"ok\r\n")

    def restart(self) -> None:
        """Press the reset button of the board and wait until it is up."""
        self.board.restart()
        with serial.Serial(self.port, 115200, timeout=5.0) as line:
            line.read_until(b"help]")
            line.write(b"$1=255\n")  # simavr's memory does not take an erased byte for a write
            line.read_until(b"ok\r\n")

    def robot(self) -> Grbl:
        return Grbl(self.spec, self.port)

    def moves(self, seconds: float = 0.1) -> bool:
        """Return whether its motors turn within a time."""
        before = self.board.where()
        time.sleep(seconds)
        return self.board.where() != before

    def press(self, pin: str) -> None:
        """Press a button: it closes to ground."""
        self.board.pin(pin, False)

    def let_go(self, pin: str) -> None:
        self.board.pin(pin, None)


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


@pytest.fixture
def mill_of(firmware: Callable[..., Path], spec: RobotSpec) -> Iterator[Callable[..., Mill]]:
    """Return what makes a mill, with and without lines of grbl's config.h."""
    mills: list[Mill] = []

    def make(on: str = "", off: str = "") -> Mill:
        mills.append(Mill(firmware(on, off), spec))
        return mills[-1]

    yield make
    for mill in mills:
        mill.board.close()


@pytest.fixture
def mill(mill_of: Callable[..., Mill]) -> Mill:
    return mill_of()
