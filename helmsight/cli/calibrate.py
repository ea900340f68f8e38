"""`helmsight calibrate`: where the joints of a servo arm have their zeros, by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from helmsight.cli.robots import Json, Robot, Yes
from helmsight.consent import agreed
from helmsight.contract.writing import write_whole
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

    from helmsight.hardware.recording import Recording
    from helmsight.keyboard import Read

EXAMPLES = """Examples:

helmsight calibrate --robot so101 --port /dev/ttyACM0 --out arm.toml

(sleep 30; echo q) | helmsight calibrate --robot so101 --port ./arm --yes --json

helmsight calibrate --robot so101 --from arm.toml --export lerobot --out arm.json
"""
HELP = "move every joint by hand from one end stop to the other, then Enter or q; Ctrl-C gives up"
LEROBOT = "lerobot"
PERIOD_S = 0.05
DONE = ("q", "\r", "\n", "end", "\x04")


def command(
    robot: Robot,
    port: Annotated[
        str | None, typer.Option("--port", "-p", help="Serial port (helmsight devices).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write; default ROBOT-calibration.toml."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Convert this calibration (ours or LeRobot's); nothing moves."),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option("--export", help="lerobot: also write OUT.json, as LeRobot reads it."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make the calibration of a servo arm whose joints you move by hand. Its torque goes OFF."""
    from helmsight.output import json_line

    if export not in (None, LEROBOT):
        raise InvalidSetting(f"--export {export}: expected {LEROBOT}")
    if (source is None) == (port is None):
        raise InvalidSetting("expected either --port (move the joints) or --from (convert a file)")
    if source is not None:
        converted(robot, source, out, export=export is not None, replace=yes)
        return
    from helmsight.hardware.lerobot import to_json
    from helmsight.hardware.recording import Recording
    from helmsight.keyboard import keys

    assert port is not None
    recording = Recording(robot, port)
    out = writable(out or Path(f"{recording.spec.name}-calibration.toml"), replace=yes)
    theirs = writable(out.with_suffix(".json"), replace=yes) if export else None
    agreed(yes, f"{robot} at {port} loses its torque and sinks: hold it")
    with recording.by_hand(), keys() as read, shown() as live:
        record(recording, read, live)
    made = recording.calibration()
    made.save(out)
    if theirs is not None:
        write_whole(theirs, to_json(made, recording.spec))
    joints = {
        name: own.model_dump(exclude_none=True) | {"share": round(recording.ranges[name].share, 3)}
        for name, own in made.joint.items()
    }
    if as_json:
        report = {"robot": made.robot, "port": port, "file": str(out.resolve()), "joints": joints}
        print(json_line(report))
        return
    for name, joint in joints.items():
        ends = f"ticks {joint['lower']} to {joint['upper']}, zero at {joint['zero']}"
        print(f"{name:<16} {ends}, {joint['share']:.0%} of its described range")
    print("\n".join([*advice(robot, out), *advice_for_lerobot(theirs)]))


def converted(robot: str, source: Path, out: Path | None, *, export: bool, replace: bool) -> None:
    """Write a calibration that is there already in the other form. Raises as load_calibration."""
    from helmsight.hardware.lerobot import to_json
    from helmsight.hardware.scales import load_calibration
    from helmsight.hardware.spec import load_spec

    spec = load_spec(robot)
    made = load_calibration(source, spec)
    made.scales(spec)  # refuses those of another robot
    out = writable(
        out or Path(f"{spec.name}-calibration.{'json' if export else 'toml'}"), replace=replace
    )
    if export:
        write_whole(out, to_json(made, spec))
    else:
        made.save(out)
    print("\n".join(advice_for_lerobot(out) if export else advice(robot, out, torque="")))


def writable(out: Path, *, replace: bool) -> Path:
    """Return `out`, where a file may be written.

    Raises:
        InvalidSetting: there is no such folder, or a file that may not be replaced.
    """
    if not out.parent.is_dir():
        raise InvalidSetting(f"--out {out}: there is no folder {out.parent}")
    if out.is_dir():
        raise InvalidSetting(f"--out {out}: a folder; expected a file")
    if out.exists() and not replace:
        raise InvalidSetting(f"--out {out}: there already; give another, or --yes to replace it")
    return out


def record(recording: Recording, read: Read, live: Live | None) -> None:
    """Take readings until a key ends it; on a terminal Enter does so once all joints were moved."""
    from helmsight.hardware.errors import NoReply

    message = HELP
    while True:
        pressed = read(PERIOD_S)
        try:
            recording.take()
        except NoReply as error:  # a line that stutters; the next reading tells
            message = str(error)
        ended = [key for key in pressed if key in DONE]
        if ended and (live is None or ended[-1] not in "\r\n" or not recording.unmoved):
            return
        if ended:
            message = (
                f"not yet moved far enough: {', '.join(recording.unmoved)}; q ends all the same"
            )
        if live is not None:
            live.update(table(recording, message), refresh=True)


def table(recording: Recording, message: str) -> Group:
    """Return the present, lowest and highest tick of every joint as a table, and a message."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None)
    for title in ("joint", "now", "min", "max", "of its range"):
        shown.add_column(title, justify="left" if title == "joint" else "right")
    for name, reach in recording.ranges.items():
        mark = "" if name in recording.unmoved else " ok"
        values = (
            (reach.present, reach.lower, reach.upper) if reach.present is not None else ("-",) * 3
        )
        shown.add_row(name, *map(str, values), f"{reach.share:.0%}{mark:<3}")
    return Group(shown, Text(message))


@contextmanager
def shown() -> Iterator[Live | None]:
    """Return what shows the table on standard error, None where no terminal is."""
    from rich.live import Live

    from helmsight.liveline import Terminal, begin

    console = Terminal()
    if not (console.is_terminal and sys.stdin.isatty()):
        print(HELP, file=sys.stderr, flush=True)
        yield None
        return
    live = Live(console=console, auto_refresh=False, transient=True)
    begin(live)
    try:
        yield live
    finally:
        live.stop()


def advice(robot: str, out: Path, torque: str = "; the torque is off") -> list[str]:
    """Return how the file is used."""
    from helmsight.hardware.spec import shipped

    source = shipped().get(robot)
    mine = Path(robot)
    lines = [f"wrote {out}{torque}. To use it:"]
    if source is not None:
        mine = Path(f"my_{robot}.toml")
        lines.append(f"  cp {source} {mine}")
    line = f'calibration = "{out.resolve().as_posix()}"'
    lines.append(f"  in {mine}, under [device], instead of another calibration: {line}")
    return [*lines, f"  helmsight doctor --robot {mine} --port ..."]


def advice_for_lerobot(theirs: Path | None) -> list[str]:
    """Return how LeRobot's file is used, nothing without one."""
    if theirs is None:
        return []
    return [
        f"wrote {theirs} for LeRobot. To use it, put it where LeRobot keeps the arm's (it prints",
        "  the folder when it calibrates), under the arm's id; connect, and press Enter when it",
        "  asks for the calibration file: LeRobot then writes its ranges into the servos",
    ]
