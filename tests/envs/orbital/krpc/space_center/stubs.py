"""What the clients' own stubs say about SpaceCenter, read from their source without running it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.types import Code, WireType


@dataclass(frozen=True)
class Signature:
    """A procedure: (name on the wire, type, has a default) of each parameter, and the result."""

    parameters: tuple[tuple[str, str, bool], ...]
    result: str


@cache
def _source(path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the generated docstrings hold odd escapes
        return ast.parse(path.read_text("utf-8"))


@cache
def read(path: Path) -> dict[str, Signature]:
    """Return every procedure that the stubs in a file call."""
    signatures = {}
    for cls in _source(path).body:
        for function in getattr(cls, "body", []):
            if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
                call = getattr(function.body[-1], "value", None)
                if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "_invoke":
                    signatures[ast.literal_eval(call.args[1])] = _signature(function, call)
    return signatures


@dataclass(frozen=True)
class Call:
    """A procedure on the wire, the class of the client that calls it ("" for the service itself),
    and by which name: `x` reads, `x=` sets, `x()` is a method."""

    service: str
    procedure: str
    cls: str
    name: str


def calls(path: Path) -> Iterator[Call]:
    """Yield every procedure that the stubs in a file call, by the names of Python."""
    for cls in _source(path).body:
        for function in getattr(cls, "body", []):
            if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
                continue
            call = getattr(function.body[-1], "value", None)
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "_invoke":
                service, procedure = map(ast.literal_eval, call.args[:2])
                head, _, rest = procedure.partition("_")
                own = not rest or head in ("get", "set")
                leaf = rest if not own else procedure
                form = {"get": "", "set": "="}.get(leaf.partition("_")[0], "()")
                yield Call(service, procedure, "" if own else head, function.name + form)


def enumerations(path: Path) -> dict[str, set[int]]:
    """Return the values of every enumeration."""
    return {
        cls.name: {
            ast.literal_eval(member.value.elts[0])  # type: ignore[attr-defined]
            for member in cls.body
            if isinstance(member, ast.Assign)
        }
        for cls in _source(path).body
        if isinstance(cls, ast.ClassDef)
        and any(getattr(base, "id", "") == "DocEnum" for base in cls.bases)
    }


def _signature(function: ast.FunctionDef, call: ast.Call) -> Signature:
    lists = [node for node in call.args[3:] if isinstance(node, ast.List)]
    typed = [node for node in lists if not any(isinstance(e, ast.Constant) for e in node.elts)]
    kinds = [_type(node) for node in typed[0].elts] if typed else []
    arguments = function.args.args[len(function.args.args) - len(kinds) :]
    required = len(arguments) - len(function.args.defaults)
    return Signature(
        tuple(
            ("this" if node.arg == "self" else names.parameter(node.arg), kind, n >= required)
            for n, (node, kind) in enumerate(zip(arguments, kinds, strict=True))
        ),
        _type(call.args[-1]),
    )


def _type(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and node.value is None:
        return "none"
    if isinstance(node, ast.Attribute):
        return node.attr.removesuffix("_type")
    assert isinstance(node, ast.Call)
    name = node.func.attr.removesuffix("_type")  # type: ignore[attr-defined]
    if name in ("class", "enumeration", "struct"):
        return str(ast.literal_eval(node.args[1]))
    if name == "nullable":
        return _type(node.args[0])
    return f"{name}({', '.join(map(_type, node.args))})"


def told(kind: WireType, *, structures: bool) -> str:
    """Return a type of ours in the same words; before 0.7 structures are tuples."""
    if kind.code is Code.STRUCT and not structures:
        return f"tuple({', '.join(told(item, structures=False) for item in kind.legacy_items)})"
    if kind.python is not None:
        return kind.python.__name__
    name = {Code.DICTIONARY: "dictionary"}.get(kind.code, kind.code.name.lower())
    inside = ", ".join(told(item, structures=structures) for item in kind.items)
    return f"{name}({inside})" if inside else name
