"""Grounding: what is where in the frame, in verified words, before anything is decided."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Protocol

from agents.errors import UnknownStrategy
from agents.pilot import Pilot, Sighting
from envs.contract import Task


class Grounder(Protocol):
    """A grounding strategy: returns the verified relations between the task's objects."""

    def ground(self, pilot: Pilot, task: Task, sighting: Sighting) -> tuple[str, ...]:
        """Return relations in words; asks `pilot` for them where the strategy needs answers."""
        ...


class Direct:
    """Asks nothing: the pilot decides on the picture alone."""

    def ground(self, pilot: Pilot, task: Task, sighting: Sighting) -> tuple[str, ...]:
        """Return no relations."""
        return ()


STRATEGIES: dict[str, Callable[[], Grounder]] = {"direct": Direct}


def grounder(name: str) -> Grounder:
    """Return the strategy called `name`.

    Raises:
        UnknownStrategy: for a name that is not registered; suggests the nearest one.
    """
    try:
        return STRATEGIES[name]()
    except KeyError:
        near = get_close_matches(name, STRATEGIES, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise UnknownStrategy(
            f'no grounding strategy is called "{name}".{hint} '
            f"Known strategies: {', '.join(sorted(STRATEGIES))}"
        ) from None
