"""`helmsight home`: a robot to its reference switches, so that it knows where it is."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from helmsight.cli.robots import Json, Port, Robot, Yes, telling_stops
from helmsight.consent import agreed
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.hardware.supervisor import Supervisor

EXAMPLES = """Examples:

helmsight home --robot gantry --port /dev/ttyUSB0

helmsight home --robot gantry --port /dev/ttyUSB0 --yes --json
"""
SAY_S = 1.0  # between two signs of progress
FORGETS = (
    "a controller that restarts when its port is opened (most Arduinos) forgets this: home it "
    "there, with H in helmsight jog"
)


def command(robot: Robot, port: Port, yes: Yes = False, as_json: Json = False) -> None:
    """Drive a robot to its reference switches, so that it knows its position. It MOVES."""
    from helmsight.hardware.supervisor import supervised
    from helmsight.output import json_line

    supervisor = supervised(robot, port)
    check(supervisor, robot)
    agreed(yes, f"{robot} at {port} will {what_homing_does(supervisor)}")
    with telling_stops(supervisor), supervisor.on_signals(), supervisor:
        report = homed(supervisor)
        # An arm that lets go, or a gantry that sleeps, would forget its position again.
        supervisor.close(release=False)
    if as_json:
        print(json_line({"robot": robot, "port": port, **report}))
        return
    places = " ".join(report["positions_shown"])
    print(f"homed in {report['seconds']:.1f} s, held: {places}")
    print(FORGETS)


def check(supervisor: Supervisor, robot: str) -> None:
    """Raise InvalidSetting where nothing can be homed."""
    if not supervisor.robot.can_home:
        raise InvalidSetting(
            f"{robot} has no homing: its driver or its description knows no switches to drive to"
        )


def what_homing_does(supervisor: Supervisor) -> str:
    """Return what a person has to agree to, as the end of a sentence."""
    joints = ", ".join(supervisor.spec.names)
    return (
        f"drive {joints} to their reference switches by its own program: speed limits and "
        "workspace of the description do not bound that"
    )


def homed(supervisor: Supervisor) -> dict[str, Any]:
    """Home, show progress on standard error, and return how long it took and where it is."""
    from helmsight.units import told

    began = time.monotonic()
    with progress("homing, Ctrl-C stops it"):
        state = supervisor.home()
    joints = zip(supervisor.spec.joint, state.positions, strict=True)
    return {
        "homed": True,
        "seconds": round(time.monotonic() - began, 3),
        "mode": str(state.mode),
        "positions": dict(zip(supervisor.spec.names, state.positions, strict=True)),
        "positions_shown": [f"{joint.name} {told(joint.kind, value)}" for joint, value in joints],
    }


@contextmanager
def progress(words: str) -> Iterator[None]:
    """Say `words` with the seconds that pass, on a line of standard error, until it is over."""
    over, live = threading.Event(), sys.stderr.isatty()

    def say() -> None:
        seconds = 0
        while not over.is_set():
            end = "\r" if live else "\n"
            print(f"{words}: {seconds} s ", end=end, file=sys.stderr, flush=True)
            seconds += 1
            over.wait(SAY_S)

    thread = threading.Thread(target=say, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if live:
            print(file=sys.stderr, flush=True)
