"""Drivers by name: ours and those that other distributions declare as entry points."""

from __future__ import annotations

import difflib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from hardware.errors import UnknownRobot
from hardware.robot import Robot
from hardware.spec import RobotSpec, load_spec

GROUP = "helmsight.robots"


def drivers() -> dict[str, EntryPoint]:
    """Return every declared driver by name, without importing any."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def load_driver(name: str) -> type[Robot]:
    """Return the class of a driver.

    Raises:
        UnknownRobot: no such driver, with the nearest name, or one that cannot be imported.
    """
    known = drivers()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise UnknownRobot(f"no driver {name!r}; {hint}")
    try:
        driver = known[name].load()
    except ImportError as error:
        raise UnknownRobot(
            f"driver {name!r} ({known[name].value}) does not load: {error}"
        ) from error
    if not (isinstance(driver, type) and issubclass(driver, Robot)):
        raise UnknownRobot(f"driver {name!r} ({known[name].value}) is no hardware.robot.Robot")
    return driver


def make_robot(robot: str | Path | RobotSpec, port: str) -> Robot:
    """Return the robot of a description (name, path of a .toml, or loaded), not yet connected.

    Raises:
        UnknownRobot, InvalidSpec: before any port is opened.
    """
    spec = robot if isinstance(robot, RobotSpec) else load_spec(robot)
    return load_driver(spec.driver)(spec, port)
