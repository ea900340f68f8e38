"""What the board itself says of its alarm and error numbers, asked for once one is needed."""

from __future__ import annotations

from collections.abc import Iterable

from helmsight.hardware.wire import grbl as wire
from helmsight.hardware.wire.grbl_codes import knows_alarm, knows_error

WHOLE_S = 3.0  # a whole list takes about a second at 115,200 baud


class BoardLists:
    """Words for numbers that `wire.grbl_codes` does not know.

    firmware: `grbl`, `grblhal` or `fluidnc`. enumerates: grblHAL says that it has lists (ENUMS).
    """

    def __init__(self) -> None:
        self.firmware = "grbl"
        self.enumerates = False
        self.words: dict[str, dict[int, str]] = {"alarm": {}, "error": {}}
        self._asked: set[str] = set()

    def query(self, kind: str, code: int) -> str | None:
        """Return the line that asks what a number means; None when it is known or was asked."""
        known = knows_alarm if kind == "alarm" else knows_error
        if known(code, self.firmware) or code in self.words[kind]:
            return None
        letter = kind[0].upper()
        if self.firmware == "fluidnc":
            line = f"${letter}={code}"
        elif self.firmware == "grblhal" and self.enumerates:
            line = f"$E{letter}"
        else:
            return None
        if line in self._asked:
            return None
        self._asked.add(line)
        return line

    def take(self, kind: str, printed: Iterable[wire.Printed]) -> None:
        """Take in what the board printed in answer."""
        for line in printed:
            if isinstance(line, wire.Listed) and line.kind in ("", kind):
                self.words[kind][line.number] = line.words.rstrip(". ")
