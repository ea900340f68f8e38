"""Alarm and error numbers of grbl 1.1, grblHAL and FluidNC, as named exceptions and in words.

Numbers: grbl doc/csv/alarm_codes_en_US.csv and error_codes_en_US.csv (v1.1), grblHAL core alarms.h
and errors.h, FluidNC Alarm.h. grblHAL keeps grbl's and adds its own; FluidNC counts on from 10 in
its own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from helmsight.hardware.errors import CommandRefused, DeviceAlarm


class GrblAlarm(DeviceAlarm):
    """An alarm of the controller. `number` and `words` say which, `position_lost` what it costs."""

    number: ClassVar[int | None] = None
    words: ClassVar[str] = "unknown alarm"
    position_lost: ClassVar[bool] = True


class HardLimit(GrblAlarm):
    """ALARM:1. Halts: a limit switch was hit, the position is lost."""

    number, words = 1, "hard limit: a limit switch was hit"


class SoftLimit(GrblAlarm):
    """ALARM:2. Halts: a target lay beyond the controller's travel; the position is kept."""

    number, words, position_lost = 2, "soft limit: a target beyond the travel ($130..)", False


class AbortDuringCycle(GrblAlarm):
    """ALARM:3. Halts: a reset while moving; the position is lost."""

    number, words = 3, "reset while moving"


class ProbeFailInitial(GrblAlarm):
    """ALARM:4. Halts: the probe was not in its initial state."""

    number, words, position_lost = 4, "probe not in its initial state", False


class ProbeFailContact(GrblAlarm):
    """ALARM:5. Halts: the probe met nothing."""

    number, words, position_lost = 5, "probe met nothing", False


class HomingFailReset(GrblAlarm):
    """ALARM:6. Halts: a reset during homing."""

    number, words = 6, "reset during homing"


class HomingFailDoor(GrblAlarm):
    """ALARM:7. Halts: the safety door opened during homing."""

    number, words = 7, "safety door opened during homing"


class HomingFailPulloff(GrblAlarm):
    """ALARM:8. Halts: the pull-off did not free the limit switch."""

    number, words = 8, "homing: the pull-off ($27) did not free the switch; check the wiring"


class HomingFailApproach(GrblAlarm):
    """ALARM:9. Halts: no limit switch was found."""

    number, words = 9, "homing: no limit switch within the search distance; check the wiring"


class EmergencyStopInput(GrblAlarm):
    """ALARM:10 (grblHAL). Halts: the emergency stop input is active."""

    number, words = 10, "emergency stop input active: release it, then reset"


class HomingRequired(GrblAlarm):
    """ALARM:11 (grblHAL), and grbl's lock after power-up. Halts until it is homed."""

    number, words = 11, "not homed: where the machine is, is not known"


class LimitsEngaged(GrblAlarm):
    """ALARM:12 (grblHAL). Halts: a limit switch is engaged."""

    number, words = 12, "a limit switch is engaged: clear it"


class ProbeProtect(GrblAlarm):
    """ALARM:13 (grblHAL). Halts: probe protection."""

    number, words, position_lost = 13, "probe protection triggered: clear it", False


class SpindleTimeout(GrblAlarm):
    """ALARM:14 (grblHAL). Halts: the spindle did not come to speed."""

    number, words, position_lost = 14, "the spindle did not come to speed", False


class HomingFailSecondSwitch(GrblAlarm):
    """ALARM:15 (grblHAL). Halts: the second switch of a squared axis was not found."""

    number, words = 15, "homing: the second switch of a squared axis was not found"


class SelfTestFailed(GrblAlarm):
    """ALARM:16 (grblHAL). Halts: the power-on self-test failed."""

    number, words = 16, "power-on self-test failed"


class MotorFault(GrblAlarm):
    """ALARM:17 (grblHAL). Halts: a motor driver reports a fault."""

    number, words = 17, "a motor driver reports a fault"


class HomingFailConfiguration(GrblAlarm):
    """ALARM:18 (grblHAL). Halts: homing is not configured as it must be."""

    number, words = 18, "homing: bad configuration"


