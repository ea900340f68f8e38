"""Ids of the objects that clients hold: the same thing always has the same id.

Clients compare remote objects by id and keep them through loads and reconnections. So what is equal
here has one id, made anew in every call or not; an id is never given to another thing; and 0 is
left free, which is null for clients before kRPC 0.7. There is one space of ids for all classes:
an id of another class is noticed, not misread.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentNullException,
    InvalidOperationException,
)

LIMIT = 100_000  # of one class
OWN_LIMIT = 20_000  # of what one client has put together: expressions, relative frames


class ObjectStore:
    """Interns remote objects. Ids start at 1 and are never given away again.

    What the game has (vessels, parts, orbits) is few and stays. A class with `krpc_owned = True`
    has objects that clients put together themselves, without end: each client has its own, counted
    apart from those of others, and they go when it goes. Two clients that build equal things have
    two ids for them, so that the one who leaves takes nothing away from the other.

    `holder` is the client whose call is being answered.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.holder = b""
        self._issued = 0
        self._things: dict[int, object] = {}
        self._ids: dict[object, int] = {}
        self._counts: Counter[type[Any]] = Counter()
        self._own: defaultdict[bytes, list[int]] = defaultdict(list)

    def id_of(self, thing: object, cls: type[Any]) -> int:
        """Return the id of `thing`, a new one for what was never seen.

        Raises:
            TypeError: it is no `cls`. InvalidOperationException: there are too many of them.
        """
        owned = getattr(thing, "krpc_owned", False)
        key = (self.holder, thing) if owned else thing
        number = self._ids.get(key)
        if number is not None:
            return number
        if not isinstance(thing, cls):
            raise TypeError(f"expected a {cls.__name__}, got {thing!r}")
        limit = OWN_LIMIT if owned else self.limit
        if owned and len(self._own[self.holder]) >= limit:
            self._forget_removed(self.holder)
        count = len(self._own[self.holder]) if owned else self._counts[cls]
        if count >= limit:
            raise InvalidOperationException(
                f"this server keeps {limit} objects of {cls.__name__} and has no room for one "
                "more; keep those that you made, or connect anew"
            )
        self._issued += 1
        self._things[self._issued] = thing
        self._ids[key] = self._issued
        if owned:
            self._own[self.holder].append(self._issued)
        else:
            self._counts[cls] += 1
        return self._issued

    def thing(self, number: int, cls: type[Any]) -> object:
        """Return the object with an id.

        Raises:
            ArgumentNullException: it is 0. ArgumentException: no object has it, or one of
                another class.
        """
        if number == 0:
            raise ArgumentNullException(f"expected a {cls.__name__}, got null")
        thing = self._things.get(number)
        if thing is None:
            raise ArgumentException(f"no {cls.__name__} has the id {number} on this server")
        if not isinstance(thing, cls):
            raise ArgumentException(
                f"object {number} is a {type(thing).__name__}, not a {cls.__name__}"
            )
        return thing

    def _forget_removed(self, holder: bytes) -> None:
        """Forget what a client owned and took off the screen again (`krpc_removed`)."""
        left = []
        for number in self._own[holder]:
            if getattr(self._things[number], "krpc_removed", False):
                del self._ids[holder, self._things.pop(number)]
            else:
                left.append(number)
        self._own[holder] = left

    def release(self, holder: bytes) -> None:
        """Forget what a client owned."""
        for number in self._own.pop(holder, []):
            del self._ids[holder, self._things.pop(number)]
