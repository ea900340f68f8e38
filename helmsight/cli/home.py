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
from helmsight.contract.printing import order
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.hardware.supervisor import Supervisor

EXAMPLES = """Examples:

helmsight home --robot gantry --port /dev/ttyUSB0

helmsight home --robot gantry --port /dev/ttyUSB0 --yes --json
"""
FORGETS = (
    "a controller that restarts when its port is opened (most Arduinos) forgets this: home it "
    "there, with H in helmsight jog"
)


def command(robot: Robot, port: Port, yes: Yes = False, as_json: Json = False) -> None:
    """Drive a robot to its reference switches, so that it knows its position. It MOVES."""
    from helmsight.hardware.supervisor import supervised
    from helmsight.output import json_line
    from helmsight.units import told

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
    joints = zip(supervisor.spec.joint, report["positions"].values(), strict=True)
    places = " ".join(f"{joint.name} {told(joint.kind, value)}" for joint, value in joints)
    print(f"homed in {report['seconds']:.1f} s, held at {places}")
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
    ended = "" if supervisor.robot.ends_homing else ", and no stop ends it on its way"
    return (
        f"drive {joints} to their reference switches by its own program: speed limits and "
        f"workspace of the description do not bound that{ended}"
    )


def how_it_ends(supervisor: Supervisor, by: str) -> str:
    """Return what is said while it homes. by: what stops it where a stop can."""
    if supervisor.robot.ends_homing:
        return f"homing, {by} stops it"
    return "homing, only a switch in its supply stops it"


def homed(supervisor: Supervisor) -> dict[str, Any]:
    """Home, show progress on standard error, and return how long it took and where it is."""
    began = time.monotonic()
    with progress(how_it_ends(supervisor, "Ctrl-C")):
        state = supervisor.home()
    return {
        "homed": True,
        "seconds": round(time.monotonic() - began, 3),
        "mode": str(state.mode),
        "positions": dict(zip(supervisor.spec.names, state.positions, strict=True)),
    }


@contextmanager
def progress(words: str) -> Iterator[None]:
    """Say `words` with the seconds that pass, on a line of standard error, until it is over.

    A terminal's line is written anew every second; elsewhere there is one every ten.
    """
    over, live = threading.Event(), sys.stderr.isatty()
    end, period_s = ("", 1.0) if live else ("\n", 10.0)
    began = time.monotonic()

    def say() -> None:
        while not over.is_set():
            if live:
                order("\r", sys.stderr)
            print(
                f"{words}: {time.monotonic() - began:.0f} s ", end=end, file=sys.stderr, flush=True
            )
            over.wait(period_s)

    thread = threading.Thread(target=say, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if live:
            print(file=sys.stderr, flush=True)
