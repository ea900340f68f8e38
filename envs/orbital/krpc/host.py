"""What a server offers: the procedures of its services, bound to one game and ready to call."""

from __future__ import annotations

import difflib
import inspect
import logging
import typing
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.errors import EnvsError
from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentNullException,
    InvalidOperationException,
    RemoteException,
    ServerError,
)
from helmsight.envs.orbital.krpc.objects import ObjectStore
from helmsight.envs.orbital.krpc.registry import Declared, Service, in_version
from helmsight.envs.orbital.krpc.types import Dialect, Kind, kind_of
from helmsight.envs.orbital.krpc.values import Values
from helmsight.envs.orbital.krpc.wire import varint

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.streams import Streams

log = logging.getLogger(__name__)
VERSIONS = ("0.5.4", "0.7.0")
TOLD = 200  # different messages that are logged, and nearest names that are looked for, at most
KEY_BYTES = 2000
NULL = b"\x18\x01"  # ProcedureResult.is_null
REQUIRED: Any = inspect.Parameter.empty


@dataclass(eq=False)
class Caller:
    """The client that makes a call. `kept` is for services, under keys of their own."""

    identifier: bytes
    name: str
    address: str
    dialect: Dialect
    host: Host
    streams: Streams = field(init=False)
    kept: dict[str, Any] = field(default_factory=dict)
    _leaving: list[Callable[[], object]] = field(default_factory=list)

    def on_disconnect(self, callback: Callable[[], object]) -> None:
        """Call `callback` once, when this client is gone: to let go of what it held."""
        self._leaving.append(callback)

    def left(self) -> None:
        """Call what was asked for; one that fails is logged and does not keep the others."""
        while self._leaving:
            try:
                self._leaving.pop()()
            except Exception:
                log.exception("a callback of the client %r that left failed", self.name)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a procedure under its name on the wire."""

    name: str
    kind: Kind
    default: Any = REQUIRED


@dataclass(frozen=True, eq=False)
class Procedure:
    """A procedure under its name on the wire.

    call: takes the arguments in order, with the Caller at `caller_at` among them unless it is None.
    waits: it is a generator function, resumed after each tick.
    """

    service: str
    name: str
    parameters: tuple[Parameter, ...]
    result: Kind
    call: Callable[..., Any]
    documentation: str
    caller_at: int | None
    waits: bool


@dataclass(frozen=True)
class Prepared:
    """A call with its arguments read. `run` makes it, `pack` writes its ProcedureResult."""

    name: str
    run: Callable[[], Any]
    pack: Callable[[Any], bytes]
    waits: bool
    repeatable: bool  # the same bytes mean the same call, whoever sends them


class Host:
    """The services of a server, declared as kRPC `version` declares them.

    The game knows that version, and during each call the client that makes it, as its `caller`.

    Raises:
        ServerError: no such version. TypeError: a service says what the protocol cannot.
    """

    def __init__(self, game: Any, services: Sequence[Service], version: str = VERSIONS[0]) -> None:
        if version not in VERSIONS:
            raise ServerError(f"--version {version}: expected one of {', '.join(VERSIONS)}")
        self.game = game
        game.version, game.caller = names.version(version), None
        self.version = version
        self.services = tuple(services)
        self.objects = ObjectStore()
        self.values = {dialect: Values(dialect, self.objects) for dialect in Dialect}
        self.callers: dict[bytes, Caller] = {}
        self.status: Callable[[], KRPC.Status] = KRPC.Status  # of the server that has the host
        self.procedures: dict[tuple[str, str], Procedure] = {}
        self.described: dict[Dialect, KRPC.Services] = {}
        self._told: set[tuple[str, ...]] = set()
        self._missing: dict[tuple[str, str], str] = {}
        known = {name: cls for one in services for name, cls in one.types.items()}
        number = names.version(version)
        for service in services:
            known |= service.types  # its own first, where another has one of that name
            for one in service.declared.values():
                if one.in_version(number):
                    made = _procedure(service.name, one, game, known)
                    self.procedures[service.name, one.name] = made

    def enter(self, caller: Caller) -> None:
        """Let the game and the objects know whose call is answered next."""
        self.game.caller = caller
        self.objects.holder = caller.identifier

    def declares(self, cls: type[Any]) -> bool:
        """Return whether a registered class exists in the declared version."""
        return in_version(cls, names.version(self.version))

    def find(self, service: str, name: str) -> Procedure:
        """Return a procedure.

        Raises:
            InvalidOperationException: there is none; it names the nearest, and is logged once.
        """
        found = self.procedures.get((service, name))
        if found is not None:
            return found
        message = self._missing.get((service, name))
        if message is None:
            hint = len(self._missing) < TOLD and len(service) + len(name) < 200
            message = self._explain(service, name, hint=hint)
            if hint:
                self._missing[service, name] = message
                log.warning("a client called what is not there: %s", message)
        raise InvalidOperationException(message)

    def failure(self, error: Exception, what: str) -> bytes:
        """Return the Error message that tells a client about `error`.

        A mistake of the caller (`exit_status` 2) is an ArgumentException. What no procedure raises
        on purpose is a fault of the server: logged once, with its traceback.
        """
        service, name, text = RemoteException.service, "", str(error)
        if isinstance(error, RemoteException):
            service, name = error.service, error.name()
        elif isinstance(error, EnvsError):
            mistake = error.exit_status == ArgumentException.exit_status
            name = (ArgumentException if mistake else InvalidOperationException).name()
        else:
            if self._first(what, repr(error)[:200]):
                log.error("%s failed", what, exc_info=error)
            service, text = "", f"the server failed in {what}: {type(error).__name__}: {error}"
        told = KRPC.Error(service=service, name=name, description=text)
        return bytes(told.SerializeToString())

    def _first(self, *what: str) -> bool:
        """Return whether `what` comes up for the first time, so that it is logged once."""
        if what in self._told or len(self._told) >= TOLD:
            return False
        self._told.add(what)
        return True

    def _explain(self, service: str, name: str, *, hint: bool) -> str:
        known = sorted({one for one, _ in self.procedures})
        shown = f"{service[:80]}.{name[:120]}"
        if service not in known:
            return f"there is no service for {shown}; this server has {', '.join(known)}"
        near: list[str] = []
        if hint:  # it takes milliseconds, and a hostile client has names without end
            names_there = [other for one, other in self.procedures if one == service]
            near = difflib.get_close_matches(name[:120], names_there, 1, 0.75)
        nearest = f"; the nearest is {service}.{near[0]}" if near else ""
        return f"there is no procedure {shown} in version {self.version} of this server{nearest}"

    def prepare(
        self,
        call: KRPC.ProcedureCall,
        caller: Caller,
        computed: Mapping[int, Callable[[], Any]] | None = None,
    ) -> Prepared:
        """Return `call` ready to run.

        computed: arguments by position that are worked out in every run.

        Raises:
            RemoteException: no such procedure, or arguments that it does not take.
        """
        if call.service_id and not call.service:
            raise InvalidOperationException(
                f"procedure {call.procedure_id} of service {call.service_id}: calls by number, as "
                "of the C-nano client, are not known here; name the service and the procedure"
            )
        procedure = self.find(call.service, call.procedure)
        computed = computed or {}
        arguments = self._arguments(procedure, call, caller.dialect, computed)
        if procedure.caller_at is not None:
            arguments.insert(procedure.caller_at, caller)
        run = partial(procedure.call, *arguments)
        if computed:
            run = partial(_computed, procedure, arguments, computed)
        changeable = any(isinstance(one, list | dict | set) for one in arguments)
        return Prepared(
            f"{procedure.service}.{procedure.name}",
            run,
            self.packer(procedure.result, caller.dialect),
            procedure.waits,
            repeatable=procedure.caller_at is None and not changeable,
        )

    def _arguments(
        self,
        procedure: Procedure,
        call: KRPC.ProcedureCall,
        dialect: Dialect,
        computed: Mapping[int, object],
    ) -> list[Any]:
        given = {one.position: one for one in call.arguments}
        if len(given) != len(call.arguments) or any(
            position >= len(procedure.parameters) for position in given
        ):
            raise ArgumentException(
                f"{procedure.service}.{procedure.name} takes {len(procedure.parameters)} arguments;"
                f" got positions {[one.position for one in call.arguments][:20]}"
            )
        read = self.values[dialect]
        values: list[Any] = []
        for position, parameter in enumerate(procedure.parameters):
            argument = given.get(position)
            what = f"{procedure.service}.{procedure.name}: {parameter.name}"
            if position in computed:
                values.append(None)
            elif argument is None:
                if parameter.default is REQUIRED:
                    raise ArgumentException(f"{what} is missing")
                values.append(parameter.default)
            elif dialect is Dialect.MODERN and argument.is_null:
                if not parameter.kind.nullable:
                    raise ArgumentNullException(f"{what} is null; expected {parameter.kind}")
                values.append(None)
            else:
                try:
                    values.append(read.decoder(parameter.kind)(argument.value))
                except ArgumentException as error:
                    raise type(error)(f"{what}: {error}") from None
        return values

    def packer(self, kind: Kind, dialect: Dialect) -> Callable[[Any], bytes]:
        """Return what writes the ProcedureResult of a value of `kind`."""
        encode = self.values[dialect].encoder(kind)
        nullable = kind.nullable and dialect is Dialect.MODERN

        def pack(value: Any) -> bytes:
            if nullable and value is None:
                return NULL
            data = encode(value)
            return b"\x12" + varint(len(data)) + data if data else b""

        return pack


def key_of(call: KRPC.ProcedureCall) -> bytes:
    """Return what is kept to find a call again.

    Raises:
        ArgumentException: it is too large to be kept.
    """
    if call.ByteSize() > KEY_BYTES:
        raise ArgumentException(
            f"a call of {call.ByteSize()} bytes; streams and expressions keep up to {KEY_BYTES}"
        )
    return bytes(call.SerializeToString(deterministic=True))


def _computed(
    procedure: Procedure, arguments: list[Any], computed: Mapping[int, Callable[[], Any]]
) -> Any:
    """Make a call with some of its arguments worked out now."""
    given = list(arguments)
    for position, evaluate in computed.items():
        moved = procedure.caller_at is not None and position >= procedure.caller_at
        given[position + moved] = evaluate()
    return procedure.call(*given)


def _procedure(
    service: str, declared: Declared, game: Any, known: dict[str, type[Any]]
) -> Procedure:
    function, where = declared.function, f"{service}.{declared.name}"
    try:
        known = {**known, "Caller": Caller, "Simulation": object}  # the game is on no wire
        hints = typing.get_type_hints(function, localns=known, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())
        bound = _by_position(function, parameters)
        if declared.takes_game:
            bound = partial(bound, game)
            del parameters[0]
        caller = [at for at, one in enumerate(parameters) if hints.get(one.name) is Caller]
        result = hints.pop("return")
        waits = typing.get_origin(result) is Generator
        return Procedure(
            service,
            declared.name,
            tuple(_parameters(parameters, hints, declared)),
            kind_of(typing.get_args(result)[2] if waits else result),
            bound,
            inspect.getdoc(function) or "",
            caller[0] if caller else None,
            waits,
        )
    except (TypeError, KeyError, NameError) as error:
        raise TypeError(f"{where}: {error!r}") from error


def _by_position(
    function: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[..., Any]:
    """Return `function` with all of its parameters by position, as they are on the wire."""
    if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in parameters):
        raise TypeError("*args and **kwargs have no signature on the wire")
    words = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    if not words:
        return function
    first = len(parameters) - len(words)

    def call(*given: Any) -> Any:
        return function(*given[:first], **dict(zip(words, given[first:], strict=True)))

    return call


def _parameters(
    parameters: list[inspect.Parameter], hints: dict[str, Any], declared: Declared
) -> Iterator[Parameter]:
    for number, one in enumerate(parameters):
        if hints.get(one.name) is Caller:
            continue
        if declared.this and number == 0:
            yield Parameter("this", kind_of(declared.cls))
        else:
            yield Parameter(names.parameter(one.name), kind_of(hints[one.name]), one.default)
