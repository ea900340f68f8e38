"""Module: what a part can do, by the names that KSP gives to its code.

The twin knows which modules a part has and nothing of their windows: they show no fields, events or
actions, and a script that asks for one hears that it is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from helmsight.envs.orbital.krpc.errors import ArgumentException
from helmsight.envs.orbital.krpc.registry import absent, named, until
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.part import Part

GONE = "0.7.0"
"""The version of kRPC from which on nothing of a module is called by its name any more."""


@service.remote
@dataclass(frozen=True)
class Module:
    """A module of a part."""

    of: Part
    called: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.called

    @property
    def part(self) -> Part:
        """The part that it belongs to."""
        return self.of

    @property
    @until(GONE)
    @absent
    def fields(self) -> dict[str, str]:
        """Its fields by what the game calls them: it shows none."""
        self.of.check()
        return {}

    @property
    @until(GONE)
    @absent
    @named("FieldsById")
    def fields_by_id(self) -> dict[str, str]:
        """Its fields by their ids: it shows none."""
        self.of.check()
        return {}

    @property
    @until(GONE)
    @absent
    def events(self) -> list[str]:
        """What the game calls its events: it shows none."""
        self.of.check()
        return []

    @property
    @until(GONE)
    @absent
    @named("EventsById")
    def events_by_id(self) -> list[str]:
        """The ids of its events: it shows none."""
        self.of.check()
        return []

    @property
    @until(GONE)
    @absent
    def actions(self) -> list[str]:
        """What the game calls its actions: it shows none."""
        self.of.check()
        return []

    @property
    @until(GONE)
    @absent
    @named("ActionsById")
    def actions_by_id(self) -> list[str]:
        """The ids of its actions: it shows none."""
        self.of.check()
        return []

    @until(GONE)
    @absent
    def has_field(self, name: str) -> bool:
        """Whether it has a field of this name: it shows none."""
        self.of.check()
        return False

    @until(GONE)
    @absent
    @named("HasFieldWithId")
    def has_field_with_id(self, id: str) -> bool:
        """Whether it has a field of this id: it shows none."""
        self.of.check()
        return False

    @until(GONE)
    @absent
    def has_event(self, name: str) -> bool:
        """Whether it has an event of this name: it shows none."""
        self.of.check()
        return False

    @until(GONE)
    @absent
    @named("HasEventWithId")
    def has_event_with_id(self, id: str) -> bool:
        """Whether it has an event of this id: it shows none."""
        self.of.check()
        return False

    @until(GONE)
    @absent
    def has_action(self, name: str) -> bool:
        """Whether it has an action of this name: it shows none."""
        self.of.check()
        return False

    @until(GONE)
    @absent
    @named("HasActionWithId")
    def has_action_with_id(self, id: str) -> bool:
        """Whether it has an action of this id: it shows none."""
        self.of.check()
        return False

    @until(GONE)
    @absent
    def get_field(self, name: str) -> str:
        """What a field says by its name: there is none."""
        self._without("field", name)

    @until(GONE)
    @absent
    @named("GetFieldById")
    def get_field_by_id(self, id: str) -> str:
        """What a field says by its id: there is none."""
        self._without("field", id)

    @until(GONE)
    @absent
    def reset_field(self, name: str) -> None:
        """Set a field back by its name: there is none."""
        self._without("field", name)

    @until(GONE)
    @absent
    @named("ResetFieldById")
    def reset_field_by_id(self, id: str) -> None:
        """Set a field back by its id: there is none."""
        self._without("field", id)

    @until(GONE)
    @absent
    def set_field_int(self, name: str, value: int) -> None:
        """Set a field by its name: there is none."""
        self._without("field", name)

    @until(GONE)
    @absent
    @named("SetFieldIntById")
    def set_field_int_by_id(self, id: str, value: int) -> None:
        """Set a field by its id: there is none."""
        self._without("field", id)

    @until(GONE)
    @absent
    def set_field_float(self, name: str, value: Float) -> None:
        """Set a field by its name: there is none."""
        self._without("field", name)

    @until(GONE)
    @absent
    @named("SetFieldFloatById")
    def set_field_float_by_id(self, id: str, value: Float) -> None:
        """Set a field by its id: there is none."""
        self._without("field", id)

    @until(GONE)
    @absent
    def set_field_string(self, name: str, value: str) -> None:
        """Set a field by its name: there is none."""
        self._without("field", name)

    @until(GONE)
    @absent
    @named("SetFieldStringById")
    def set_field_string_by_id(self, id: str, value: str) -> None:
        """Set a field by its id: there is none."""
        self._without("field", id)

    @until(GONE)
    @absent
    def set_field_bool(self, name: str, value: bool) -> None:
        """Set a field by its name: there is none."""
        self._without("field", name)

    @until(GONE)
    @absent
    @named("SetFieldBoolById")
    def set_field_bool_by_id(self, id: str, value: bool) -> None:
        """Set a field by its id: there is none."""
        self._without("field", id)

    @until(GONE)
    @absent
    def trigger_event(self, name: str) -> None:
        """Trigger an event by its name: there is none."""
        self._without("event", name)

    @until(GONE)
    @absent
    @named("TriggerEventById")
    def trigger_event_by_id(self, id: str) -> None:
        """Trigger an event by its id: there is none."""
        self._without("event", id)

    @until(GONE)
    @absent
    def set_action(self, name: str, value: bool = True) -> None:
        """Switch an action by its name: there is none."""
        self._without("action", name)

    @until(GONE)
    @absent
    @named("SetActionById")
    def set_action_by_id(self, id: str, value: bool = True) -> None:
        """Switch an action by its id: there is none."""
        self._without("action", id)

    def _without(self, what: str, name: str) -> NoReturn:
        raise ArgumentException(
            f"the module {self.called} of {self.of.title} has no {what} {name[:80]!r} in the twin"
        )
