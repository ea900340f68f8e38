"""What the KRPC service declares is what the stubs of the real clients expect."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import krpc.schema.KRPC_pb2 as KRPC
import krpc.services
import pytest

from helmsight.envs.orbital.krpc import core
from helmsight.envs.orbital.krpc.describe import services
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.procedure import REQUIRED
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.types import Code, Dialect

STUBS = {
    "0.7.0": Path(krpc.services.__file__).parent,
    "0.5.4": Path(sys.prefix) / "clients" / "krpc-0.5.4" / "krpc" / "services",
}
DIALECTS = {"0.7.0": Dialect.MODERN, "0.5.4": Dialect.LEGACY}
NAMED = {Code.CLASS: "class", Code.ENUMERATION: "enumeration", Code.STRUCT: "struct"}
Signature = tuple[list[str], str]


def expected(folder: Path) -> dict[tuple[str, str], Signature]:
    """Return the signatures in the stubs of a client: what they pass to `_invoke`."""
    signatures: dict[tuple[str, str], Signature] = {}
    for node in ast.walk(ast.parse((folder / "krpc.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("._invoke"):
            service, procedure, *_, kinds, result = node.args
            assert isinstance(service, ast.Constant)
            assert isinstance(procedure, ast.Constant)
            assert isinstance(kinds, ast.List)
            signature = [plain(kind) for kind in kinds.elts], plain(result)
            signatures[str(service.value), str(procedure.value)] = signature
    return signatures


def plain(node: ast.AST) -> str:
    return ast.unparse(node).replace("self._client._types.", "").replace("'", '"')


def words(kind: KRPC.Type, *, inside: bool = False) -> str:
    """Return a type as the stubs have it: null is in them only for what is in a collection."""
    code = Code(kind.code)
    items = ", ".join(words(item, inside=True) for item in kind.types)
    if code is Code.NONE:
        text = "None"
    elif code in NAMED:
        text = f'{NAMED[code]}_type("{kind.service}", "{kind.name}")'
    else:
        text = f"{code.name.lower()}_type" + (f"({items})" if items else "")
    return f"nullable({text})" if inside and kind.nullable else text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # in the stubs' own docstrings
@pytest.mark.parametrize("version", STUBS)
def test_signatures_are_those_of_the_stubs(version: str) -> None:
    """Parameters that the stubs do not have come last, and have defaults."""
    if not STUBS[version].is_dir():
        pytest.skip(f"krpc {version} is not in {STUBS[version]} (make install puts it there)")
    stubs = expected(STUBS[version])
    host = Host(Simulation(), [core.service], version)
    compared = 0
    for service in services(host, DIALECTS[version]).services:
        for procedure in service.procedures:
            if (service.name, procedure.name) not in stubs:
                continue
            kinds, result = stubs[service.name, procedure.name]
            here = [words(parameter.type) for parameter in procedure.parameters]
            more = host.find(service.name, procedure.name).parameters[len(kinds) :]
            assert (here[: len(kinds)], words(procedure.return_type)) == (kinds, result), (
                procedure.name
            )
            assert not [parameter for parameter in more if parameter.default is REQUIRED], (
                procedure.name
            )
            compared += 1
    assert compared > 15
