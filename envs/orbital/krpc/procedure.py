"""Procedures: functions of a service bound to a game, under their names and types on the wire."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from helmsight.envs.orbital.krpc import names
from helmsight.envs.orbital.krpc.caller import Caller
from helmsight.envs.orbital.krpc.registry import Declared
from helmsight.envs.orbital.krpc.types import WireType, wire_type

REQUIRED: Any = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """A parameter of a procedure under its name on the wire."""

    name: str
    kind: WireType
    default: Any = REQUIRED


@dataclass(frozen=True, eq=False)
class Procedure:
    """A procedure under its name on the wire.

    call: takes the arguments in order, with the Caller at `caller_at` among them unless it is None;
    before all of them the game, where `takes_game`, until it is bound to one.
    waits: it is a generator function, resumed after each tick.
    """

    service: str
    name: str
    parameters: tuple[Parameter, ...]
    result: WireType
    call: Callable[..., Any]
    documentation: str
    caller_at: int | None
    waits: bool
    takes_game: bool

    def of(self, game: Any) -> Procedure:
        """Return this procedure bound to a game."""
        if not self.takes_game:
            return self
        return replace(self, call=partial(self.call, game), takes_game=False)


@dataclass(frozen=True)
class PreparedCall:
    """A call with its arguments read. `run` makes it, `pack` writes its ProcedureResult."""

    name: str
    run: Callable[[], Any]
    pack: Callable[[Any], bytes]
    waits: bool
    repeatable: bool  # the same bytes mean the same call, whoever sends them


def described(service: str, declared: Declared, known: dict[str, type[Any]]) -> Procedure:
    """Return the procedure of a declared function; `known` are the types that it may name.

    Modules of a service name each other's classes in annotations without importing them, as those
    classes refer to one another; so annotations are resolved here, when all of them are declared.

    Raises:
        TypeError: the function says what the protocol cannot.
    """
    function = declared.function
    try:
        known = {**known, "Caller": Caller, "Simulation": object}  # the game is on no wire
        hints = typing.get_type_hints(function, localns=known, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())
        call = _by_position(function, parameters)
        takes_game = declared.takes_game
        if takes_game:
            del parameters[0]
        callers = [
            position
            for position, parameter in enumerate(parameters)
            if _is_caller(hints.get(parameter.name))
        ]
        result = hints.pop("return")
        waits = typing.get_origin(result) is Generator
        return Procedure(
            service,
            declared.name,
            tuple(_parameters(parameters, hints, declared)),
            wire_type(typing.get_args(result)[2] if waits else result),
            call,
            inspect.getdoc(function) or "",
            callers[0] if callers else None,
            waits,
            takes_game,
        )
    except (TypeError, KeyError, NameError) as error:
        raise TypeError(f"{service}.{declared.name}: {error!r}") from error


def _is_caller(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Caller)


def _by_position(
    function: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[..., Any]:
    """Return `function` with all of its parameters by position, as they are on the wire."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(parameter.kind in variable for parameter in parameters):
        raise TypeError("*args and **kwargs have no signature on the wire")
    keywords = [
        parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY
    ]
    if not keywords:
        return function
    first = len(parameters) - len(keywords)

    def call(*arguments: Any) -> Any:
        return function(*arguments[:first], **dict(zip(keywords, arguments[first:], strict=True)))

    return call


def _parameters(
    parameters: list[inspect.Parameter], hints: dict[str, Any], declared: Declared
) -> Iterator[Parameter]:
    for position, parameter in enumerate(parameters):
        if _is_caller(hints.get(parameter.name)):
            continue
        if declared.this and position == 0:
            yield Parameter("this", wire_type(declared.cls))
        else:
            kind = wire_type(hints[parameter.name])
            yield Parameter(names.parameter(parameter.name), kind, parameter.default)
