"""Where the episodes of a suite take place: its worlds found, with what they take and allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from helmsight.contract.clock import TimeRule
from helmsight.contract.errors import Error, InvalidOption
from helmsight.contract.plugins import nearest
from helmsight.envs.registry import (
    DESCRIBED,
    check_options,
    find_environment,
    load_environments,
    make_env,
    scenario_name,
    task_of,
)
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.suite import ScenarioEntry, Suite

World = tuple[str, dict[str, Any]]
"""The name of a scenario or environment, and its options."""


def worlds_of(suite: Suite, source: Path) -> list[World]:
    """Return the scenarios of a suite by name, each with its options, none twice.

    Raises:
        InvalidPlan: one that is not known, that moves a machine, or that takes other options.
    """
    found: list[World] = []
    held = {} if suite.hold is None else {"hold": suite.hold}
    for i, entry in enumerate(suite.places):
        with naming(source, f"scenarios.{i}"):
            names = _matching(entry)
        for name in names:
            world = (name, {**suite.options, **entry.options})
            if world in found:
                continue
            with naming(source, f"scenarios.{i}.options" if entry.options else "options"):
                _check_taken(name, world[1])
            with naming(source, "hold"):
                _check_taken(name, held)
            found.append(world)
    return found


def _check_taken(name: str, options: Mapping[str, Any]) -> None:
    """Raise InvalidOption for options that a world does not take, or not with these values."""
    if not options:
        return
    check_options(name, options)
    try:
        make_env(name, time=task_of(name).clock.default, **options).close()
    except Error:
        raise
    except Exception as error:  # whatever a world of others raises
        raise InvalidOption(f"{name}: {type(error).__name__}: {error}") from error


def _matching(entry: ScenarioEntry) -> list[str]:
    """Return the scenarios of an entry; a pattern finds those that are built from a seed alone.

    Raises:
        UnknownScenario, InvalidOption: there is none, it is one of a person's own, or it moves a
            machine.
    """
    pattern = entry.scenario
    if not set(pattern) & set("*?["):
        name = scenario_name(pattern)
        if find_environment(name) == DESCRIBED:
            raise InvalidOption(
                "a scenario of one's own is in no evaluation, whose rows name worlds that others "
                "have, too; helmsight fly --scenario FILE.yaml flies it"
            )
        if task_of(name).consent:
            raise InvalidOption(
                f"{name}: {task_of(name).consent}; a person has to be there: helmsight operate"
            )
        return [name]
    known = [scenario_name(identity) for identity in load_environments()]
    found = [name for name in known if fnmatchcase(name.lower(), pattern.lower())]
    found = [name for name in found if _from_a_seed_alone(name)]
    if not found:
        raise InvalidOption(f"{pattern!r} matches no world: {nearest(pattern, known)}")
    return found


def _from_a_seed_alone(name: str) -> bool:
    """Whether a world needs neither options nor a machine, and is the same for the same seed."""
    try:
        task = task_of(name)
    except Error:
        return False
    return task.clock.rebuilt and not task.consent


def times_of(suite: Suite, source: Path, worlds: Sequence[World]) -> list[str]:
    """Return the time rules of a suite as records have them, none twice.

    Raises:
        InvalidPlan: one that is none, or that one of its worlds cannot be under.
    """
    found: dict[str, None] = {}
    for i, text in enumerate(suite.times):
        with naming(source, f"times.{i}"):
            rule = TimeRule.parse(text)
            for name, _ in worlds:
                task_of(name).clock.check(rule, name)
        found[str(rule)] = None
    return list(found)


@contextmanager
def naming(source: Path, key: str) -> Iterator[None]:
    """Have an error of ours name the file and the key that it comes from."""
    try:
        yield
    except Error as error:
        raise InvalidPlan(f"{source}: {key}: {error}") from error
