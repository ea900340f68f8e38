"""Holds at the machine: what a report of grbl tells that a person, or another program, has done.

Every hold, door, check mode and tool change that this driver did not ask for is such a one. Noise
can make a hold, too: `!` is one bit from `1`. That cannot be told from a button, so it counts as
one.
"""

from __future__ import annotations

from helmsight.hardware.wire.grbl_report import StatusReport

# States in which the controller carries out nothing until somebody lets it.
WAITING = {
    "Hold": "feed hold (a button, another program, or a stop of before)",
    "Door": "safety door opened",
    "Check": "check mode, in which nothing moves",
    "Tool": "it waits for a tool change",
}
# Inputs that a person holds down. The letters are grbl's; E is grblHAL's emergency stop.
PRESSED = {"H": "feed hold", "D": "safety door", "E": "emergency stop"}
DOOR_OPEN, DOOR_BUSY = 1, (2, 3)  # grbl's sub-states of Door: ajar; retracting, restoring


def hold_seen(report: StatusReport) -> str:
    """Return in words what holds the machine, "" if nothing does."""
    return active_inputs(report) or WAITING.get(report.state, "")


def active_inputs(report: StatusReport) -> str:
    """Return in words which inputs hold the machine right now, "" for none."""
    names = [name for letter, name in PRESSED.items() if letter in report.pins]
    if report.state == "Door" and report.sub == DOOR_OPEN and "D" not in report.pins:
        names.append(PRESSED["D"])
    return f"input active: {', '.join(names)}" if names else ""
