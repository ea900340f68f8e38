"""The G-code of an emulated grbl: a line in, what is to be done out, or an error number.

The rules are those of NIST RS274/NGC as grbl v1.1 keeps them (doc/csv/error_codes_en_US.csv).
Lengths in mm, feeds in mm/min inside.
"""

from __future__ import annotations

import math
from dataclasses import replace

from helmsight.hardware.emulators.grbl_motion import Point
from helmsight.hardware.emulators.grbl_words import (
    INCH,
    OWN_AXES,
    Action,
    Dwell,
    Flow,
    Modal,
    Refused,
    Spindle,
    Travel,
    Words,
    scan,
)


class Interpreter:
    """Keeps the modal state and stored coordinates; `position` is where the parser stands."""

    def __init__(self, axes: int) -> None:
        self.axes = axes
        zero = (0.0,) * axes
        self.modal = Modal()
        self.position: Point = zero
        self.shift: Point = zero  # G92
        self.stored: dict[float, Point] = {code: zero for code in (54, 55, 56, 57, 58, 59, 28, 30)}
        self.wco_changed = True

    def reset(self, position: Point) -> None:
        """Start anew at a machine position; what is stored stays."""
        self.modal = Modal()
        self.position = position
        self.shift = (0.0,) * self.axes
        self.wco_changed = True

    def end_program(self) -> None:
        """Set the modes back that M2 and M30 set back."""
        self.modal = replace(
            self.modal, motion=1, coordinates=54, relative=False, inverse=False, spindle=5
        )
        self.wco_changed = True

    @property
    def offset(self) -> Point:
        """Work coordinate offset, mm: position = machine position - offset."""
        return tuple(
            base + shift + (self.modal.length if axis == 2 else 0.0)
            for axis, (base, shift) in enumerate(
                zip(self.stored[self.modal.coordinates], self.shift, strict=True)
            )
        )

    def jog(self, text: str) -> Travel:
        """Return the motion of what follows `$J=`; the modal state stays. Raises Refused."""
        words = scan(text, self.axes)
        if "F" not in words.values or words.values["F"] == 0.0:
            raise Refused(22)
        if not words.axes:
            raise Refused(26)
        if set(words.commands) - {"distance", "units", "non-modal"}:
            raise Refused(16)
        if words.non_modal not in (None, 53):
            raise Refused(16)
        if set(words.values) - {"F", "N"}:
            raise Refused(36)
        scale = self._scale(words)
        target = self._target(words, self.stored[self.modal.coordinates])
        self.position = target
        return Travel(target, words.values["F"] * scale, int(words.values.get("N", 0)))

    def line(self, text: str) -> list[Action]:
        """Return what a line asks for, in order; the state is changed. Raises Refused."""
        words = scan(text, self.axes)
        old, state = self.modal, self._modes(words)
        self._check(words, state)
        actions: list[Action] = []
        before = (self.stored, self.shift, self.position)
        self.modal = state
        try:
            actions += self._spindle(old, state)
            if words.non_modal == 4:
                actions.append(Dwell(self._take(words, "P")))
            travels = self._non_modal(words, state)
            travels += self._motion(words, state)
            if set(words.values) - {"N", "F", "S", "T"}:
                raise Refused(36)
        except Refused:
            self.modal, (self.stored, self.shift, self.position) = old, before
            raise
        if state.coordinates != old.coordinates or state.length != old.length:
            self.wco_changed = True
        actions += travels
        flow = words.commands.get("flow", 1)
        if flow != 1:
            actions.append(Flow(int(flow)))
        return actions

    # -- modes --------------------------------------------------------------------------------

    def _modes(self, words: Words) -> Modal:
        """Return the modal state after this line's mode words."""
        command, old = words.commands, self.modal
        inches = command["units"] == 20 if "units" in command else old.inches
        inverse = command["feed mode"] == 93 if "feed mode" in command else old.inverse
        feed = words.values.get("F")
        if inverse:
            feed = feed or 0.0
        elif feed is not None:
            feed *= INCH if inches else 1.0
        else:
            feed = 0.0 if old.inverse else old.feed
        return replace(
            old,
            motion=int(command.get("motion", old.motion)),
            coordinates=int(command.get("coordinates", old.coordinates)),
            inches=inches,
            relative=command["distance"] == 91 if "distance" in command else old.relative,
            inverse=inverse,
            spindle=int(command.get("spindle", old.spindle)),
            tool=int(words.values.get("T", old.tool)),
            feed=feed,
            speed=words.values.get("S", old.speed),
        )

    def _check(self, words: Words, state: Modal) -> None:
        """Raise Refused for what contradicts itself before anything is done."""
        moving = self._moves(words)
        if moving and state.motion not in (0, 80) and state.feed == 0.0:
            raise Refused(22)
        if words.non_modal == 4 and "P" not in words.values:
            raise Refused(28)
        if words.non_modal == 53 and state.motion not in (0, 1):
            raise Refused(30)
        if state.motion == 80 and words.axes and words.non_modal not in OWN_AXES:
            raise Refused(31)

    def _moves(self, words: Words) -> bool:
        own = words.non_modal in OWN_AXES or "tool length" in words.commands
        return "motion" in words.commands or (bool(words.axes) and not own)

    def _spindle(self, old: Modal, state: Modal) -> list[Action]:
        faster = state.speed != old.speed and old.spindle != 5
        if faster or state.spindle != old.spindle:
            return [Spindle(state.spindle, state.speed)]
        return []

    # -- what uses axis words -----------------------------------------------------------------

    def _scale(self, words: Words) -> float:
        units = words.commands.get("units", 20 if self.modal.inches else 21)
        return INCH if units == 20 else 1.0

    def _take(self, words: Words, letter: str) -> float:
        if letter not in words.values:
            raise Refused(28)
        return words.values.pop(letter)

    def _target(self, words: Words, base: Point) -> Point:
        """Return the machine position that the axis words name, mm."""
        scale = self._scale(words)
        distance = words.commands.get("distance", 91 if self.modal.relative else 90)
        target = list(self.position)
        for axis, value in words.axes.items():
            value *= scale
            if words.non_modal == 53:
                target[axis] = value
            elif distance == 91:
                target[axis] += value
            else:
                length = self.modal.length if axis == 2 else 0.0
                target[axis] = value + base[axis] + self.shift[axis] + length
        return tuple(target)

    def _non_modal(self, words: Words, state: Modal) -> list[Action]:
        code = words.non_modal
        travels: list[Action] = []
        if "tool length" in words.commands:
            self._tool_length(words, state)
        elif code == 10:
            self._store(words, state)
        elif code in (28, 30):
            if words.axes:
                travels.append(Travel(self._target(words, self.stored[state.coordinates]), None))
            goal = self.stored[code]
            if words.axes:
                goal = tuple(
                    goal[axis] if axis in words.axes else here
                    for axis, here in enumerate(self.position)
                )
            travels.append(Travel(goal, None))
            self.position = goal
        elif code in (28.1, 30.1):
            self.stored = {**self.stored, int(code): self.position}
        elif code == 92:
            self._set_shift(words, state)
        elif code == 92.1:
            self.shift, self.wco_changed = (0.0,) * self.axes, True
        return travels

    def _tool_length(self, words: Words, state: Modal) -> None:
        if words.commands["tool length"] == 49:
            state.length = 0.0
        elif set(words.axes) != {2}:
            raise Refused(37)
        else:
            state.length = words.axes[2] * self._scale(words)

    def _store(self, words: Words, state: Modal) -> None:
        """G10 L2 and L20: store a coordinate system, absolute or so that here is a value."""
        if not words.axes:
            raise Refused(26)
        if "P" not in words.values or "L" not in words.values:
            raise Refused(28)
        place, how = int(self._take(words, "P")), self._take(words, "L")
        if place > 6:
            raise Refused(29)
        if how not in (2, 20):
            raise Refused(20)
        code = 53 + place if place else state.coordinates
        values = list(self.stored[code])
        for axis, value in words.axes.items():
            value *= self._scale(words)
            if how == 20:
                length = state.length if axis == 2 else 0.0
                value = self.position[axis] - self.shift[axis] - length - value
            values[axis] = value
        self.stored = {**self.stored, code: tuple(values)}
        self.wco_changed = self.wco_changed or code == state.coordinates

    def _set_shift(self, words: Words, state: Modal) -> None:
        if not words.axes:
            raise Refused(26)
        shift = list(self.shift)
        for axis, value in words.axes.items():
            length = state.length if axis == 2 else 0.0
            base = self.stored[state.coordinates][axis]
            shift[axis] = self.position[axis] - base - length - value * self._scale(words)
        self.shift, self.wco_changed = tuple(shift), True

    def _motion(self, words: Words, state: Modal) -> list[Action]:
        if not self._moves(words) or state.motion == 80:
            if (
                words.axes
                and words.non_modal not in OWN_AXES
                and ("tool length" not in words.commands)
            ):
                raise Refused(31)
            return []
        if not words.axes:
            return []
        target = self._target(words, self.stored[state.coordinates])
        start, self.position = self.position, target
        feed = None if state.motion == 0 else self._feed(state, math.dist(start, target))
        return [Travel(target, feed, int(words.values.get("N", 0)))]

    def _feed(self, state: Modal, length: float) -> float:
        return state.feed * length if state.inverse else state.feed
