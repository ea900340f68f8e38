"""Drivers by name: ours and those that other distributions declare as entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

from helmsight.contract.plugins import declared, load, nearest
from helmsight.hardware.errors import UnknownRobot
from helmsight.hardware.robot import Robot
from helmsight.hardware.spec import RobotSpec, load_spec

GROUP = "helmsight.robots"


def drivers() -> dict[str, EntryPoint]:
    """Return every declared driver by name, without importing any."""
    return declared(GROUP)


def load_driver(name: str) -> type[Robot]:
    """Return the class of a driver.

    Raises:
        UnknownRobot: no such driver, with the nearest name.
        PluginBroken: one that cannot be imported, or is no Robot.
    """
    known = drivers()
    if name not in known:
        raise UnknownRobot(f"no driver {name!r}; {nearest(name, known)}")
    driver: type[Robot] = load(
        known[name], lambda plugin: isinstance(plugin, type) and issubclass(plugin, Robot)
    )
    return driver


def make_robot(robot: str | Path | RobotSpec, port: str) -> Robot:
    """Return the robot of a description (name, path of a .toml, or loaded), not yet connected.

    Raises:
        UnknownRobot, InvalidSpec: before any port is opened.
    """
    spec = robot if isinstance(robot, RobotSpec) else load_spec(robot)
    return load_driver(spec.driver)(spec, port)
