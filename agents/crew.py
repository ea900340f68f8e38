"""People at the controls beside a pilot: they wait, decide instead of it, and are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from helmsight.contract.pilot import Sighting


class Crew(Protocol):
    """Who may hold up a run, take it over and is asked about commands. The loop's thread calls.

    `asks`: every command waits for a person's word, whatever the configuration says. `at_helm`: a
    person decides, and the pilot is not asked.
    """

    @property
    def asks(self) -> bool:
        """Whether every command waits for a person."""
        ...

    @property
    def at_helm(self) -> bool:
        """Whether a person decides instead of the pilot."""
        ...

    def begin(self, world: Any) -> None:
        """Take the world that the run is in (`task`, `clock`, and `stop` where it moves things)."""
        ...

    def wait(self, index: int) -> None:
        """Return when the decision number `index` may be taken; raises KeyboardInterrupt to end."""
        ...

    def decide(self, sighting: Sighting) -> dict[str, Any] | None:
        """Return the command of the person at the helm, None where they have handed it back."""
        ...

    def ask(self, request: dict[str, Any]) -> bool | dict[str, Any]:
        """Return whether the command of `request` may be carried out, or another one."""
        ...

    def taken(self) -> Sequence[dict[str, Any]]:
        """Return the deeds of people since this was last called: by whom, and what they did."""
        ...

    def leave(self, reason: str) -> Sequence[dict[str, Any]]:
        """Take no more orders, for the run is over; return the deeds that no step came after."""
        ...


class Nobody:
    """A run without people."""

    asks = at_helm = False

    def begin(self, world: Any) -> None:
        """Nobody looks at it."""

    def wait(self, index: int) -> None:
        """Nobody holds it up."""

    def decide(self, sighting: Sighting) -> dict[str, Any] | None:
        """Nobody decides."""
        return None

    def ask(self, request: dict[str, Any]) -> bool | dict[str, Any]:
        """Nobody agrees."""
        return False

    def taken(self) -> Sequence[dict[str, Any]]:
        """Nobody did anything."""
        return ()

    def leave(self, reason: str) -> Sequence[dict[str, Any]]:
        """Nobody ordered anything."""
        return ()