class ModbusFault(GrblAlarm):
    """ALARM:19 (grblHAL). Halts: a Modbus device (a spindle) does not answer, or with an error."""

    number, words, position_lost = 19, "a Modbus device (a spindle?) does not answer", False


class ExpanderFault(GrblAlarm):
    """ALARM:20 (grblHAL). Halts: the board with the further inputs and outputs does not answer."""

    number, words = 20, "the I/O expander does not answer"


class StorageFailed(GrblAlarm):
    """ALARM:21 (grblHAL). Halts: the memory of the settings failed."""

    number, words = 21, "the settings memory failed"


class BufferOverrun(GrblAlarm):
    """ALARM:22 (grblHAL). Halts: a buffer ran over."""

    number, words = 22, "a buffer ran over"


ALARMS: dict[int, type[GrblAlarm]] = {
    kind.number: kind for kind in GrblAlarm.__subclasses__() if kind.number is not None
}


class FluidAlarm(GrblAlarm):
    """An alarm that FluidNC numbers in its own way. Halts."""


class FluidSpindle(FluidAlarm):
    """ALARM:10 of FluidNC. Halts: the spindle does not do what it is told."""

    number, words, position_lost = 10, "the spindle does not do what it is told", False


class FluidStartupPin(FluidAlarm):
    """ALARM:11 of FluidNC. Halts: an input was active at the start."""

    number, words = 11, "an input was active when the controller started"


class FluidAmbiguousSwitch(FluidAlarm):
    """ALARM:12 of FluidNC. Halts: homing cannot tell which end a switch is at."""

    number, words = 12, "homing: a switch is pressed and may be of either end; move off it by hand"


class FluidHardStop(FluidAlarm):
    """ALARM:13 of FluidNC. Halts: the emergency stop input is active, or was."""

    number, words = 13, "hard stop: the emergency stop input; release it, then reset"


class FluidUnhomed(FluidAlarm):
    """ALARM:14 of FluidNC. Halts until it is homed."""

    number, words = 14, "not homed: where the machine is, is not known"


class FluidStarted(FluidAlarm):
    """ALARM:15 of FluidNC. Halts: the controller has just started."""

    number, words = 15, "the controller has just started"


class FluidExpanderReset(FluidAlarm):
    """ALARM:16 of FluidNC. Halts: the expander restarted; the controller has to be restarted."""

    number, words = 16, "the I/O expander restarted: switch the controller off and on"


class FluidProgramError(FluidAlarm):
    """ALARM:17 of FluidNC. Halts: a line of a program was wrong."""

    number, words, position_lost = 17, "a line of a program was wrong", False


class FluidProbeHardLimit(FluidAlarm):
    """ALARM:18 of FluidNC. Halts: the probe was hit outside a probing motion."""

    number, words = 18, "the probe was hit outside a probing motion"


FLUID_ALARMS: dict[int, type[GrblAlarm]] = ALARMS | {
    kind.number: kind for kind in FluidAlarm.__subclasses__() if kind.number is not None
}
# After these a controller takes nothing but a reset (0x18); grblHAL core alarms.h.
CRITICAL: dict[str, frozenset[int]] = {
    "grbl": frozenset((1, 2)),
    "grblhal": frozenset((1, 2, 10, 17, 20)),
    "fluidnc": frozenset((1, 2, 13)),
}

