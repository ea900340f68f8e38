"""A person's word before a robot moves, lets go or is set up: it is asked for, never assumed."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TextIO

from helmsight.errors import InvalidSetting


def agreed(yes: bool, what: str) -> None:
    """Return once a person agrees to `what`: at a terminal, or beforehand by the option --yes.

    Standard input that is a pipe, a file or closed says nothing, whatever comes through it. Nor
    does what was typed before the question stood there: nobody has read it yet.

    Raises:
        InvalidSetting: no, or nobody there to ask.
    """
    warning = f"{what}. Keep clear of it, one hand at the switch of its power."
    if yes:
        print(f"helmsight: {warning}", file=sys.stderr, flush=True)
        return
    if not at_terminal():
        raise InvalidSetting(
            f"{warning} Nobody was asked, for standard input is no terminal: nothing was moved. "
            "--yes says beforehand that it may"
        )
    forget_typed(sys.stdin)
    print(f"{warning} Go on? [y/N]: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if answer.strip().lower() not in ("y", "yes"):
        raise InvalidSetting("nothing was moved: the answer was not y (--yes does not ask)")


def forget_typed(stream: TextIO) -> None:
    """Drop what has been typed at a terminal and not been read yet."""
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
        return
    import termios

    with suppress(OSError, termios.error):  # a stream in memory has no terminal's line
        termios.tcflush(stream.fileno(), termios.TCIFLUSH)


def at_terminal() -> bool:
    """Whether a person can be asked on standard input."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # it was closed
        return False
