"""Which rows belong together: competitors, and the conditions that they met under."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from helmsight.evals.episode import EpisodeRow

Key = TypeVar("Key", bound=Hashable)
OF_COMPETITOR = ("observation", "pilot_options")
OF_CONDITION = ("kind", "time", "hold", "options", "limits")
WORDS = {"time": "time rule", "pilot_options": "options"}


def by(rows: Iterable[EpisodeRow], key: Callable[[EpisodeRow], Key]) -> dict[Key, list[EpisodeRow]]:
    """Return rows in groups, in the order in which the groups come first."""
    groups: dict[Key, list[EpisodeRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def competitor_of(rows: Sequence[EpisodeRow]) -> Callable[[EpisodeRow], str]:
    """Return what names the competitor of a row.

    It is the pilot with its variant; with what it was shown and its options where these differ
    among the rows of that pilot.
    """
    varying = {
        label: [name for name in OF_COMPETITOR if len({getattr(row, name) for row in of}) > 1]
        for label, of in by(rows, lambda row: row.pilot).items()
    }

    def name(row: EpisodeRow) -> str:
        shown = [_words(field, getattr(row, field)) for field in varying[row.pilot]]
        return ", ".join([row.pilot, *filter(None, shown)])

    return name


def condition_of(rows: Sequence[EpisodeRow]) -> Callable[[EpisodeRow], str]:
    """Return what names the condition of a row: of its kind, time rule and options what differs.

    The time rule of flights is always named; questions have none.
    """
    varying = [name for name in OF_CONDITION if len({getattr(row, name) for row in rows}) > 1]
    named = [name for name in OF_CONDITION if name in varying or name == "time"]

    def name(row: EpisodeRow) -> str:
        fields = named
        if row.kind == "questions":
            fields = ["kind", *(field for field in named if field not in ("kind", "time"))]
        return ", ".join(filter(None, (_words(field, getattr(row, field)) for field in fields)))

    return name


def _words(field: str, value: str) -> str:
    if value in ("", "{}"):
        return "as it needs" if field == "observation" else ""
    return value if field in ("kind", "observation") else f"{WORDS.get(field, field)} {value}"
