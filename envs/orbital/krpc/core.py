"""The KRPC service: who is connected, what is there, streams, events, and the pause."""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc import (
    describe,
    errors,
    expression_collections,
    expression_functions,
    expression_sequences,
    expression_statements,
    expression_texts,
    expression_values,
    expressions,
)
from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.expression_types import BOOL
from helmsight.envs.orbital.krpc.expressions import Expression, value_kind
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.types import Dialect, Float, UInt32, UInt64

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
for _name in (
    "DivideByZeroException", "IndexOutOfRangeException", "KeyNotFoundException",
    "NotSupportedException", "NullReferenceException", "ObjectDestroyedException",
    "ObjectNotLoadedException", "OverflowException", "StreamRemovedException", "TimeoutException",
    "UnsupportedSceneException",
):  # fmt: skip
    # Clients of 0.7 name all of them where they catch errors; only expressions throw them here.
    service.exception(type(_name, (errors.RemoteException,), {"__doc__": "As in kRPC 0.7."}))
OPERATIONS = (
    expression_functions, expression_sequences, expression_collections, expression_statements,
    expression_texts, expression_values,
)  # fmt: skip
"""The modules whose operations are Expression's static methods."""
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
def get_client_id(game: Simulation, client: Client) -> bytes:
    """The identifier of the client that asks."""
    return client.identifier


@service.procedure
def get_client_name(game: Simulation, client: Client) -> str:
    """The name of the client that asks; empty if it gave none."""
    return client.name


@service.procedure
def get_status(game: Simulation, client: Client) -> KRPC.Status:
    """The version of the server and what it has done so far."""
    return client.host.status()


@service.procedure
def get_services(game: Simulation, client: Client) -> KRPC.Services:
    """All services with their procedures, classes and enumerations."""
    return describe.services(client.host, client.dialect)


@service.getter
def clients(game: Simulation, client: Client) -> list[ClientInfo]:
    """The clients that are connected."""
    return [
        ClientInfo(caller.identifier, caller.name, caller.address)
        for caller in client.host.callers.values()
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
    game: Simulation, client: Client, call: KRPC.ProcedureCall, start: bool = True
) -> KRPC.Stream:
    """Make a call after every tick and send what it returns when that changes."""
    return KRPC.Stream(id=client.streams.add(call, start=start))


@service.procedure
def start_stream(game: Simulation, client: Client, id: UInt64) -> None:
    """Start a stream that was added without being started."""
    client.streams.start(id)


@service.procedure
def set_stream_rate(game: Simulation, client: Client, id: UInt64, rate: Float) -> None:
    """Limit how often a stream is sent, Hz of the wall clock; 0 is after every tick."""
    client.streams.set_rate(id, rate)


@service.procedure
def remove_stream(game: Simulation, client: Client, id: UInt64) -> None:
    """Remove a stream."""
    client.streams.remove(id)


def _packed(client: Client, expression: Expression) -> partial[bytes]:
    """Return what evaluates an expression and writes its result."""
    if expression.kind is None:
        raise InvalidOperationException("the expression has no value to send")
    pack = client.host.packer(expression.kind, client.dialect)
    return partial(lambda: pack(expression.run()))


@service.procedure
def add_function_stream(game: Simulation, client: Client, function: Expression) -> KRPC.Stream:
    """Evaluate an expression after every tick and send its value when that changes."""
    number = client.streams.follow(_packed(client, function))
    client.streams.start(number)
    return KRPC.Stream(id=number)


@service.procedure
def compile_function(game: Simulation, function: Expression) -> None:
    """See that an expression can be evaluated: every one that could be put together can."""


@service.procedure
def run_function(
    game: Simulation,
    client: Client,
    function: Expression,
    arguments: list[bytes | None] = [],  # noqa: B006 - read only
) -> bytes | None:
    """Evaluate a function once and return the bytes of its value, of null nothing."""
    wanted = [value_kind(parameter) for parameter in function.parameters or ()]
    if len(wanted) != len(arguments):
        raise ArgumentException(f"the function takes {len(wanted)} arguments, not {len(arguments)}")
    values = client.host.values[client.dialect]
    given = [
        None if data is None and kind.nullable else values.decoder(kind)(data or b"")
        for kind, data in zip(wanted, arguments, strict=True)
    ]
    value = expression_functions.run_with(function, given)
    if function.kind is None:
        return b""
    return None if value is None else values.encoder(function.kind)(value)


@service.procedure
def add_event(game: Simulation, client: Client, expression: Expression) -> KRPC.Event:
    """Evaluate a boolean expression after every tick; the event fires in each that it holds in.

    Older clients start the event's stream themselves, as they wait for it, and can block for good
    when it sends before that; for the others it is started here.
    """
    if expression.kind != BOOL:
        raise ArgumentException(f"an event needs a bool; this expression is {expression.kind}")
    packed = _packed(client, expression)
    number = client.streams.follow(lambda: packed() if expression.run() else None, event=True)
    if client.dialect is Dialect.MODERN:
        client.streams.start(number)
    return KRPC.Event(stream=KRPC.Stream(id=number))
