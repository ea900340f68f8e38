"""Which runs of the index are shown, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helmsight.console.library import Entry


def chosen(
    entries: Iterable[Entry], search: str = "", show: str = "", sort: str = "began", *, up: bool
) -> list[Entry]:
    """Return the runs in which every word of `search` is found, in order; live ones come first.

    show: "" for all, or "live", "good", "warn", "bad" or "damaged". sort: a column's name. up:
    smallest first; runs without a value come last.
    """
    wanted = search.lower().split()
    kept = [
        entry
        for entry in entries
        if (not show or (entry.problem if show == "damaged" else entry.mood == show))
        if all(word in text for text in (entry.words(),) for word in wanted)
    ]
    key = COLUMNS.get(sort, COLUMNS["began"])
    known = [entry for entry in kept if key(entry) is not None]
    known.sort(key=key, reverse=not up)
    ordered = known + [entry for entry in kept if key(entry) is None]
    return sorted(ordered, key=lambda entry: entry.mood != "live")


COLUMNS: Mapping[str, Any] = {
    "name": lambda entry: entry.name.lower(),
    "scenario": lambda entry: entry.scenario.lower(),
    "pilot": lambda entry: entry.spec.pilot.lower() if entry.spec else None,
    "seed": lambda entry: entry.spec.seed if entry.spec else None,
    "steps": lambda entry: entry.steps,
    "score": lambda entry: entry.score,
    "reason": lambda entry: entry.reason.lower(),
    "tags": lambda entry: " ".join(entry.tags).lower() or None,
    "began": lambda entry: entry.began,
}
"""What the index is sorted by."""
