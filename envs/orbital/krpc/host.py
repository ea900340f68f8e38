"""What a server offers: the procedures of its services, bound to one game and ready to call."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.contract.errors import Error
from helmsight.envs.orbital.krpc import editions, names
from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.editions import VERSIONS
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentNullException,
    InvalidOperationException,
    RemoteException,
    ServerError,
)
from helmsight.envs.orbital.krpc.objects import ObjectStore
from helmsight.envs.orbital.krpc.procedure import REQUIRED, PreparedCall, Procedure
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.types import Dialect, WireType
from helmsight.envs.orbital.krpc.values import Values
from helmsight.envs.orbital.krpc.wire import varint

log = logging.getLogger(__name__)
LOGGED = 200  # different messages that are logged, and nearest names that are looked for, at most
KEY_BYTES = 2000
NULL = b"\x18\x01"  # ProcedureResult.is_null


@dataclass
class CallCounts:
    """How many calls were made, by requests and by streams."""

    rpcs: int = 0
    streamed: int = 0


class Host:
    """The services of a server, declared as kRPC `version` declares them.

    The game knows that version, and during each call the client that makes it, as its `caller`.

    Attributes:
        callers: who is connected, by identifier. status: what GetStatus tells. Both are the
            server's, which sets them.
        counts: the calls that were made.

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
        self.callers: Mapping[bytes, Caller] = {}
        self.status: Callable[[], KRPC.Status] = KRPC.Status
        self.counts = CallCounts()
        number = names.version(version)
        binder = editions.Binder(services, game)
        self.procedures = binder.procedures(number)
        self._spoken = {
            dialect: binder.procedures(spoken) for dialect, spoken in editions.SPOKEN.items()
        }
        self.described: dict[Dialect, KRPC.Services] = {}
        self._logged: set[tuple[str, ...]] = set()
        self._missing: dict[tuple[str, str], str] = {}

    def enter(self, caller: Caller) -> None:
        """Let the game and the objects know whose call is answered next."""
        self.game.caller = caller
        self.objects.holder = caller.identifier

    def offered(self, dialect: Dialect) -> dict[tuple[str, str], Procedure]:
        """Return all procedures by service and name, as clients of a dialect know them."""
        return self.procedures | self._spoken[dialect]

    def types(self, service: Service, dialect: Dialect) -> dict[str, type[Any]]:
        """Return the types of a service by name, as clients of a dialect know them."""
        return editions.types_told(service, names.version(self.version), dialect)

    def find(self, service: str, name: str, dialect: Dialect | None = None) -> Procedure:
        """Return a procedure as clients of a dialect know it, or else as the version has it.

        Raises:
            InvalidOperationException: there is none; it names the nearest, and is logged once.
        """
        key = service, name
        spoken = self._spoken[dialect] if dialect is not None else self.procedures
        procedure = spoken.get(key) or self.procedures.get(key)
        if procedure is not None:
            return procedure
        message = self._missing.get((service, name))
        if message is None:
            hint = len(self._missing) < LOGGED and len(service) + len(name) < 200
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
        elif isinstance(error, Error):
            mistake = error.exit_status == ArgumentException.exit_status
            name = (ArgumentException if mistake else InvalidOperationException).name()
        else:
            if self._is_new(what, repr(error)[:200]):
                log.error("%s failed", what, exc_info=error)
            service, text = "", f"the server failed in {what}: {type(error).__name__}: {error}"
        message = KRPC.Error(service=service, name=name, description=text)
        return bytes(message.SerializeToString())

    def _is_new(self, *what: str) -> bool:
        """Return whether `what` comes up for the first time, so that it is logged once."""
        if what in self._logged or len(self._logged) >= LOGGED:
            return False
        self._logged.add(what)
        return True

    def _explain(self, service: str, name: str, *, hint: bool) -> str:
        services = sorted({owner for owner, _ in self.procedures})
        shown = f"{service[:80]}.{name[:120]}"
        if service not in services:
            return f"there is no service for {shown}; this server has {', '.join(services)}"
        near: list[str] = []
        if hint:  # it takes milliseconds, and a hostile client has names without end
            candidates = [other for owner, other in self.procedures if owner == service]
            near = difflib.get_close_matches(name[:120], candidates, 1, 0.75)
        nearest = f"; the nearest is {service}.{near[0]}" if near else ""
        return f"there is no procedure {shown} in version {self.version} of this server{nearest}"

    def prepare(
        self,
        call: KRPC.ProcedureCall,
        caller: Caller,
        computed: Mapping[int, Callable[[], Any]] | None = None,
    ) -> PreparedCall:
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
        procedure = self.find(call.service, call.procedure, caller.dialect)
        computed = computed or {}
        arguments = self._arguments(procedure, call, caller.dialect, computed)
        if procedure.caller_at is not None:
            arguments.insert(procedure.caller_at, caller)
        run = partial(procedure.call, *arguments)
        if computed:
            run = partial(_run_computed, procedure, arguments, computed)
        # A call that may be kept is run again with the same argument objects: a procedure that
        # changed a list of them would change every later call.
        changeable = any(isinstance(argument, list | dict | set) for argument in arguments)
        return PreparedCall(
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
        """Return the values of all parameters, in their order; None for the computed ones."""
        given = {argument.position: argument for argument in call.arguments}
        if len(given) != len(call.arguments) or any(
            position >= len(procedure.parameters) for position in given
        ):
            positions = [argument.position for argument in call.arguments]
            raise ArgumentException(
                f"{procedure.service}.{procedure.name} takes {len(procedure.parameters)} arguments;"
                f" got positions {positions[:20]}"
            )
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
                decode = self.values[dialect].decoder(parameter.kind)
                try:
                    values.append(decode(argument.value))
                except ArgumentException as error:
                    raise type(error)(f"{what}: {error}") from None
        return values

    def packer(self, kind: WireType, dialect: Dialect) -> Callable[[Any], bytes]:
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


def _run_computed(
    procedure: Procedure, arguments: list[Any], computed: Mapping[int, Callable[[], Any]]
) -> Any:
    """Make a call with some of its arguments worked out now."""
    arguments = list(arguments)
    for position, evaluate in computed.items():
        # Positions are those on the wire, where the caller, put in among the arguments, is not.
        shifted = procedure.caller_at is not None and position >= procedure.caller_at
        arguments[position + shifted] = evaluate()
    return procedure.call(*arguments)
