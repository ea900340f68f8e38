"""Alarm and error numbers of grbl 1.1 and grblHAL, as named exceptions and in words.

Numbers: grbl doc/csv/alarm_codes_en_US.csv and error_codes_en_US.csv (v1.1), grblHAL core alarms.h
and errors.h; grblHAL keeps grbl's and adds its own.
"""

from __future__ import annotations

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


ALARMS: dict[int, type[GrblAlarm]] = {
    kind.number: kind for kind in GrblAlarm.__subclasses__() if kind.number is not None
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
    253: "user defined error",
}


def alarm(code: int, mend: str = "") -> GrblAlarm:
    """Return the exception of an alarm number, with its meaning and how to mend it."""
    kind = ALARMS.get(code, GrblAlarm)
    tail = f"; {mend}" if mend else ""
    return kind(f"the controller stopped with ALARM:{code} ({kind.words}){tail}", code)


def refusal(code: int, line: str) -> CommandRefused:
    """Return the exception of an error number for the line that was refused."""
    words = ERRORS.get(code, "a number that neither grbl 1.1 nor grblHAL documents")
    return CommandRefused(f"the controller refused {line!r} with error:{code} ({words})", code)
