"""Ids of the objects that clients hold: the same thing always has the same id."""

from __future__ import annotations

from collections import Counter
from typing import Any

from envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentNullException,
    InvalidOperationException,
)

LIMIT = 100_000  # of one class; a client can make as many reference frames as it likes


class ObjectStore:
    """Interns remote objects. Ids start at 1 and are never given away again."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._things: list[object] = [None]
        self._ids: dict[object, int] = {}
        self._counts: Counter[type[Any]] = Counter()

    def id_of(self, thing: object, cls: type[Any]) -> int:
        """Return the id of `thing`, a new one for what was never seen.

        Raises:
            TypeError: it is no `cls`. InvalidOperationException: there are too many of them.
        """
        number = self._ids.get(thing)
        if number is not None:
            return number
        if not isinstance(thing, cls):
            raise TypeError(f"expected a {cls.__name__}, got {thing!r}")
        if self._counts[cls] >= self.limit:
            raise InvalidOperationException(
                f"this server keeps {self.limit} objects of {cls.__name__} and has no room for one "
                "more; keep those that you made, or restart the server"
            )
        self._counts[cls] += 1
        number = self._ids[thing] = len(self._things)
        self._things.append(thing)
        return number

    def thing(self, number: int, cls: type[Any]) -> object:
        """Return the object with an id.

        Raises:
            ArgumentNullException: it is 0. ArgumentException: no object has it, or one of
                another class.
        """
        if number == 0:
            raise ArgumentNullException(f"expected a {cls.__name__}, got null")
        if number >= len(self._things):
            raise ArgumentException(f"no {cls.__name__} has the id {number} on this server")
        thing = self._things[number]
        if not isinstance(thing, cls):
            raise ArgumentException(
                f"object {number} is a {type(thing).__name__}, not a {cls.__name__}"
            )
        return thing
