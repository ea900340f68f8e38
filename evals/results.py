"""Finished flights on disk: written after each one, so that an evaluation can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from helmsight.contract.jsontext import parse_json
from helmsight.contract.record import plain
from helmsight.contract.textfiles import read_text
from helmsight.contract.writing import write_whole
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.fingerprints import fingerprint
from helmsight.evals.flights import Cell, Conditions, FlightResult


class Results:
    """The flights of one table, by cell; with a `path`, also on disk after every `add`.

    A file that is there already must hold flights of the same conditions. `stale` are those in
    it that another code or other weights flew: they are in no table, and stay in the file only
    until they have been flown again. `option` is what errors name for another place.

    Raises:
        ResultsUnusable: the file cannot be read or written, or its conditions are others.
    """

    def __init__(
        self,
        path: Path | None,
        conditions: Conditions,
        about: Mapping[str, Any] | None = None,
        option: str = "--json",
    ) -> None:
        self.path, self.conditions, self.about = path, conditions, dict(about or {})
        self._mend = f"give another with {option}"
        self.flown: dict[Cell, FlightResult] = {}
        self.stale: dict[Cell, FlightResult] = {}
        if path is not None and path.exists():
            self._read(path)
        self._write()

    def missing(self, cells: Iterable[Cell]) -> list[Cell]:
        """Return those of `cells` that are still to be flown."""
        return [cell for cell in cells if cell not in self.flown]

    def add(self, result: FlightResult) -> None:
        """Keep a result; raises ResultsUnusable when it cannot be written."""
        self.flown[result.cell] = result
        self.stale.pop(result.cell, None)
        self._write()

    def of(self, cells: Sequence[Cell]) -> list[FlightResult]:
        """Return the results of those of `cells` that have been flown, in their order."""
        return [self.flown[cell] for cell in cells if cell in self.flown]

    def _read(self, path: Path) -> None:
        try:
            data = parse_json(read_text(path))
            conditions = dict(data["conditions"])
            flights = [FlightResult.from_dict(entry) for entry in data["flights"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResultsUnusable(
                f"{path} holds no results of flights ({type(error).__name__}: {error}); "
                f"{self._mend}"
            ) from error
        wanted = plain(self.conditions.to_dict())
        if flights and conditions != wanted:
            differing = ", ".join(
                f"{key}={conditions.get(key)!r} there and {wanted.get(key)!r} here"
                for key in {**wanted, **conditions}
                if conditions.get(key) != wanted.get(key)
            )
            raise ResultsUnusable(
                f"{path} holds flights of other conditions ({differing}); {self._mend}"
            )
        made_with = {
            pilot: fingerprint(pilot) for pilot in {flight.cell.pilot for flight in flights}
        }
        for flight in flights:
            if flight.made_with == made_with[flight.cell.pilot]:
                self.flown[flight.cell] = flight
            else:
                self.stale[flight.cell] = flight

    def _write(self) -> None:
        if self.path is None:
            return
        data = {
            **self.about,
            "conditions": self.conditions.to_dict(),
            "flights": [flight.to_dict() for flight in (self.stale | self.flown).values()],
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(plain(data), allow_nan=False) + "\n")
        except OSError as error:
            raise ResultsUnusable(
                f"{self.path} cannot be written ({error}); {self._mend}"
            ) from error
