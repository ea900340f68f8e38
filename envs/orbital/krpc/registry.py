"""Services as Python: what a function's annotations say is its signature on the wire.

    service = Service("SpaceCenter", "Vessels, orbits and their controls.")

    @service.getter
    def ut(game: Simulation) -> float: ...              # SpaceCenter.get_UT

    @service.procedure
    def load(game: Simulation, name: str) -> None: ...  # SpaceCenter.Load

    @service.remote
    @dataclass(frozen=True)
    class Vessel:
        number: int
        game: Simulation = field(compare=False, repr=False)

        @property
        def met(self) -> float: ...                     # SpaceCenter.Vessel_get_MET

        def position(self, reference_frame: ReferenceFrame) -> Vector: ...  # Vessel_Position

        @staticmethod
        def nearest(game: Simulation) -> Vessel: ...    # Vessel_static_Nearest

Functions of a service get the game first; so do static methods whose first parameter is `game`.
A parameter annotated `Caller` is filled in by the server and is not on the wire. A generator
function (`-> Generator[None, None, X]`) is resumed after every tick until it returns: its caller
waits, the others do not. Names that begin with an underscore stay here, and so does what is
`@hidden`. Docstrings become documentation. Types: see helmsight.envs.orbital.krpc.types.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.errors import RemoteException
from helmsight.envs.orbital.krpc.types import Code, register

F = TypeVar("F", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type[Any])
Enum = TypeVar("Enum", bound=type[IntEnum])
Error = TypeVar("Error", bound=type[RemoteException])


def _noted(thing: Any, **notes: Any) -> None:
    thing.__krpc_notes__ = {**vars(thing).get("__krpc_notes__", {}), **notes}


def note(thing: Any, key: str) -> Any:
    """Return what a decorator of this module noted on a function or class, or None."""
    return getattr(thing, "__dict__", {}).get("__krpc_notes__", {}).get(key)


def named(name: str) -> Callable[[F], F]:
    """Give a function another name than its own: `@named("GForce")`."""

    def mark(function: F) -> F:
        _noted(function, name=name)
        return function

    return mark


def since(version: str) -> Callable[[F], F]:
    """Declare a function, or a whole class, from a version of kRPC on."""

    def mark(function: F) -> F:
        _noted(function, since=names.version(version))
        return function

    return mark


def until(version: str) -> Callable[[F], F]:
    """Declare a function, or a whole class, only before a version of kRPC."""

    def mark(function: F) -> F:
        _noted(function, until=names.version(version))
        return function

    return mark


def hidden(function: F) -> F:
    """Keep a public function of a remote class off the wire."""
    _noted(function, hidden=True)
    return function


def absent(function: F) -> F:
    """Note that the answer is always nothing, as the game gives it for craft that have none."""
    _noted(function, absent=True)
    return function


def in_version(thing: Any, version: tuple[int, ...]) -> bool:
    """Return whether `thing` is declared in a version of kRPC."""
    first, gone = note(thing, "since"), note(thing, "until")
    return (first is None or version >= first) and (gone is None or version < gone)


def _versions(thing: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return note(thing, "since") or (), note(thing, "until") or (sys.maxsize,)


class Declared:
    """One function of a service under its name on the wire.

    cls: the remote class it belongs to. this: whether its first argument is an object of it.
    """

    def __init__(
        self, name: str, function: Callable[..., Any], cls: type[Any] | None, *, this: bool
    ) -> None:
        self.name = name
        self.function = function
        self.cls = cls
        self.this = this

    @property
    def takes_game(self) -> bool:
        """Whether the function gets the game as its first argument."""
        if self.cls is None:
            return True
        return not self.this and next(iter(inspect.signature(self.function).parameters), "") == (
            "game"
        )

    @property
    def versions(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The first version of kRPC that has the function, and the first that has it no more."""
        return _versions(self.function)

    def meets(self, other: Declared) -> bool:
        """Return whether a version of kRPC has both."""
        (first, gone), (others_first, others_gone) = self.versions, other.versions
        return first < others_gone and others_first < gone

    def in_version(self, version: tuple[int, ...]) -> bool:
        """Return whether this is declared in a version of kRPC."""
        return in_version(self.function, version) and in_version(self.cls, version)


