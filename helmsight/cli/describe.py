"""`helmsight describe`: a robot description out of a URDF file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from helmsight.cli.calibrate import writable
from helmsight.cli.robots import Json
from helmsight.contract.writing import write_whole
from helmsight.errors import InvalidSetting

EXAMPLES = """Examples:

helmsight describe so101.urdf --driver feetech --tool-frame gripper_frame_link --centred

helmsight describe arm.urdf --driver feetech --ids 1,2,3,4,5,6 --speed 1.5 --acceleration 12
"""


def command(
    urdf: Annotated[Path, typer.Argument(help="A URDF file; xacro macros expanded.")],
    driver: Annotated[str, typer.Option("--driver", help="What speaks to it: feetech, ...")],
    tool_frame: Annotated[
        str | None, typer.Option("--tool-frame", help="Link whose origin is the tool point.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Of the robot.")] = None,
    centred: Annotated[
        bool,
        typer.Option("--centred", help="Zeros in the middle of the ranges, as LeRobot has them."),
    ] = False,
    baud: Annotated[int | None, typer.Option("--baud", help="Bits a second.")] = None,
    speed: Annotated[
        float | None, typer.Option("--speed", help="Of every joint, rad/s or m/s.")
    ] = None,
    acceleration: Annotated[
        float | None, typer.Option("--acceleration", help="Of every joint, rad/s^2 or m/s^2.")
    ] = None,
    ids: Annotated[
        str | None, typer.Option("--ids", help="Servo numbers, in the order of the joints.")
    ] = None,
    lower: Annotated[
        str | None, typer.Option("--lower", metavar="X,Y,Z", help="Corner of the workspace, m.")
    ] = None,
    upper: Annotated[
        str | None, typer.Option("--upper", metavar="X,Y,Z", help="Its other corner, m.")
    ] = None,
    opened: Annotated[
        float | None, typer.Option("--open", help="Where the gripper is open, rad or m.")
    ] = None,
    closed: Annotated[
        float | None, typer.Option("--closed", help="Where the gripper is closed, rad or m.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; default standard output.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Make a robot description out of a URDF: limits, axes, frames, tool. Nothing moves."""
    from helmsight.hardware.describing import Given, describe
    from helmsight.hardware.urdf import read_urdf
    from helmsight.output import json_line

    given = Given(
        baud=baud, speed=speed, acceleration=acceleration,
        ids=tuple(int(number) for number in numbers("--ids", ids, whole=True)),
        lower=numbers("--lower", lower, 3), upper=numbers("--upper", upper, 3),
        open=opened, closed=closed,
    )  # fmt: skip
    arm = read_urdf(urdf, tool_frame, centred)
    made = describe(arm, driver, name, given, urdf.name)
    if out is not None:
        write_whole(writable(out, replace=yes), made.text)
    if as_json:
        report = {
            "robot": name or arm.name,
            "file": None if out is None else str(out.resolve()),
            "joints": [joint.name for joint in arm.joints],
            "gripper": arm.gripper,
            "missing": made.missing,
            "notes": made.notes,
            "text": made.text,
        }
        print(json_line(report))
        return
    if out is None:
        print(made.text, end="")
    for line in told(made.notes, made.missing, out):
        print(line, file=sys.stderr)


def told(notes: tuple[str, ...], missing: tuple[str, ...], out: Path | None) -> list[str]:
    """Return what a person has to know and to do, in lines."""
    lines = [f"note: {note}" for note in notes]
    where = "the description" if out is None else str(out)
    if missing:
        lines.append(f"to be filled in before {where} can be used: {', '.join(missing)}")
    return lines


def numbers(
    option: str, text: str | None, count: int | None = None, whole: bool = False
) -> tuple[float, ...]:
    """Return the numbers of an option, none without it. Raises InvalidSetting."""
    if text is None:
        return ()
    try:
        values = tuple((int if whole else float)(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or count not in (None, len(values)):
        expected = f"{count or 'some'} {'whole ' if whole else ''}numbers with commas between them"
        raise InvalidSetting(f"{option} {text}: expected {expected}")
    return values