ERRORS: dict[int, str] = {
    1: "expected a command letter",
    2: "bad number",
    3: "unknown $ command",
    4: "negative value",
    5: "homing is not enabled ($22=1)",
    6: "step pulse below 3 us",
    7: "settings memory could not be read",
    8: "not idle",
    9: "locked by an alarm or a jog",
    10: "soft limits need homing ($22=1)",
    11: "line too long",
    12: "step rate too high",
    13: "safety door open",
    14: "stored line too long",
    15: "jog target beyond the travel ($130..)",
    16: "not a jog command",
    17: "laser mode needs a PWM output",
    18: "reset asserted",
    19: "value must be above 0",
    20: "unsupported command",
    21: "two commands of one modal group",
    22: "no feed rate",
    23: "command number must be whole",
    24: "two commands need axis words",
    25: "word repeated",
    26: "axis words missing",
    27: "bad line number",
    28: "value word missing",
    29: "coordinate system not supported",
    30: "G53 needs G0 or G1",
    31: "axis words without a use",
    32: "arc without an axis word in its plane",
    33: "invalid target",
    34: "bad arc radius",
    35: "arc without an offset in its plane",
    36: "unused words",
    37: "tool length offset on the wrong axis",
    38: "tool number too large",
    39: "value out of range",
    40: "tool change pending",
    41: "spindle not running",
    42: "plane not allowed here",
    43: "feed rate above the maximum",
    44: "spindle speed out of range",
    45: "limit switch engaged",
    46: "homing required ($H)",
    47: "tool error",
    48: "value words contradict each other",
    49: "self-test failed",
    50: "emergency stop active",
    51: "motor fault",
    52: "setting out of range",
    53: "setting disabled",
    54: "bad retract position",
    55: "bad homing configuration",
    56: "coordinate system locked",
    57: "unexpected demarcation",
    58: "port not available",
    60: "SD card not mounted",
    61: "file could not be read",
    62: "folder could not be opened",
    63: "folder not found",
    64: "SD card not mounted",
    65: "file system not mounted",
    66: "file system is read-only",
    70: "bluetooth failed to start",
    71: "unknown operation",
    72: "division by zero",
    73: "argument out of range",
    74: "invalid argument",
    75: "syntax error",
    76: "invalid result",
    77: "authentication required",
    78: "access denied",
    79: "not allowed while a critical event is active",
    80: "flow command outside a macro",
    81: "flow command syntax",
    82: "flow stack overflow",
    83: "out of memory",
    84: "file could not be opened",
    85: "file system could not be formatted",
    86: "port not usable",
    87: "a tool is in the spindle",
    88: "no tool is in the spindle",
    89: "file could not be deleted",
    90: "cutter compensation is on already",
    91: "not allowed while cutter compensation is on",
    92: "cutter compensation does not fit this move",
    253: "user defined error",
}


# FluidNC keeps grbl's error numbers but these, and counts on from 39 in its own way.
FLUID_OWN = frozenset((18, 19, 38))


def alarm(
    code: int, mend: str = "", firmware: str = "grbl", own: Mapping[int, str] | None = None
) -> GrblAlarm:
    """Return the exception of an alarm number, with its meaning and how to mend it.

    firmware: `grbl`, `grblhal` or `fluidnc`. own: what the board's own list says, for numbers that
    are not known here.
    """
    kind = (FLUID_ALARMS if firmware == "fluidnc" else ALARMS).get(code, GrblAlarm)
    words = kind.words if kind.number is not None else (own or {}).get(code, kind.words)
    tail = f"; {mend}" if mend else ""
    return kind(f"the controller stopped with ALARM:{code} ({words}){tail}", code)


def knows_alarm(code: int, firmware: str) -> bool:
    """Return whether there are words for an alarm number here."""
    return code in (FLUID_ALARMS if firmware == "fluidnc" else ALARMS)


def knows_error(code: int, firmware: str) -> bool:
    """Return whether there are words for an error number here."""
    own = firmware == "fluidnc" and (code in FLUID_OWN or code > max(FLUID_OWN))
    return code in ERRORS and not own


def refusal(
    code: int, line: str, firmware: str = "grbl", own: Mapping[int, str] | None = None
) -> CommandRefused:
    """Return the exception of an error number for the line that was refused.

    firmware, own: as in `alarm`.
    """
    words = ERRORS[code] if knows_error(code, firmware) else (own or {}).get(code)
    words = words or "a number that neither grbl 1.1 nor grblHAL documents"
    return CommandRefused(f"the controller refused {line!r} with error:{code} ({words})", code)
