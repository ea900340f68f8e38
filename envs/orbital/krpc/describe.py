"""What GetServices tells: every service with its full signatures, in a client's dialect.

Clients without stubs of their own (Lua, C++, Python with `use_pregenerated_stubs=False`) are built
from nothing else.
"""

from __future__ import annotations

import inspect
from enum import IntEnum
from typing import Any, get_type_hints
from xml.sax.saxutils import escape

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.procedure import REQUIRED, Parameter, Procedure
from helmsight.envs.orbital.krpc.registry import Service
from helmsight.envs.orbital.krpc.types import Code, Dialect, describe, mark, wire_type

# Fields that older clients read and the schema of 0.7 no longer names, as protobuf has them.
RETURN_IS_NULLABLE = b"\x20\x01"  # Procedure 4
PARAMETER_NULLABLE = b"\x20\x01"  # Parameter 4


def documented(text: str | None) -> str:
    """Return a docstring as the XML that clients expect."""
    return f"<doc><summary>\n{escape(text)}\n</summary></doc>" if text else ""


def services(host: Host, dialect: Dialect) -> KRPC.Services:
    """Return the services of `host` as `dialect` describes them; put together once."""
    message = host.described.get(dialect)
    if message is None:
        described = (_service(host, service, dialect) for service in host.services)
        message = KRPC.Services(services=[entry for entry in described if _has_members(entry)])
        host.described[dialect] = message
    return message


def _has_members(entry: KRPC.Service) -> bool:
    """Return whether a service declares anything: StdLib has nothing for older clients."""
    return bool(entry.procedures or entry.classes or entry.enumerations or entry.structs)


def _service(host: Host, service: Service, dialect: Dialect) -> KRPC.Service:
    message = KRPC.Service(name=service.name, documentation=documented(service.documentation))
    for (owner, _), procedure in host.offered(dialect).items():
        if owner == service.name:
            message.procedures.append(_procedure(host, procedure, dialect))
    for name, cls in host.types(service, dialect).items():
        code, text = mark(cls)[0], documented(_own_doc(cls))
        if code is Code.CLASS:
            message.classes.add(name=name, documentation=text)
        elif code is Code.ENUMERATION:
            _enumeration(message.enumerations.add(name=name, documentation=text), cls)
        elif dialect is Dialect.MODERN:
            struct = message.structs.add(name=name, documentation=text)
            for field, hint in get_type_hints(cls, include_extras=True).items():
                struct.fields.add(name=names.camel(field), type=describe(wire_type(hint), dialect))
    for name, error in service.exceptions.items():
        message.exceptions.add(name=name, documentation=documented(_own_doc(error)))
    return message


def _enumeration(message: KRPC.Enumeration, cls: type[IntEnum]) -> None:
    for member in cls:
        message.values.add(name=names.member(member.name), value=member.value)


def _procedure(host: Host, procedure: Procedure, dialect: Dialect) -> KRPC.Procedure:
    message = KRPC.Procedure(name=procedure.name, documentation=documented(procedure.documentation))
    if procedure.result.code is not Code.NONE:
        message.return_type.CopyFrom(describe(procedure.result, dialect))
        if procedure.result.nullable and dialect is Dialect.LEGACY:
            message.MergeFromString(RETURN_IS_NULLABLE)
    for parameter in procedure.parameters:
        message.parameters.append(_parameter(host, parameter, dialect))
    return message


def _parameter(host: Host, parameter: Parameter, dialect: Dialect) -> KRPC.Parameter:
    kind, default = parameter.kind, parameter.default
    message = KRPC.Parameter(name=parameter.name, type=describe(kind, dialect))
    encode = host.values[dialect].encoder(kind)
    if dialect is Dialect.LEGACY:
        if kind.nullable:
            message.MergeFromString(PARAMETER_NULLABLE)
        if default is not REQUIRED:
            message.default_value = encode(default)
    elif default is not REQUIRED:
        message.has_default_value = True
        if default is None:
            message.default_value_is_null = True
        else:
            message.default_value = encode(default)
    return message


def _own_doc(cls: type[Any]) -> str:
    """Return the docstring of `cls` itself, without what `dataclass` and `NamedTuple` write."""
    text = inspect.cleandoc(vars(cls).get("__doc__") or "")
    return "" if text.startswith(f"{cls.__name__}(") else text
