"""A table of a report as data, whatever form it is written in."""

from __future__ import annotations

from dataclasses import dataclass, replace

EMPTY = ("", "-")


@dataclass(frozen=True)
class Sheet:
    """A table: its name in files, its title, and its legend; all lines are text."""

    name: str
    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    legend: str = ""

    def narrowed(self) -> Sheet:
        """Return the table for a page of limited width: without columns that hold nothing, and
        with a condition that all lines share in the title.
        """
        held = {
            column: {line[number] for line in self.lines}
            for number, column in enumerate(self.columns)
        }
        title, dropped = self.title, {c for c, cells in held.items() if cells <= set(EMPTY)}
        conditions = held.get("condition", set())
        if len(conditions) == 1:
            title, dropped = f"{title}, {next(iter(conditions))}", dropped | {"condition"}
        kept = [number for number, column in enumerate(self.columns) if column not in dropped]
        return replace(
            self,
            title=title,
            columns=tuple(self.columns[number] for number in kept),
            lines=tuple(tuple(line[number] for number in kept) for line in self.lines),
        )
