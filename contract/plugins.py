"""Plug-ins of other distributions: one loader and one policy for every kind.

Each kind is a group of entry points. What is ours comes first and is never replaced. A plug-in that
does not load when all are listed is left out with a `PluginWarning`; one that was asked for by its
name raises `PluginBroken`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from helmsight.contract.errors import PluginBroken, PluginWarning

GROUPS = {
    "helmsight.environments": "a function that registers environments with gymnasium",
    "helmsight.pilots": "a class or function without arguments that makes a pilot",
    "helmsight.robots": "a driver, a subclass of helmsight.hardware.robot.Robot",
    "helmsight.descriptions": "a package that holds descriptions of robots, .toml",
    "helmsight.emulators": "a class of an emulated device, made with a description",
    "helmsight.prompts": "a package that holds templates, .j2",
    "helmsight.suites": "a function without arguments that returns suites of an evaluation",
}
"""Every group of entry points, and what its entries have to be."""


def declared(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of `group` by name, without importing any.

    Of two with one name the first is kept and the other warned of.

    Raises:
        KeyError: a group that is not in `GROUPS`.
    """
    assert GROUPS[group]
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        first = points.setdefault(point.name, point)
        if first.value != point.value:
            _warn(f"{group}: {point.name!r} is declared twice; {point.value} is left out")
    return points


def load(point: EntryPoint, fits: Callable[[Any], bool] | None = None) -> Any:
    """Return what an entry point names.

    Raises:
        PluginBroken: it does not import, or `fits` says that it is not what its group holds.
    """
    try:
        plugin = point.load()
    except Exception as error:  # whatever somebody else's module raises while it is imported
        raise PluginBroken(
            f"the plug-in {point.name!r} ({point.value}) does not load: "
            f"{type(error).__name__}: {error}"
        ) from error
    if fits is not None and not fits(plugin):
        raise PluginBroken(
            f"the plug-in {point.name!r} ({point.value}) is not {GROUPS[point.group]}"
        )
    return plugin


def each(group: str, use: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    """Yield (name, use(plug-in)) for every entry of `group`; a broken one is warned of."""
    for name, point in declared(group).items():
        try:
            yield name, use(load(point))
        except Exception as error:
            reason = str(error) if isinstance(error, PluginBroken) else _broken(point, error)
            _warn(f"{reason}; it is left out")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not known: the nearest one, or all that there are."""
    known = list(known)
    near = get_close_matches(name, known, n=1)
    return f'did you mean "{near[0]}"?' if near else f"there are {', '.join(known)}"


def _broken(point: EntryPoint, error: Exception) -> str:
    return f"the plug-in {point.name!r} ({point.value}) fails: {type(error).__name__}: {error}"


def _warn(text: str) -> None:
    warnings.warn(text, PluginWarning, stacklevel=3)
