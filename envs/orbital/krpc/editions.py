"""What of the services exists in which version of kRPC, and how a client's own version has it.

A server declares one version, and clients of the other connect all the same: they call what their
own stubs have and take the types of values from them. So each client gets, beside what the declared
version has, what its own has, and under one name what its own means by it (colours, states of
antennas, ends of radio links).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.procedure import Procedure, described
from helmsight.envs.orbital.krpc.registry import Declared, Service, in_version
from helmsight.envs.orbital.krpc.types import Dialect, resolve_fields

VERSIONS = ("0.5.4", "0.7.0")
SPOKEN = {
    Dialect.LEGACY: names.version(VERSIONS[0]),
    Dialect.MODERN: names.version(VERSIONS[-1]),
}
"""The version that clients of a dialect are taken to be of."""
Procedures = dict[tuple[str, str], Procedure]
SERVERS = 8  # sets of services whose procedures are kept: a process rarely serves more than one


class Binder:
    """Binds the procedures of services to a game, for one version of kRPC after the other.

    What two versions have with the same types is bound once. What the annotations say is read once
    in a process for the same services: that takes most of a server's start.
    """

    def __init__(self, services: Sequence[Service], game: Any) -> None:
        self._services, self._game = tuple(services), game
        self._described = _described_by(self._services)
        self._made: dict[Declared, Procedure] = {}

    def procedures(self, number: tuple[int, ...]) -> Procedures:
        """Return the procedures of a version by service and name.

        Raises:
            TypeError: one says what the protocol cannot.
        """
        bound: Procedures = {}
        for service, known in _known(self._services, number):
            for declared in service.declared.values():
                if declared.in_version(number):
                    procedure = self._made.get(declared)
                    if procedure is None or not _all_exist(procedure, number):
                        key = declared, number
                        if key not in self._described:
                            self._described[key] = described(service.name, declared, known)
                        procedure = self._described[key].of(self._game)
                        self._made[declared] = procedure
                    bound[service.name, declared.name] = procedure
        return bound


@lru_cache(SERVERS)
def _described_by(
    services: tuple[Service, ...],
) -> dict[tuple[Declared, tuple[int, ...]], Procedure]:
    """Return where the procedures of services are kept by version, to be bound to games."""
    return {}


def types_told(service: Service, number: tuple[int, ...], dialect: Dialect) -> dict[str, type[Any]]:
    """Return the types of a service, by name, that a version declares to clients of a dialect."""
    return types_of(service, number) | types_of(service, SPOKEN[dialect])


def types_of(service: Service, number: tuple[int, ...]) -> dict[str, type[Any]]:
    """Return the types of a service that exist in a version, by name."""
    return {cls.__name__: cls for cls in service.types.values() if in_version(cls, number)}


def _all_exist(procedure: Procedure, number: tuple[int, ...]) -> bool:
    """Return whether a version has all types that a procedure was bound with."""
    kinds = [procedure.result, *(parameter.kind for parameter in procedure.parameters)]
    while kinds:
        kind = kinds.pop()
        kinds.extend(kind.items)
        if kind.python is not None and not in_version(kind.python, number):
            return False
    return True


def _known(
    services: Sequence[Service], number: tuple[int, ...]
) -> Iterator[tuple[Service, dict[str, type[Any]]]]:
    """Yield each service with the types that it may name: its own first, then those of others."""
    known: dict[str, type[Any]] = {}
    for service in services:
        known |= types_of(service, number)
    for service in services:
        own = types_of(service, number)
        resolve_fields(own.values(), known | own)
        yield service, known | own