class Service:
    """A service: its procedures, classes, enumerations, structures and exceptions.

    `declared` has the procedures and `types` the rest by their names on the wire; of what is
    declared twice, for different versions, the second has them behind its name.
    """

    def __init__(self, name: str, documentation: str = "") -> None:
        self.name = name
        self.documentation = documentation
        self.declared: dict[str, Declared] = {}
        self.types: dict[str, type[Any]] = {}
        self.exceptions: dict[str, type[RemoteException]] = {}

    def procedure(self, function: F) -> F:
        """Declare `f(game, ...)` as a procedure."""
        self._add("", function)
        return function

    def getter(self, function: F) -> F:
        """Declare `f(game)` as what reads the property of its name."""
        self._add("get_", function)
        return function

    def setter(self, function: F) -> F:
        """Declare `f(game, value)`, or `set_f`, as what sets the property of its name."""
        self._add("set_", function)
        return function

    def remote(self, cls: Class) -> Class:
        """Declare a class whose objects clients hold by id; equal objects have the same id."""
        self._register(cls, Code.CLASS)
        for name, member in _members(cls).items():
            head, leaf = cls.__name__ + "_", names.camel(name)
            if isinstance(member, property):
                for verb, function in (("get_", member.fget), ("set_", member.fset)):
                    if function is not None and not note(function, "hidden"):
                        self._declare(head + verb, leaf, function, cls, this=True)
            elif isinstance(member, staticmethod):
                self._declare(head + "static_", leaf, member.__func__, cls, this=False)
            else:
                self._declare(head, leaf, member, cls, this=True)
        return cls

    def enum(self, cls: Enum) -> Enum:
        """Declare an enumeration."""
        self._register(cls, Code.ENUMERATION)
        return cls

    def struct(self, cls: Class) -> Class:
        """Declare a NamedTuple: a structure for kRPC 0.7, a tuple for older clients."""
        self._register(cls, Code.STRUCT)
        return cls

    def exception(self, cls: Error) -> Error:
        """Declare an exception that procedures raise."""
        cls.service = self.name
        self.exceptions[cls.__name__] = cls
        return cls

    def _register(self, cls: type[Any], code: Code) -> None:
        register(cls, code, self.name)
        name = cls.__name__
        key = name if name not in self.types else f"{name} {_versions(cls)}"
        self.types[key] = cls

    def _add(self, verb: str, function: Callable[..., Any]) -> None:
        name = function.__name__
        if verb:
            name = name.removeprefix(verb)
        self._declare(verb, names.camel(name), function, None, this=False)

    def _declare(
        self,
        head: str,
        leaf: str,
        function: Callable[..., Any],
        cls: type[Any] | None,
        *,
        this: bool,
    ) -> None:
        name = key = head + (note(function, "name") or leaf)
        declared = Declared(name, function, cls, this=this)
        if key in self.declared:
            key = f"{name} {declared.versions}"
            if key in self.declared or declared.meets(self.declared[name]):
                raise TypeError(f"{self.name}.{name} is declared twice")
        self.declared[key] = declared


def _members(cls: type[Any]) -> dict[str, Any]:
    """Return what of a class goes on the wire, by name, its bases' members included."""
    members: dict[str, Any] = {}
    for base in reversed(cls.__mro__[:-1]):
        for name, member in vars(base).items():
            callable_ = isinstance(member, property | staticmethod) or inspect.isfunction(member)
            if callable_ and not name.startswith("_"):
                members[name] = member
    # Only now: a subclass may bring back what its base hides, or hide what its base declares.
    return {
        name: member for name, member in members.items() if not note(_function(member), "hidden")
    }


def _function(member: Any) -> Any:
    if isinstance(member, property):
        return member.fget
    return member.__func__ if isinstance(member, staticmethod) else member
