"""The errors of the front door, and how any error becomes one line and an exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable

from helmsight.contract.errors import Error
from helmsight.contract.printing import clean_streams

FAILED = 1
USAGE = 2
INTERRUPTED = 130


class InvalidSetting(Error):
    """A setting of the operator with a value it cannot have. Halts before the run starts."""

    exit_status = USAGE


class Unreproducible(Error):
    """A recorded run whose environment or pilot cannot be built again here. Halts the replay."""

    exit_status = USAGE


def explain(error: BaseException) -> tuple[str, int] | None:
    """Return (one line, exit status) for an error the user can mend, None for a bug of ours.

    Besides the packages' own errors these are what the operating system refuses: a full disk, a
    folder that cannot be written. Notes come behind: what failed besides, what a person has to do.
    """
    notes = getattr(error, "__notes__", [])
    if isinstance(error, KeyboardInterrupt):
        return one_line("; ".join(["interrupted", *notes])), INTERRUPTED
    if isinstance(error, Error | OSError):
        status = error.exit_status if isinstance(error, Error) else FAILED
        return one_line("; ".join([str(error), *notes])), status
    return None


def one_line(text: str) -> str:
    """Return `text` without line breaks."""
    return " ".join(text.split())


def status_of(work: Callable[[], None], name: str = "error") -> int:
    """Return the exit status of a script's `work`; an error the user can mend is one line.

    Raises:
        Exception: a bug of ours, as it is.
    """
    with clean_streams():
        try:
            work()
        except (Exception, KeyboardInterrupt) as error:
            explained = explain(error)
            if explained is None:
                raise
            print(f"{name}: {explained[0]}", file=sys.stderr)
            return explained[1]
    return 0
