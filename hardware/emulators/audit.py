"""What a driver said of its commands against what its emulated device did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helmsight.hardware.emulators.device import JournalEntry
from helmsight.hardware.spec import RobotSpec

APART = {"revolute": 0.004, "prismatic": 2e-5}  # rad, m: half of what tells two targets apart
Array = NDArray[np.float64]


@dataclass(frozen=True)
class IssuedCommand:
    """One command: where it was sent, when it was given (time.monotonic()), what was said of it.

    outcome: `plain`, `retried` or the name of the error that reported it. done_s: when that was.
    wanted: where it should have gone; drivers cut ways that are too long and say so.
    """

    target: tuple[float, ...]
    at_s: float
    outcome: str
    done_s: float = 0.0
    wanted: tuple[float, ...] = ()

    @property
    def acknowledged(self) -> bool:
        """Whether the driver said that the device has it."""
        return self.outcome in ("plain", "retried")


@dataclass(frozen=True)
class Audit:
    """What a journal says about the commands.

    lost: acknowledged but never in force. twice: in force again after another one. late: in force
    only after the next command was given, or, on an arm that queues, the one after that. strange:
    targets in force that nobody asked for and that are no part of a way that was tried again;
    noticed: those during a command that was not plainly acknowledged. examples: the first of them,
    in words.
    """

    lost: int
    twice: int
    late: int
    strange: int
    noticed: int
    examples: tuple[str, ...] = ()


def apart(spec: RobotSpec) -> Array:
    """Return how near a target of the journal is to the one asked for, at most; rad or m."""
    return np.array([APART[joint.kind] for joint in spec.joint])


def audit(
    commands: Sequence[IssuedCommand],
    journal: Sequence[JournalEntry],
    near: Array,
    *,
    ahead: int = 0,
) -> Audit:
    """Return what the `move` entries of a journal say about the commands, in the order given.

    ahead: how many commands may be given before one comes into force: 1 where the device queues.
    There a command that still waits is given up with the hold by which the next one is tried again.
    """
    targets = np.array([command.target for command in commands])
    seen = np.zeros(len(commands), dtype=bool)
    newest, twice, late, strange, noticed = -1, 0, 0, 0, 0
    examples: list[str] = []
    starts = np.array([command.at_s for command in commands])
    before: tuple[float, ...] = ()  # the target in force before an entry
    for entry in journal:
        # a clock may tell two things one time: what happened at once with a command was before it
        given = max(0, int(np.searchsorted(starts, entry.at_s, side="left")) - 1)
        command = commands[given]
        matches = np.flatnonzero((np.abs(targets - np.array(entry.positions)) <= near).all(axis=1))
        old, before = before, entry.positions
        if given not in matches and _on_the_way(entry, old, command, near):
            continue
        if not len(matches):
            if not command.acknowledged and entry.at_s > command.done_s:
                continue  # `recovered` on its way back
            strange += 1
            noticed += command.outcome != "plain"
            examples.append(f"strange during {given} ({command.outcome}): {entry}")
            continue
        which = given if given in matches else int(matches[0])
        if seen[which] and newest != which:
            twice += 1
            examples.append(f"{which} again during {given} ({command.outcome}): {entry}")
        elif given > which + ahead and not seen[which]:
            late += 1
            examples.append(f"{which} late, during {given} ({command.outcome}): {entry}")
        seen[which] = True
        newest = which
    missing = [
        i
        for i, c in enumerate(commands)
        if c.acknowledged
        and not seen[i]
        and not _in_force(c, journal, near)
        and not any(after.outcome != "plain" for after in commands[i + 1 : i + 1 + ahead])
    ]
    examples += [f"lost: {i} {commands[i]}" for i in missing]
    return Audit(len(missing), twice, late, strange, noticed, tuple(examples[:20]))


def _in_force(command: IssuedCommand, journal: Sequence[JournalEntry], near: Array) -> bool:
    """Return whether a command asks for what is in force already: no device does anything then.

    A driver that cuts a way to what its time allows cuts it to nothing where none is left.
    """
    before = [entry for entry in journal if entry.at_s <= command.done_s]
    if not before:
        return False
    off = np.abs(np.array(before[-1].positions) - np.array(command.target))
    return bool((off <= near).all())


def _on_the_way(
    entry: JournalEntry, before: tuple[float, ...], command: IssuedCommand, near: Array
) -> bool:
    """Return whether an entry is a part of the way to what was asked, sent by an earlier try.

    A driver that cuts a way cuts it elsewhere when it tries again, for the robot has gone on. The
    part lies between where the robot was, or the target `before`, and what was asked.
    """
    if command.outcome == "plain" or not command.wanted:
        return False
    goal, end = np.array(entry.positions), np.array(command.wanted)
    return any(_between(goal, np.array(start), end, near) for start in (entry.place, before))


def _between(point: Array, start: Array, end: Array, near: Array) -> bool:
    """Return whether `point` is within `near` of the straight way from `start` to `end`."""
    if start.shape != end.shape:
        return False
    way = (end - start) / near
    length = float(way @ way)
    share = (
        0.0 if length == 0.0 else float(np.clip((point - start) / near @ way / length, 0.0, 1.0))
    )
    return bool((np.abs(start + share * (end - start) - point) <= near).all())
