"""What of the services exists in which version of kRPC, and how a client's own version has it.

A server declares one version, and clients of the other connect all the same: they call what their
own stubs have and take the types of values from them. So each client gets, beside what the declared
version has, what its own has, and under one name what its own means by it (colours, states of
antennas, ends of radio links).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.procedure import Procedure, bind
from helmsight.envs.orbital.krpc.registry import Service, in_version
from helmsight.envs.orbital.krpc.types import Dialect, resolve_fields

VERSIONS = ("0.5.4", "0.7.0")
SPOKEN = {
    Dialect.LEGACY: names.version(VERSIONS[0]),
    Dialect.MODERN: names.version(VERSIONS[-1]),
}
"""The version that clients of a dialect are taken to be of."""
Procedures = dict[tuple[str, str], Procedure]


def bound(services: Sequence[Service], game: Any, number: tuple[int, ...]) -> Procedures:
    """Return the procedures of a version by service and name.

    Raises:
        TypeError: one says what the protocol cannot.
    """
    return {
        (service.name, declared.name): bind(service.name, declared, game, known)
        for service, known in _known(services, number)
        for declared in service.declared.values()
        if declared.in_version(number)
    }


def types_told(service: Service, number: tuple[int, ...], dialect: Dialect) -> dict[str, type[Any]]:
    """Return the types of a service, by name, that a version declares to clients of a dialect."""
    return types_of(service, number) | types_of(service, SPOKEN[dialect])


def types_of(service: Service, number: tuple[int, ...]) -> dict[str, type[Any]]:
    """Return the types of a service that exist in a version, by name."""
    return {cls.__name__: cls for cls in service.types.values() if in_version(cls, number)}


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
