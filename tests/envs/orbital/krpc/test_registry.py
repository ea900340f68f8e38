"""What Python annotations say is what clients see; what the protocol cannot say is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import garden
import pytest
from garden import Plot

from helmsight.envs.orbital.krpc import core, names
from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.types import Dialect, Float


def host(version: str = "0.7.0", *services: Service) -> Host:
    return Host(Plot(), services or [core.service, garden.service], version)


def signature(name: str, version: str = "0.7.0") -> str:
    procedure = host(version).find("Garden", name)
    parameters = ", ".join(
        f"{parameter.name}: {parameter.kind}" for parameter in procedure.parameters
    )
    return f"({parameters}) -> {procedure.result}"


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("get_UT", "() -> double"),
        ("get_Mood", "() -> string"),
        ("set_Mood", "(value: string) -> none"),
        ("Tree_get_Height", "(this: Tree) -> double"),
        ("Tree_get_MET", "(this: Tree) -> double"),
        ("Tree_get_SASMode", "(this: Tree) -> Season"),
        ("Tree_set_SASMode", "(this: Tree, value: Season) -> none"),
        ("Tree_set_Neighbour", "(this: Tree, value: Tree or null) -> none"),
        ("Tree_Prune", "(this: Tree, amount: float, gently: bool) -> string"),
        ("Tree_GForce", "(this: Tree) -> float"),
        ("Tree_static_Plant", "(number: sint32) -> Tree"),
        ("Tree_static_Sum", "(a: sint32, b: sint32) -> sint32"),
        ("Who", "() -> string"),
        ("Wait", "(ticks: sint32) -> sint32"),
        ("Spot", "() -> Spot(sint32, string)"),
    ],
)
def test_annotations_are_signatures(procedure: str, expected: str) -> None:
    assert signature(procedure) == expected


def test_hidden_and_private_functions_stay_here() -> None:
    declared = host().procedures
    assert not [name for _, name in declared if "Helper" in name or "Init" in name]


@pytest.mark.parametrize(
    ("version", "graft", "engage"), [("0.5.4", False, True), ("0.7.0", True, False)]
)
def test_procedures_belong_to_versions(version: str, graft: bool, engage: bool) -> None:
    declared = host(version).procedures
    assert (("Garden", "Tree_Graft") in declared) is graft
    assert (("Garden", "Tree_Engage") in declared) is engage


@pytest.mark.parametrize(
    ("python", "wire"),
    [
        ("met", "MET"),
        ("sas_mode", "SASMode"),
        ("ut", "UT"),
        ("time_to_soi_change", "TimeToSOIChange"),
        ("get_client_id", "GetClientID"),
        ("true_anomaly_at_an", "TrueAnomalyAtAN"),
        ("non_rotating_reference_frame", "NonRotatingReferenceFrame"),
        ("and_", "And"),
    ],
)
def test_names_are_those_of_krpc(python: str, wire: str) -> None:
    assert names.camel(python) == wire


def test_names_of_members_and_parameters() -> None:
    assert names.member("STABILITY_ASSIST") == "StabilityAssist"
    assert [names.parameter(name) for name in ("reference_frame", "from_")] == [
        "referenceFrame",
        "from",
    ]


def wrong_union(game: Plot, a: int | str) -> None: ...


def wrong_null(game: Plot) -> float | None: ...


def wrong_type(game: Plot, a: complex) -> None: ...


def wrong_name(game: Plot, a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def no_annotation(game: Plot, a) -> None: ...


def no_result(game: Plot): ...


def many(game: Plot, *a: int) -> None: ...


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (wrong_union, "union"),
        (wrong_null, "null before 0.7"),
        (wrong_type, "complex is in no service"),
        (wrong_name, "Nowhere"),
        (no_annotation, "'a'"),
        (no_result, "return"),
        (many, "no signature"),
    ],
)
def test_what_the_protocol_cannot_say_is_refused_with_its_place(
    function: Callable[..., Any], why: str
) -> None:
    service = Service("Shed")
    service.procedure(function)
    with pytest.raises(TypeError, match=rf"Shed\.{names.camel(function.__name__)}.*{why}"):
        host("0.7.0", service)


def test_a_procedure_is_declared_once() -> None:
    service = Service("Shed")
    service.procedure(many)
    with pytest.raises(TypeError, match=r"Shed\.Many is declared twice"):
        service.procedure(many)


def test_remote_classes_inherit_members_but_are_registered_themselves() -> None:
    service = Service("Shed")

    @dataclass(frozen=True)
    class Tool:
        name: str

        @property
        def weight(self) -> Float:
            """Weight, kg."""
            return 1.0

    @service.remote
    @dataclass(frozen=True)
    class Spade(Tool):
        def dig(self) -> None:
            """Dig."""

    assert {"Spade_get_Weight", "Spade_Dig"} == set(service.declared)
    assert [key for key in host("0.7.0", service).procedures] == [
        ("Shed", "Spade_get_Weight"),
        ("Shed", "Spade_Dig"),
    ]


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(Exception, match=r"--version 0\.6\.0: expected one of 0\.5\.4, 0\.7\.0"):
        host("0.6.0")


def test_what_a_client_held_is_let_go_even_if_one_callback_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone: list[str] = []
    caller = Caller(b"", "me", "", Dialect.MODERN)
    caller.on_disconnect(lambda: gone.append("first"))
    caller.on_disconnect(lambda: 1 // 0)
    caller.leave()
    caller.leave()
    assert gone == ["first"]
    assert "the client 'me' that left failed" in caplog.text
