"""The KRPC service: who is connected, what is there, streams, events, and the pause."""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc import describe, errors, expressions
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.expression_types import BOOL
from helmsight.envs.orbital.krpc.expressions import Expression
from helmsight.envs.orbital.krpc.host import Caller
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.types import Float, UInt32, UInt64

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

service = Service("KRPC", "The server itself: its clients, its services, streams and events.")
for _error in (
    errors.ArgumentException,
    errors.ArgumentNullException,
    errors.ArgumentOutOfRangeException,
    errors.InvalidOperationException,
):
    service.exception(_error)
expressions.declare(service)


@service.enum
class GameScene(IntEnum):
    """The game's scenes. The twin is always in flight."""

    SPACE_CENTER = 0
    FLIGHT = 1
    TRACKING_STATION = 2
    EDITOR_VAB = 3
    EDITOR_SPH = 4
    MISSION_BUILDER = 5


@service.struct
class ClientInfo(NamedTuple):
    """A client of the server: its identifier, name and address."""

    id: bytes
    name: str
    address: str


@service.procedure
def get_client_id(game: Simulation, caller: Caller) -> bytes:
    """The identifier of the client that asks."""
    return caller.identifier


@service.procedure
def get_client_name(game: Simulation, caller: Caller) -> str:
    """The name of the client that asks; empty if it gave none."""
    return caller.name


@service.procedure
def get_status(game: Simulation, caller: Caller) -> KRPC.Status:
    """The version of the server and what it has done so far."""
    return caller.host.status()


@service.procedure
def get_services(game: Simulation, caller: Caller) -> KRPC.Services:
    """All services with their procedures, classes and enumerations."""
    return describe.services(caller.host, caller.dialect)


@service.getter
def clients(game: Simulation, caller: Caller) -> list[ClientInfo]:
    """The clients that are connected."""
    return [
        ClientInfo(one.identifier, one.name, one.address) for one in caller.host.callers.values()
    ]


@service.getter
def paused(game: Simulation) -> bool:
    """Whether the world stands still."""
    return game.paused


@service.setter
def set_paused(game: Simulation, value: bool) -> None:
    """Let the world stand still, or go on."""
    game.paused = value


@service.getter
def current_game_scene(game: Simulation) -> GameScene:
    """The scene of the game: flight. Clients before 0.7 ask for it by this name."""
    return GameScene.FLIGHT


@service.getter
def game_scene(game: Simulation) -> GameScene:
    """The scene of the game: flight."""
    return GameScene.FLIGHT


@service.getter
def game_state_loads(game: Simulation) -> UInt32:
    """How many games have been loaded."""
    return game.load_count


@service.procedure
def next_tick(game: Simulation) -> Generator[None, None, None]:
    """Return after the next tick of the world."""
    yield


@service.procedure
def add_stream(
    game: Simulation, caller: Caller, call: KRPC.ProcedureCall, start: bool = True
) -> KRPC.Stream:
    """Make a call after every tick and send what it returns when that changes."""
    return KRPC.Stream(id=caller.streams.add(call, start=start))


@service.procedure
def start_stream(game: Simulation, caller: Caller, id: UInt64) -> None:
    """Start a stream that was added without being started."""
    caller.streams.start(id)


@service.procedure
def set_stream_rate(game: Simulation, caller: Caller, id: UInt64, rate: Float) -> None:
    """Limit how often a stream is sent, Hz of the wall clock; 0 is after every tick."""
    caller.streams.set_rate(id, rate)


@service.procedure
def remove_stream(game: Simulation, caller: Caller, id: UInt64) -> None:
    """Remove a stream."""
    caller.streams.remove(id)


def _packed(caller: Caller, expression: Expression) -> partial[bytes]:
    """Return what evaluates an expression and writes its result."""
    if expression.kind is None:
        raise InvalidOperationException("the expression has no value to send")
    pack = caller.host.packer(expression.kind, caller.dialect)
    return partial(lambda: pack(expression.evaluate()))


@service.procedure
def add_function_stream(game: Simulation, caller: Caller, function: Expression) -> KRPC.Stream:
    """Evaluate an expression after every tick and send its value when that changes."""
    number = caller.streams.follow(_packed(caller, function))
    caller.streams.start(number)
    return KRPC.Stream(id=number)


@service.procedure
def compile_function(game: Simulation, function: Expression) -> None:
    """See that an expression can be evaluated: every one that could be put together can."""


@service.procedure
def add_event(game: Simulation, caller: Caller, expression: Expression) -> KRPC.Event:
    """Evaluate a boolean expression after every tick; the event fires in each that it holds in.

    Older clients start the event's stream themselves; for the others it is started here.
    """
    if expression.kind != BOOL:
        raise ArgumentException(f"an event needs a bool; this expression is {expression.kind}")
    packed = _packed(caller, expression)
    number = caller.streams.follow(lambda: packed() if expression.evaluate() else None, event=True)
    caller.streams.start(number)
    return KRPC.Event(stream=KRPC.Stream(id=number))
