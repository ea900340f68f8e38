"""Emulated devices, byte for byte, for tests and for working without a robot.

>>> from helmsight.hardware.emulators import emulate
>>> with emulate("so101", faults="drop=0.01", seed=1) as emulation:
...     robot = make_robot("so101", emulation.port)
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from helmsight.contract.errors import InvalidOption
from helmsight.contract.plugins import declared, load
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.faults import Faults
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.spec import RobotSpec, load_spec

GROUP = "helmsight.emulators"
# What is emulated: module and class, and the description taken when none is named.
DEVICES = {
    "dynamixel": ("helmsight.hardware.emulators.dynamixel:DynamixelBus", "openmanipulator_x"),
    "feetech": ("helmsight.hardware.emulators.feetech:FeetechBus", "so101"),
    "grbl": ("helmsight.hardware.emulators.grbl:GrblController", "gantry"),
    "helm": ("helmsight.hardware.emulators.helm:HelmBoard", "helm_arm"),
    "linearm": ("helmsight.hardware.emulators.linearm:LineArmController", "community_arm"),
}


def make_device(robot: str | Path | RobotSpec, *, homed: bool = False) -> Device:
    """Return the emulated device of a description, or of a kind in DEVICES.

    homed: as an earlier run has left it; else as after power-up, where a gantry knows no position.

    Raises:
        UnknownRobot, InvalidSpec: as load_spec.
        InvalidOption: a driver that nothing emulates.
        PluginBroken: the emulator of another distribution does not load.
    """
    if not isinstance(robot, RobotSpec):
        robot = load_spec(DEVICES[str(robot)][1] if str(robot) in DEVICES else robot)
    others = declared(GROUP)
    if robot.driver in DEVICES:
        module, _, name = DEVICES[robot.driver][0].partition(":")
        make = getattr(import_module(module), name)
    elif robot.driver in others:
        make = load(others[robot.driver], callable)
    else:
        known = ", ".join((*DEVICES, *others))
        raise InvalidOption(f"nothing emulates driver {robot.driver!r}; there are {known}")
    device = make(robot)
    assert isinstance(device, Device)
    if homed:
        device.start_homed()
    return device


def emulate(
    robot: str | Path | RobotSpec,
    link: str | Path | None = None,
    *,
    faults: Faults | str = "",
    seed: int = 0,
    homed: bool = False,
) -> Emulation:
    """Return the emulation of a robot on a device node; use it as a context manager.

    homed: as in `make_device`.
    """
    return Emulation(make_device(robot, homed=homed), link, faults=faults, seed=seed)
