"""What a robot's world can be made with, and told before anything is opened."""

from __future__ import annotations

import math
from collections.abc import Mapping

from helmsight.contract.clock import TimeRule
from helmsight.contract.errors import InvalidOption
from helmsight.hardware.cameras import Camera
from helmsight.hardware.errors import DeviceAlarm
from helmsight.hardware.motion import Mode, RobotState

NONE = "none"
GOAL = "Look around with small and slow motions, and say what you see."
SIZE = (640, 480)


def check_options(
    robot: str, port: str, camera: str | Camera, observation: str, rule: TimeRule
) -> None:
    """Raise InvalidOption for what a robot cannot be operated with."""
    if not isinstance(port, str):  # of a record, say
        raise InvalidOption(f"port={port!r:.60}: expected the name of a serial port")
    if not isinstance(camera, str | Camera):
        raise InvalidOption(f"camera={camera!r:.60}: expected the name of a camera")
    if not robot:
        raise InvalidOption('robot="": name a robot (helmsight list robots) or a .toml file')
    if not port:
        raise InvalidOption('port="": give its serial port (helmsight devices)')
    if not camera:
        raise InvalidOption(
            'camera="": give a camera (0, an address, a file, mujoco:MODEL.xml?camera=NAME), or '
            '"none" for a robot that is operated without one'
        )
    if camera == NONE and "frame" in observation:
        raise InvalidOption(
            f'camera="none" shows no pictures and observation={observation!r} has some; '
            'use observation="telemetry" or give a camera'
        )
    if rule.kind != "realtime":
        raise InvalidOption(f'time="{rule}": a robot runs by the wall clock; use time="realtime"')


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    if len(size) != 2 or not all(isinstance(side, int) and 16 <= side <= 4096 for side in size):
        raise InvalidOption(f"size={size!r}: expected width and height, 16 to 4096 pixels")
    return size[0], size[1]


def check_well(state: RobotState, name: str) -> None:
    """Raise DeviceAlarm for a robot that stands in alarm before anything was asked of it."""
    if state.mode is Mode.alarm:
        faults = "; ".join(state.faults) or "it does not say why"
        raise DeviceAlarm(
            f"{name} is in alarm ({faults}): see helmsight doctor; a machine that only has to find "
            "its reference switches can be homed first (home, --home)"
        )


def check_seconds(given: Mapping[str, float]) -> None:
    """Raise InvalidOption for a time that is none."""
    for name, value in given.items():
        if not 0.0 <= value < math.inf:
            raise InvalidOption(f"{name}={value}: expected seconds, 0 or more")
