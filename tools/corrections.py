"""What people made of a pilot's decisions: examples for training, out of the record alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helmsight.contract.record import FLEW
from helmsight.tools.player import Run

REFUSED, CHANGED, APPROVED = "refused the command", "changed the command", "approved"
VERDICTS = (FLEW, CHANGED, REFUSED, APPROVED)


def corrections(run: Run) -> Iterator[dict[str, Any]]:
    """Yield one example for each step whose command a person judged or gave.

    `frame` is the number of its picture in the run's frames, `shown` what the pilot was told
    besides, `pilot` the command that it wanted (None where it was not asked), `command` the one
    that the world was given, `by` and `did` the person and their word. A step on which nobody
    ordered anything (a pause) is no example.
    """
    for record in run.records:
        for deed in record.people:
            did = deed.get("did")
            if did not in VERDICTS or (did == FLEW and "why" in deed):
                continue
            wanted = deed.get("instead_of", None if did == FLEW else record.wanted)
            yield {
                "run": run.folder.name,
                "step": record.index,
                "frame": record.index,
                "shown": {"measures": record.measures, "relations": record.relations},
                "raw": record.raw,
                "pilot": wanted,
                "command": record.command,
                "by": deed.get("by"),
                "did": did,
            }
