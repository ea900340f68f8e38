"""Options of commands that are data elsewhere: those of the worlds, and NAME=VALUE of any world."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from helmsight.contract.jsontext import parse_json
from helmsight.errors import InvalidSetting
from helmsight.places import all_options


def with_world_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command` with an option for each of a world's; it is given them as `place`, a dict.

    The worlds name their options themselves; the command line only has to pass them on.
    """
    declared = all_options()
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.name != "place"
    ]
    added = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[option.kind | None, typer.Option(help=option.help)],
        )
        for option in declared.values()
    ]

    def with_place(**given: Any) -> None:
        options = {name: given.pop(name) for name in declared}
        place = {name: value for name, value in options.items() if value is not None}
        command(**given, place=place)

    signature = inspect.Signature([*own, *added])
    with_place.__doc__, with_place.__name__ = command.__doc__, command.__name__
    with_place.__signature__ = signature  # type: ignore[attr-defined]
    with_place.__annotations__ = {name: p.annotation for name, p in signature.parameters.items()}
    return with_place


def world_settings(place: dict[str, Any], pairs: Sequence[str]) -> dict[str, Any]:
    """Return the options of a world: named ones, and NAME=VALUE pairs with values as JSON or text.

    Raises:
        InvalidSetting: a pair without "=", or a file that cannot be read.
    """
    from helmsight.worlds import read_regions

    settings = {
        name: read_regions(value) if isinstance(value, Path) else value
        for name, value in place.items()
    }
    return {**settings, **named_values("--set", pairs)}


def named_values(option: str, pairs: Sequence[str]) -> dict[str, Any]:
    """Return NAME=VALUE pairs that were given by an option, with values as JSON or text.

    Raises:
        InvalidSetting: a pair without "=".
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise InvalidSetting(f"{option} {pair!r} is not understood; give NAME=VALUE")
        try:
            values[name] = parse_json(text)
        except ValueError:
            values[name] = text
    return values
