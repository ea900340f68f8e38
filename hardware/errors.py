"""Errors of the hardware: what was seen, what was expected, the likely fix.

`halts` says what a loop does with one: True ends the run (the robot is held or stopped first),
False is told to the pilot, who looks again and goes on.
"""

from __future__ import annotations

from helmsight.contract.errors import Error


class HardwareError(Error):
    """Base of every error raised by `hardware`."""

    halts = True


class InvalidSpec(HardwareError):
    """A robot description with a missing, inverted or unknown key. Halts before anything opens."""

    exit_status = 2


class UnknownRobot(HardwareError):
    """A robot or driver name that nothing answers to. Halts before anything is opened."""

    exit_status = 2


class PortUnavailable(HardwareError):
    """A port that is not there, is busy or may not be opened. Halts before anything is sent."""


class WrongProtocol(HardwareError):
    """What answers at the port, or does not, is not the robot that was named. Halts."""


class SetupNeeded(HardwareError):
    """The right device, not set up as its description says: limits, homing, calibration. Halts."""


class LinkLost(HardwareError):
    """The port went away and did not come back within the deadline. Halts."""


class LinkRecovered(LinkLost):
    """The port went away and is back; the command in flight was not confirmed. The run goes on."""

    halts = False


class NoReply(HardwareError):
    """A device did not answer within its deadline, retries included. The run goes on."""

    halts = False


class BadReply(NoReply):
    """A device answered with something that is damaged or not an answer. The run goes on."""


class TargetRefused(HardwareError):
    """A target that is not finite or outside the limits; nothing was sent. The run goes on."""

    halts = False


class CommandRefused(HardwareError):
    """The device understood a command and refused it. `code` is its own. The run goes on."""

    halts = False

    def __init__(self, message: str, code: int | str | None = None) -> None:
        super().__init__(message)
        self.code = code


class DeviceAlarm(HardwareError):
    """The device stopped by itself: limit switch, overload, overheating, watchdog. Halts."""

    def __init__(self, message: str, code: int | str | None = None) -> None:
        super().__init__(message)
        self.code = code


class NotConnected(HardwareError):
    """A robot was used before `connect` or after `close`. Halts."""


class RobotStopped(HardwareError):
    """A move was asked of a robot that is stopped; `reset` clears it. Halts."""


class HeldAtMachine(RobotStopped):
    """A person or another program holds the machine: hold, door, check. Halts until `reset`."""


class NotReached(HardwareError):
    """A target far away that was not reached in time, or is barred. Held there; the run goes on."""

    halts = False


class WrongThread(HardwareError):
    """A move, a sign of life or a drawing from a thread that is not its own. Halts."""

    exit_status = 2


class StopUnconfirmed(HardwareError):
    """A stop was sent and the device's own read-back did not confirm standstill. Halts, loudly."""


class CameraUnavailable(HardwareError):
    """A camera, file or address that cannot be opened or read. Halts before the run."""


class FrameRefused(HardwareError):
    """The newest picture is too old, frozen or black (`kind`). The robot holds; the run goes on."""

    halts = False

    def __init__(self, message: str, kind: str = "stale") -> None:
        super().__init__(message)
        self.kind = kind


class WindowUnavailable(HardwareError):
    """A window, region or screen that is not there, hidden or off the screen. Halts."""


class KeysRefused(HardwareError):
    """Keys that would reach another program, or that a person barred. Halts, all keys released."""
