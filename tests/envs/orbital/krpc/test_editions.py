"""What changed its types with a version is answered to each client as its own version has it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import krpc.schema.KRPC_pb2 as KRPC
import pytest

from helmsight.envs.orbital.krpc import core
from helmsight.envs.orbital.krpc.describe import services
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.registry import Service, named, since, until
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.types import Dialect

service = Service("Paint")


class Colour(NamedTuple):
    """A colour that an enumeration was before."""

    shade: Named | None
    strength: float


class Named(IntEnum):
    """A colour by name."""

    RED = 0


class Shade:
    """A colour as an object."""


service.remote(Shade)
since("0.7.0")(Colour)
Colour.__annotations__ = {"shade": "Shade | None", "strength": "float"}
service.struct(Colour)
until("0.7.0")(Named)
Named.__name__ = "Colour"
service.enum(Named)


@service.procedure
@named("Colour")
@until("0.7.0")
def colour_before(game: Simulation) -> Named:
    """A colour by name."""
    return Named.RED


@service.procedure
@since("0.7.0")
def colour(game: Simulation) -> Colour:
    """A colour."""
    return Colour(None, 0.5)


@service.procedure
@since("0.7.0")
def varnish(game: Simulation) -> float:
    """Only there from 0.7 on."""
    return 1.0


def host(version: str) -> Host:
    return Host(Simulation(), [core.service, service], version)


def paint(version: str, dialect: Dialect) -> KRPC.Service:
    return next(
        entry for entry in services(host(version), dialect).services if entry.name == "Paint"
    )


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.5.4", "0.7.0"])
def test_a_client_is_told_the_types_of_its_own_version(version: str) -> None:
    old, new = paint(version, Dialect.LEGACY), paint(version, Dialect.MODERN)
    assert [enumeration.name for enumeration in old.enumerations] == ["Colour"]
    assert [struct.name for struct in new.structs] == ["Colour"]
    assert not new.enumerations
    assert new.structs[0].fields[0].type.nullable
    results = {
        dialect: host(version).find("Paint", "Colour", dialect).result.python for dialect in Dialect
    }
    assert results == {Dialect.LEGACY: Named, Dialect.MODERN: Colour}


@pytest.mark.slow
def test_a_client_is_told_what_its_own_version_has_beside_what_the_server_declares() -> None:
    def names(version: str, dialect: Dialect) -> set[str]:
        return {procedure.name for procedure in paint(version, dialect).procedures}

    assert names("0.5.4", Dialect.LEGACY) == {"Colour"}
    assert names("0.5.4", Dialect.MODERN) == names("0.7.0", Dialect.LEGACY) == {
        "Colour", "Varnish",
    }  # fmt: skip


def test_what_two_versions_share_is_declared_once() -> None:
    def beside(*marks: Any) -> None:
        service = Service("Twice")
        for mark in marks:

            def what(game: Simulation) -> float:
                return 0.0

            service.procedure(mark(what))

    beside(until("0.7.0"), since("0.7.0"))
    for first, second in ((until("0.7.0"), since("0.5.0")), (since("0.5.0"), since("0.7.0"))):
        with pytest.raises(TypeError, match="declared twice"):
            beside(first, second)


def test_a_service_without_anything_for_a_client_is_not_told_of() -> None:
    from helmsight.envs.orbital.krpc.stdlib import service as stdlib

    both = Host(Simulation(), [core.service, stdlib], "0.5.4")
    described = {
        dialect: [entry.name for entry in services(both, dialect).services] for dialect in Dialect
    }
    assert described == {Dialect.LEGACY: ["KRPC"], Dialect.MODERN: ["KRPC", "StdLib"]}
