"""`helmsight emulate`: a device that is not there, for tests and for working without a robot."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.hardware.emulators.device import Device
    from helmsight.hardware.emulators.serve import Emulation

EXAMPLES = """Examples:

helmsight emulate feetech --link ./arm

helmsight emulate grbl --fault drop=0.01,flip=0.001,delay=20ms,unplug@5s --seed 1

helmsight emulate grbl --homed --link ./mill

helmsight emulate helm --firmware --link ./arm

helmsight emulate dynamixel --tcp 127.0.0.1:7000
"""


def command(
    kind: Annotated[str, typer.Argument(help="dynamixel, feetech, grbl, helm or linearm.")],
    robot: Annotated[
        str | None,
        typer.Option(
            "--robot",
            "-r",
            help="Description to emulate; default: one of that kind.",
            autocompletion=completion.robots,
        ),
    ] = None,
    link: Annotated[
        Path | None, typer.Option(help="Path of the device node; default: a temporary one.")
    ] = None,
    tcp: Annotated[
        str | None, typer.Option(help="HOST:PORT instead of a device node (Windows).")
    ] = None,
    fault: Annotated[str, typer.Option(help="drop=P,flip=P,noise=P,delay=20ms,unplug@5s")] = "",
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Seed of the faults.")] = 0,
    firmware: Annotated[
        bool, typer.Option("--firmware", help="helm: the real firmware, in simavr, not its twin.")
    ] = False,
    homed: Annotated[
        bool, typer.Option("--homed", help="As a run of before has left it, not as switched on.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Two lines of JSON: the port, then the summary.")
    ] = False,
) -> None:
    """Emulate a device byte for byte until Ctrl-C."""
    from helmsight.output import json_line

    emulation = made(kind, robot, link, tcp, fault, seed, firmware=firmware, homed=homed)
    name = robot or emulation.device.spec.name
    start = time.monotonic()
    # A shell starts background jobs with Ctrl-C ignored, and Python then leaves it so.
    previous = {
        number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        where = {"kind": kind, "robot": name, "port": emulation.port, "seed": seed}
        if as_json:
            print(json_line(where), flush=True)
        else:
            what = f"{kind} firmware in simavr" if firmware else kind
            print(f"{what} ({name}) at {emulation.port}, until Ctrl-C. In another terminal:")
            print(f"  helmsight doctor --robot {name} --port {emulation.port}", flush=True)
        with suppress(KeyboardInterrupt):
            emulation.run()
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
        close(emulation)
    counts = summary(emulation, time.monotonic() - start)
    if as_json:
        print(json_line(counts))
    else:
        print("\n".join(f"{key:<18} {value}" for key, value in counts.items()))


def made(
    kind: str,
    robot: str | None,
    link: Path | None,
    tcp: str | None,
    fault: str,
    seed: int,
    *,
    firmware: bool = False,
    homed: bool = False,
) -> Emulation:
    """Return the emulation that was asked for, its port open already.

    Raises:
        InvalidSetting: what does not go together. HardwareError: as `emulate`.
    """
    from helmsight.hardware.emulators import DEVICES, make_device
    from helmsight.hardware.emulators import tcp as line
    from helmsight.hardware.emulators.faults import Faults
    from helmsight.hardware.emulators.serve import Emulation
    from helmsight.hardware.spec import load_spec

    if kind not in DEVICES:
        raise InvalidSetting(f"nothing emulates {kind!r}; there are {', '.join(DEVICES)}")
    if link is not None and tcp is not None:
        raise InvalidSetting("--link and --tcp: give one of them")
    if sys.platform == "win32" and tcp is None:
        raise InvalidSetting("Windows has no pseudo-terminals: give --tcp 127.0.0.1:7000")
    if link is not None and not link.parent.is_dir():
        raise InvalidSetting(f"--link {link}: there is no folder {link.parent}")
    if link is not None and link.is_symlink() and link.exists():  # one that was left behind is not
        raise InvalidSetting(
            f"--link {link}: leads to {link.readlink()}; is another emulator there? Give another "
            "path, or remove this one"
        )
    spec = load_spec(robot or DEVICES[kind][1])
    if spec.driver != kind:
        raise InvalidSetting(
            f"--robot {robot}: its driver is {spec.driver}: helmsight emulate {spec.driver}"
        )
    if firmware and kind != "helm":
        raise InvalidSetting(f"--firmware: {kind} has none here; helmsight emulate helm --firmware")
    faults = Faults.parse(fault)  # what is wrong is told before anything is built
    wire = line.tcp(tcp) if tcp is not None else None
    device: Device
    if firmware:
        from helmsight.hardware.emulators.simavr_line import FirmwareLine

        device = FirmwareLine(spec)
    else:
        device = make_device(spec, homed=homed)
    try:
        return Emulation(device, link, faults=faults, seed=seed, wire=wire)
    except BaseException:
        end(device)
        raise


def close(emulation: Emulation) -> None:
    """Close an emulation, and the process behind it if there is one."""
    try:
        emulation.close()
    finally:
        end(emulation.device)


def end(device: Device) -> None:
    """End the process of a device that has one."""
    from helmsight.hardware.emulators.simavr_line import FirmwareLine

    if isinstance(device, FirmwareLine):
        device.close()


def summary(emulation: Emulation, seconds: float) -> dict[str, Any]:
    """Return what went over the line, which faults were done, and what was carried out."""
    counts: dict[str, Any] = {"seconds": round(seconds, 1)}
    for name, line in (("in", emulation.to_device), ("out", emulation.to_host)):
        counts[f"bytes_{name}"] = line.size
        counts |= {f"{key}_{name}": value for key, value in line.counts.items()}
    executed: dict[str, int] = {}
    for entry in emulation.device.journal:
        executed[entry.kind] = executed.get(entry.kind, 0) + 1
    counts |= {f"executed_{kind}": count for kind, count in sorted(executed.items())}
    counts["outside_limits"] = len(emulation.device.outside)
    return counts


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
