"""Makes every call that a client's stubs know, and tells which of them the client itself refuses.

python every_call.py RPC_PORT STREAM_PORT

A client stops a call by itself when a type in it is unknown: nothing declared it. What the server
answers, an error too, is fine here. Objects in the calls do not exist on the server.
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import sys
import warnings
from pathlib import Path
from typing import Any

import krpc
import krpc.schema.KRPC_pb2 as KRPC
import krpc.services
from krpc.utils import snake_case

NOWHERE = 999_999_999  # no object has this id
PLAIN = {
    # False, so that none of the calls pauses the world that others wait for.
    "bool": False, "double": 1.0, "float": 1.0, "sint32": 1, "sint64": 1, "uint32": 1, "uint64": 1,
    "string": "", "bytes": b"", "procedure_call": KRPC.ProcedureCall(),
}  # fmt: skip
SERVICES = {"LiDAR": "lidar"}  # whose attribute has another name
LEFT_OUT = {"testservice"}
OWN_ERRORS = (TypeError, AttributeError, KeyError, AssertionError, NameError)


def value(conn: Any, kind: ast.expr) -> Any:
    """Return a value of a type as the stubs write it."""
    if isinstance(kind, ast.Attribute):
        return PLAIN[kind.attr.removesuffix("_type")]
    assert isinstance(kind, ast.Call)
    name = kind.func.attr.removesuffix("_type")  # type: ignore[attr-defined]
    if name in ("class", "enumeration", "struct"):
        service, own = (ast.literal_eval(argument) for argument in kind.args)
        if name == "class":  # as the server's answers make it
            return conn._types.class_type(service, own).python_type(conn, NOWHERE)
        cls: Any = getattr(importlib.import_module(f"krpc.services.{service.lower()}"), own)
        if name == "enumeration":
            return next(iter(cls))
        return cls(*[0.5 if hint in ("float",) else FIELDS[hint] for hint in hints(cls)])
    if name == "nullable":
        return None
    items = [value(conn, item) for item in kind.args]
    if name == "dictionary":
        return {items[0]: items[1]}
    return {"tuple": tuple, "list": list, "set": set}[name](items)


FIELDS: dict[str, Any] = {
    "float": 0.5, "int": 1, "str": "", "bool": True, "bytes": b"",
    "Tuple[float,float,float]": (0.0, 1.0, 0.0),
}  # fmt: skip


def hints(cls: Any) -> list[str]:
    """Return the types of a structure's fields as they are written."""
    return [getattr(hint, "__forward_arg__", hint) for hint in cls.__annotations__.values()]


def calls(folder: Path) -> Any:
    """Yield (service, class or "", function, types of its parameters) of every stub."""
    for module in pkgutil.iter_modules([str(folder)]):
        if module.name in LEFT_OUT:
            continue
        tree = ast.parse((folder / f"{module.name}.py").read_text("utf-8"))
        for cls in tree.body:
            for function in getattr(cls, "body", []):
                if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
                    continue
                call = getattr(function.body[-1], "value", None)
                if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "_invoke":
                    yield cls.name, function, call  # type: ignore[attr-defined]


def make(conn: Any, cls: str, function: ast.FunctionDef, call: ast.Call, *, full: bool) -> None:
    """Make one call, with all of its arguments or only with those that it needs."""
    service, procedure = (ast.literal_eval(argument) for argument in call.args[:2])
    owner: Any = getattr(conn, SERVICES.get(service) or snake_case(service))
    arguments = [value(conn, kind) for kind in call.args[-2].elts]  # type: ignore[attr-defined]
    if not full and function.args.defaults:
        arguments = arguments[: -len(function.args.defaults)]
    if procedure.startswith((f"{cls}_", f"{cls}_static_")) and cls != service:
        owner = getattr(owner, cls) if "_static_" in procedure else arguments.pop(0)
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    if "property" in decorators:
        getattr(owner, function.name)
    elif f"{function.name}.setter" in decorators:
        setattr(owner, function.name, *arguments)
    else:
        getattr(owner, function.name)(*arguments)


def refused(conn: Any) -> tuple[int, list[str]]:
    """Return how many calls were made, and those that the client itself refused."""
    made, wrong = 0, []
    folder = Path(krpc.services.__file__).parent
    for cls, function, call in calls(folder):
        for full in (False, True):
            made += 1
            try:
                make(conn, cls, function, call, full=full)
            except OWN_ERRORS as error:
                wrong.append(f"{cls}.{function.name}: {type(error).__name__}: {error}")
            except Exception:  # what the server answers
                continue
    return made, wrong


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    client = krpc.connect(rpc_port=int(sys.argv[1]), stream_port=int(sys.argv[2]))
    print(json.dumps(refused(client)))
    client.close()
