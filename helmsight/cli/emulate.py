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
from helmsight.contract.signals import ending_signals
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.envs.inspection.emulated import EmulatedCell
    from helmsight.hardware.emulators.device import Device
    from helmsight.hardware.emulators.serve import Emulation

CELL = "cell"  # no device of its own: a whole inspection cell, its arm's bus among other things
EXAMPLES = """Examples:

helmsight emulate so101 --link ./arm

helmsight emulate grbl --fault drop=0.01,flip=0.001,delay=20ms,unplug@5s --seed 1

helmsight emulate grbl --homed --link ./mill

helmsight emulate helm --firmware --link ./arm

helmsight emulate dynamixel --tcp 127.0.0.1:7000

helmsight emulate cell --seed 3 --link ./arm --camera-port 8300
"""


def command(
    kind: Annotated[
        str,
        typer.Argument(
            help="dynamixel, feetech, grbl, helm, linearm, cell; or a robot (list robots).",
            autocompletion=completion.robots,
        ),
    ],
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
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, help="Seed of the faults, and of the cell.")
    ] = 0,
    firmware: Annotated[
        bool, typer.Option("--firmware", help="helm: the real firmware, in simavr, not its twin.")
    ] = False,
    homed: Annotated[
        bool, typer.Option("--homed", help="As a run of before has left it, not as switched on.")
    ] = False,
    camera_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="cell: where its wrist camera is served; default: a free port."
        ),
    ] = None,
    camera: Annotated[
        bool, typer.Option("--camera/--no-camera", help="cell: serve its wrist camera.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Two lines of JSON: the port, then the summary.")
    ] = False,
) -> None:
    """Emulate a device byte for byte until Ctrl-C."""
    from helmsight.output import json_line

    cell = None
    if kind == CELL:
        if firmware or homed:
            raise InvalidSetting("--firmware, --homed: the cell has servos, which need neither")
        cell = made_cell(robot, link, tcp, fault, seed, (camera_port or 0) if camera else None)
    elif camera_port is not None or not camera:
        raise InvalidSetting(f"--camera-port, --no-camera: {kind} has no camera; the cell has one")
    elif robot is None and described(kind):
        kind, robot = described(kind), kind
    emulation = (
        cell.emulation
        if cell
        else made(kind, robot, link, tcp, fault, seed, firmware=firmware, homed=homed)
    )
    name = robot or emulation.device.spec.name
    start = time.monotonic()
    previous = {number: signal.signal(number, _interrupt) for number in ending_signals()}
    try:
        where = {"kind": kind, "robot": name, "port": emulation.port, "seed": seed}
        where |= {} if cell is None else places(cell)
        if as_json:
            print(json_line(where), flush=True)
        else:
            what = f"{kind} firmware in simavr" if firmware else kind
            print(f"{what} ({name}) at {emulation.port}, until Ctrl-C. In another terminal:")
            print(f"  helmsight doctor --robot {name} --port {emulation.port}", flush=True)
            for key, place in ({} if cell is None else places(cell)).items():
                print(f"  {key:<10} {place}", flush=True)
        with suppress(KeyboardInterrupt):
            (cell or emulation).run()
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
        close(cell or emulation)
    counts = summary(emulation, time.monotonic() - start)
    counts |= {} if cell is None else touched(cell)
    if as_json:
        print(json_line(counts))
    else:
        print("\n".join(f"{key:<18} {value}" for key, value in counts.items()))


def described(name: str) -> str:
    """Return the driver of a robot's description, shipped or a file; "" where `name` is none."""
    from helmsight.hardware.spec import load_spec, shipped

    if name in shipped() or name.endswith(".toml"):
        return load_spec(name).driver
    return ""


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
        known = ", ".join((*DEVICES, CELL))
        raise InvalidSetting(
            f"nothing emulates {kind!r}; there are {known}, and the robots of helmsight list robots"
        )
    check_line(link, tcp)
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


def made_cell(
    robot: str | None,
    link: Path | None,
    tcp: str | None,
    fault: str,
    seed: int,
    camera_port: int | None,
) -> EmulatedCell:
    """Return the inspection cell of a seed, its ports and its camera open already.

    Raises:
        InvalidSetting, HardwareError: as `made`. CameraUnavailable: nothing to draw with.
    """
    from helmsight.envs.inspection.emulated import EmulatedCell
    from helmsight.hardware.emulators import tcp as line

    check_line(link, tcp)
    lines = None if tcp is None else (line.tcp(tcp), line.tcp("127.0.0.1:0"))
    return EmulatedCell(
        seed, robot or "so101", link=link, lines=lines, faults=fault, seed=seed,
        camera_port=camera_port,
    )  # fmt: skip


def check_line(link: Path | None, tcp: str | None) -> None:
    """Raise InvalidSetting for a line that cannot be, or that another emulator has."""
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


def places(cell: EmulatedCell) -> dict[str, str]:
    """Return where a cell's turntable and camera are, by their names."""
    places = {"turntable": cell.turntable_port}
    return places if cell.address is None else places | {"camera": cell.address}


def touched(cell: EmulatedCell) -> dict[str, int]:
    """Return how often the arm touched what."""
    counts: dict[str, int] = {"touched_satellite": 0}
    for touch in cell.plant.touches:
        counts[f"touched_{touch.what}"] = counts.get(f"touched_{touch.what}", 0) + 1
    return counts


def close(served: Emulation | EmulatedCell) -> None:
    """Close what was served, and the process behind it if there is one."""
    from helmsight.hardware.emulators.serve import Emulation

    try:
        served.close()
    finally:
        if isinstance(served, Emulation):
            end(served.device)


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
