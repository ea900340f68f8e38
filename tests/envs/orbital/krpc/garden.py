"""A service with one of everything that the protocol has, for tests."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.errors import InvalidOperationException, RemoteException
from helmsight.envs.orbital.krpc.registry import Service, hidden, named, since, until
from helmsight.envs.orbital.krpc.types import Float, Long, UInt32, UInt64


class Plot:
    """The game of these tests: a clock that counts ticks, and a few values."""

    def __init__(self) -> None:
        self.ut = 0.0
        self.rate = 1.0
        self.load_count = 0
        self.paused = self.lockstep = False
        self.steps = 0
        self.notes: list[str] = []
        self.fails = False

    def catch_up(self, now: float) -> int:
        """Grow."""
        if self.fails:
            raise RuntimeError("hail")
        self.steps += 0 if self.paused else 1
        return 1


service = Service("Garden", "What grows <here> & there.")


@service.exception
class FrostException(RemoteException):
    """It is too cold."""


@service.enum
class Season(IntEnum):
    """A time of the year."""

    EARLY_SPRING = 0
    SUMMER = 1
    WINTER = -3


@service.struct
class Spot(NamedTuple):
    """A place in the garden."""

    row: int
    label: str


@service.remote
@dataclass(frozen=True)
class Tree:
    """A tree."""

    number: int
    plot: Plot = field(compare=False, repr=False)

    @property
    def height(self) -> float:
        """Height, m."""
        return 1.5 * self.number

    @property
    def met(self) -> float:
        """Ticks of the garden."""
        return float(self.plot.steps)

    @property
    def sas_mode(self) -> Season:
        """A season under a name with capitals."""
        return Season.WINTER

    @sas_mode.setter
    def sas_mode(self, value: Season) -> None:
        self.plot.notes.append(f"{self.number}:{value.name}")

    @property
    def neighbour(self) -> Tree | None:
        """The next tree, if there is one."""
        return Tree(self.number + 1, self.plot) if self.number < 3 else None

    @neighbour.setter
    def neighbour(self, value: Tree | None) -> None:
        self.plot.notes.append(f"{self.number} beside {value and value.number}")

    def prune(self, amount: Float = 0.5, *, gently: bool = True) -> str:
        """Cut <some> of it."""
        return f"{amount:.3f} {gently}"

    @named("GForce")
    def g_force(self) -> Float:
        """A name of its own."""
        return 1e40

    @since("0.7.0")
    def graft(self, other: Tree | None = None) -> Tree | None:
        """Only in newer versions."""
        return other

    @until("0.6.0")
    def engage(self) -> None:
        """Only in older versions."""

    @hidden
    def helper(self) -> object:
        """Not on the wire, so it may return anything."""
        return self

    @staticmethod
    def plant(game: Plot, number: int) -> Tree:
        """A static method of the game."""
        return Tree(number, game)

    @staticmethod
    def sum(a: int, b: int) -> int:
        """A static method without it."""
        return a + b


@service.getter
def ut(game: Plot) -> float:
    """Ticks."""
    return float(game.steps)


@service.getter
def mood(game: Plot) -> str:
    """The last note."""
    return game.notes[-1] if game.notes else ""


@service.setter
def set_mood(game: Plot, value: str) -> None:
    """Take a note."""
    game.notes.append(value)


@service.procedure
def echo(
    game: Plot,
    a: float, b: Float, c: int, d: Long, e: UInt32, f: UInt64, g: bool, h: str, i: bytes,
) -> tuple[float, Float, int, Long, UInt32, UInt64, bool, str, bytes]:  # fmt: skip
    """Return what was given."""
    return a, b, c, d, e, f, g, h, i


@service.procedure
def bundle(
    game: Plot,
    trees: list[Tree | None],
    names: dict[str, int],
    spots: set[int],
    place: tuple[float, float, float] = (1.0, 2.0, 3.0),
    season: Season = Season.SUMMER,
) -> dict[str, tuple[list[Tree | None], set[int]]]:
    """Collections of collections."""
    names[str(place)] = season
    return {key: (trees, spots) for key in names}


@service.procedure
def spot(game: Plot) -> Spot:
    """A structure."""
    return Spot(3, "beans")


@service.procedure
def maybe(game: Plot, numbers: list[float] | None) -> list[float] | None:
    """Null or a list."""
    return numbers


@service.procedure
def who(game: Plot, caller: Caller) -> str:
    """Who asks."""
    caller.on_disconnect(lambda: game.notes.append(f"{caller.name} left"))
    return caller.name


@service.procedure
def wait(game: Plot, ticks: int = 2) -> Generator[None, None, int]:
    """Return how many ticks went by."""
    before = game.steps
    for _ in range(ticks):
        yield
    return game.steps - before


@service.procedure
def freeze(game: Plot) -> None:
    """Fail on purpose."""
    raise FrostException("minus ten")


@service.procedure
def refuse(game: Plot) -> int:
    """Fail as the game does."""
    raise InvalidOperationException("not now")


@service.procedure
def stumble(game: Plot) -> None:
    """Fail by accident."""
    raise ZeroDivisionError("a stone")


@service.procedure
def hedge(game: Plot, size: int) -> bytes:
    """Return many bytes."""
    return bytes(size)
