"""GetServices holds full signatures, each dialect in its own words."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import garden
import krpc.schema.KRPC_pb2 as KRPC
import pytest
from garden import Plot

from helmsight.envs.orbital.krpc import core
from helmsight.envs.orbital.krpc.describe import services
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.types import Dialect


def garden_service(dialect: Dialect, version: str = "0.7.0") -> KRPC.Service:
    host = Host(Plot(), [core.service, garden.service], version)
    by_name = {service.name: service for service in services(host, dialect).services}
    assert list(by_name) == ["KRPC", "Garden"]
    return by_name["Garden"]


def procedure(service: KRPC.Service, name: str) -> KRPC.Procedure:
    return next(declared for declared in service.procedures if declared.name == name)


@pytest.mark.parametrize("dialect", Dialect)
def test_a_service_lists_its_classes_enumerations_and_exceptions(dialect: Dialect) -> None:
    service = garden_service(dialect)
    assert [entry.name for entry in service.classes] == ["Tree"]
    assert [entry.name for entry in service.exceptions] == ["FrostException"]
    (season,) = service.enumerations
    assert [(entry.name, entry.value) for entry in season.values] == [
        ("EarlySpring", 0),
        ("Summer", 1),
        ("Winter", -3),
    ]


def test_new_clients_are_told_of_null_structures_and_defaults() -> None:
    service = garden_service(Dialect.MODERN)
    assert [entry.name for entry in service.structs] == ["Spot"]
    assert [entry.name for entry in service.structs[0].fields] == ["Row", "Label"]
    assert procedure(service, "Spot").return_type.code == KRPC.Type.STRUCT
    neighbour = procedure(service, "Tree_get_Neighbour")
    assert neighbour.return_type.nullable
    this, other = procedure(service, "Tree_Graft").parameters
    assert not this.type.nullable
    assert not this.has_default_value
    assert other.type.nullable
    assert other.has_default_value
    assert other.default_value_is_null
    trees = procedure(service, "Bundle").parameters[0]
    assert not trees.type.nullable
    assert trees.type.types[0].nullable


def test_old_clients_are_told_of_null_beside_the_type_and_of_tuples() -> None:
    """A nullable type would split a class in two for them."""
    service = garden_service(Dialect.LEGACY)
    assert not service.structs
    assert procedure(service, "Spot").return_type.code == KRPC.Type.TUPLE
    neighbour = procedure(service, "Tree_get_Neighbour")
    assert not neighbour.return_type.nullable
    assert b"\x20\x01" in neighbour.SerializeToString()
    assert not any(
        parameter.type.nullable or any(inner.nullable for inner in parameter.type.types)
        for parameter in procedure(service, "Bundle").parameters
    )
    trees, _, _, place, season = procedure(service, "Bundle").parameters
    assert not trees.default_value
    assert place.default_value
    assert not place.has_default_value
    assert season.default_value == b"\x02"


def test_docstrings_are_documentation_in_xml() -> None:
    service = garden_service(Dialect.MODERN)
    for text, words in (
        (service.documentation, "What grows <here> & there."),
        (procedure(service, "Tree_Prune").documentation, "Cut <some> of it."),
        (service.classes[0].documentation, "A tree."),
    ):
        root = ElementTree.fromstring(text)
        assert root.tag == "doc"
        assert root.findtext("summary", "").strip() == words


def test_what_a_version_does_not_declare_is_not_told() -> None:
    names = {entry.name for entry in garden_service(Dialect.LEGACY, "0.5.4").procedures}
    assert "Tree_Engage" in names
    assert "Tree_Graft" not in names
