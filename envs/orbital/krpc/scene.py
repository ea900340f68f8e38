"""What clients put on a screen that nobody sees: objects that keep what was set, until removed.

The services UI and Drawing are made of these. An object belongs to the client that made it: it goes
with its client, as with kRPC, and so do its ids.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden, since
from helmsight.envs.orbital.krpc.space_center.service import kept_property

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.caller import Caller
    from helmsight.envs.orbital.krpc.simulation import Simulation

MESSAGES = 100


class Scene:
    """The objects of one service, in the order in which they were made."""

    def __init__(self) -> None:
        self.things: dict[Thing, Caller | None] = {}
        self.fixed: dict[str, Thing] = {}  # what is always there, by name
        self.messages: deque[str] = deque(maxlen=MESSAGES)  # the last that were shown
        self._watched: set[Caller] = set()

    def add(self, thing: Thing, caller: Caller | None) -> None:
        """Keep an object until it is removed or its client is gone."""
        self.things[thing] = caller
        if caller is not None and caller not in self._watched:
            self._watched.add(caller)
            caller.on_disconnect(partial(self._left, caller))

    def remove(self, thing: Thing) -> None:
        """Remove an object and what is in it."""
        self.things.pop(thing, None)
        thing.krpc_removed = True
        for part in thing.parts:
            self.remove(part)

    def clear(self, caller: Caller | None = None) -> None:
        """Remove all objects, or those of one client."""
        for thing, owner in list(self.things.items()):
            if caller is None or owner is caller:
                self.remove(thing)

    def _left(self, caller: Caller) -> None:
        self._watched.discard(caller)
        self.clear(caller)


class Thing:
    """An object of a scene. `values` are the properties that were set, `parts` what is in it."""

    krpc_owned: ClassVar = True
    scene_name: ClassVar[str]

    def __init__(self, game: Simulation, container: Thing | None = None, **values: Any) -> None:
        self.game = game
        self.krpc_removed = False
        self.parts: list[Thing] = []
        self.values: dict[str, Any] = values
        if container is not None:
            container.check()
            container.parts.append(self)
        self.scene().add(self, game.caller)

    @hidden
    def scene(self) -> Scene:
        """Return the scene that it is in."""
        return scene(self.game, self.scene_name)

    @hidden
    def check(self) -> None:
        """Raise InvalidOperationException if it was removed."""
        if self.krpc_removed:
            raise InvalidOperationException(
                f"this {type(self).__name__} was removed; add another one"
            )

    @hidden
    def part(self, name: str, make: Callable[[], Thing]) -> Any:
        """Return the part of it with a name, made when it is asked for first.

        It is nobody's own: it goes with what it is a part of.
        """
        self.check()
        if name not in self.values:
            self.values[name] = make()
            self.scene().things.pop(self.values[name])
        return self.values[name]


class Removable(Thing):
    """An object that can be shown, hidden and removed."""

    def remove(self) -> None:
        """Remove it, and what is in it."""
        self.check()
        self.scene().remove(self)


def scene(game: Simulation, name: str) -> Scene:
    """Return a scene of the game by the name of its service."""
    shown: Scene = game.scenes.setdefault(name, Scene())
    return shown


def kept(
    name: str, kind: Any, at_first: Any, doc: str, check: Callable[[Any], None] | None = None
) -> Any:
    """Return a property that is kept: what was set is read back.

    `check` raises for a value that cannot be set.
    """

    def get(self: Thing) -> Any:
        self.check()
        return self.values.get(name, at_first)

    def put(self: Thing, value: Any) -> None:
        self.check()
        if check is not None:
            check(value)
        self.values[name] = value

    return kept_property(get, put, kind, doc)


def newer(older: Any) -> Any:
    """Declare a property from kRPC 0.7 on only."""
    return property(since("0.7.0")(older.fget), since("0.7.0")(older.fset))
