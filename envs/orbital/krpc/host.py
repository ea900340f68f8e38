"""What a server offers: the procedures of its services, bound to one game and ready to call."""

from __future__ import annotations

import difflib
import inspect
import logging
import typing
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from envs.orbital.krpc import names
from envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentNullException,
    InvalidOperationException,
    MalformedMessage,
    RemoteException,
)
from envs.orbital.krpc.objects import ObjectStore
from envs.orbital.krpc.registry import Declared, Service, in_version
from envs.orbital.krpc.types import Dialect, Kind, kind_of
from envs.orbital.krpc.values import Values
from envs.orbital.krpc.wire import varint

if TYPE_CHECKING:
    import krpc.schema.KRPC_pb2 as KRPC

log = logging.getLogger(__name__)
VERSIONS = ("0.5.4", "0.7.0")
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

    call: takes the arguments in order, then `caller=` if `wants_caller`.
    waits: it is a generator function, resumed after each tick.
    """

    service: str
    name: str
    parameters: tuple[Parameter, ...]
    result: Kind
    call: Callable[..., Any]
    documentation: str
    wants_caller: bool
    caller_name: str
    waits: bool


@dataclass(frozen=True)
class Prepared:
    """A call with its arguments read. `run` makes it, `pack` writes its ProcedureResult."""

    run: Callable[[], Any]
    pack: Callable[[Any], bytes]
    waits: bool
    repeatable: bool  # the same bytes mean the same call, whoever sends them


class Host:
    """The services of a server, declared as kRPC `version` declares them.

    Raises:
        TypeError: a service says something that the protocol cannot.
    """

    def __init__(self, game: Any, services: Sequence[Service], version: str = VERSIONS[0]) -> None:
        if version not in VERSIONS:
            raise TypeError(f"version {version!r}: expected one of {', '.join(VERSIONS)}")
        self.game = game
        self.version = version
        self.services = tuple(services)
        self.objects = ObjectStore()
        self.values = {dialect: Values(dialect, self.objects) for dialect in Dialect}
        self.callers: dict[bytes, Caller] = {}
        self.procedures: dict[tuple[str, str], Procedure] = {}
        self._told: set[tuple[str, str]] = set()
        known = {name: cls for one in services for name, cls in one.types.items()}
        number = names.version(version)
        for service in services:
            for one in service.declared.values():
                if one.in_version(number):
                    made = _procedure(service.name, one, game, known)
                    self.procedures[service.name, one.name] = made

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
        message = self._missing(service, name)
        if (service, name) not in self._told and len(self._told) < 1000:
            self._told.add((service, name))
            log.warning("a client called what is not there: %s", message)
        raise InvalidOperationException(message)

    def _missing(self, service: str, name: str) -> str:
        known = sorted({one for one, _ in self.procedures})
        shown = f"{service[:80]}.{name[:120]}"
        if service not in known:
            return f"there is no service for {shown}; this server has {', '.join(known)}"
        near = difflib.get_close_matches(
            name[:120], [other for one, other in self.procedures if one == service], 1, 0.5
        )
        hint = f"; the nearest is {service}.{near[0]}" if near else ""
        return f"there is no procedure {shown} in version {self.version} of this server{hint}"

    def prepare(self, call: KRPC.ProcedureCall, caller: Caller) -> Prepared:
        """Return `call` ready to run.

        Raises:
            RemoteException: no such procedure, or arguments that it does not take.
        """
        procedure = self.find(call.service, call.procedure)
        arguments = self._arguments(procedure, call, caller.dialect)
        run = partial(procedure.call, *arguments)
        if procedure.wants_caller:
            run = partial(run, **{procedure.caller_name: caller})
        changeable = any(isinstance(one, list | dict | set) for one in arguments)
        return Prepared(
            run,
            self.packer(procedure, caller.dialect),
            procedure.waits,
            repeatable=not (procedure.wants_caller or changeable),
        )

    def _arguments(
        self, procedure: Procedure, call: KRPC.ProcedureCall, dialect: Dialect
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
        values = []
        for position, parameter in enumerate(procedure.parameters):
            argument = given.get(position)
            what = f"{procedure.service}.{procedure.name}: {parameter.name}"
            if argument is None:
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
                except MalformedMessage as error:
                    raise ArgumentException(f"{what}: {error}") from None
                except ArgumentException as error:
                    raise type(error)(f"{what}: {error}") from None
        return values

    def packer(self, procedure: Procedure, dialect: Dialect) -> Callable[[Any], bytes]:
        """Return what writes the ProcedureResult of a procedure's value."""
        encode = self.values[dialect].encoder(procedure.result)
        nullable = procedure.result.nullable and dialect is Dialect.MODERN

        def pack(value: Any) -> bytes:
            if nullable and value is None:
                return NULL
            data = encode(value)
            return b"\x12" + varint(len(data)) + data if data else b""

        return pack


def error_of(error: Exception, what: str = "a call") -> tuple[str, str, str]:
    """Return (service, name, description) that tell a client about `error`.

    What no procedure raises on purpose is a fault of the server: logged with its traceback.
    """
    if isinstance(error, RemoteException):
        return error.service, type(error).__name__, str(error)
    log.error("%s failed", what, exc_info=error)
    return "", "", f"the server failed in this call: {type(error).__name__}: {error}"


def _procedure(
    service: str, declared: Declared, game: Any, known: dict[str, type[Any]]
) -> Procedure:
    function, where = declared.function, f"{service}.{declared.name}"
    try:
        hints = typing.get_type_hints(
            function, localns={**known, "Caller": Caller}, include_extras=True
        )
        parameters = list(inspect.signature(function).parameters.values())
        bound = partial(function, game) if declared.takes_game else function
        if declared.takes_game:
            del parameters[0]
        caller = [one.name for one in parameters if hints.get(one.name) is Caller]
        result = hints.pop("return")
        waits = typing.get_origin(result) in (Generator, Iterator)
        return Procedure(
            service,
            declared.name,
            tuple(_parameters(parameters, hints, declared)),
            kind_of(typing.get_args(result)[2] if waits else result),
            bound,
            inspect.getdoc(function) or "",
            bool(caller),
            caller[0] if caller else "",
            waits,
        )
    except (TypeError, KeyError, NameError) as error:
        raise TypeError(f"{where}: {error!r}") from error


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
