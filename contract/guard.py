"""The guard of a world: limits that are on by default, and what is said to who exceeds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from helmsight.contract.command import Command
from helmsight.contract.errors import GuardFailed, InvalidOption
from helmsight.contract.validation import wrong


class Limits(BaseModel):
    """The limits of an episode. A world adds its own as fields, with defaults that are safe.

    A field says its unit with `json_schema_extra={"unit": "m/s"}`: it is shown with every run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    enabled: bool = True

    @classmethod
    def units(cls) -> dict[str, str]:
        """Return the units of these limits by name; those that say none have none."""
        said = {name: field.json_schema_extra for name, field in cls.model_fields.items()}
        return {
            name: str(extra["unit"])
            for name, extra in said.items()
            if isinstance(extra, dict) and "unit" in extra
        }


@dataclass(frozen=True)
class Ruling:
    """What a guard allows: the command to apply and, in words, what was cut and why."""

    command: Command
    clamped: tuple[str, ...] = ()


class Guard:
    """Holds commands to limits. This one has none; a world's own has `check` and maybe `notes`.

    A guard supervises, it does not pilot: it reads the world's own measures. What it tells a
    model is in words without numbers, so that a pilot that works from pictures learns none.
    """

    limits_model: ClassVar[type[Limits]] = Limits

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or self.limits_model()

    def check(self, command: Command, info: Mapping[str, Any]) -> Ruling:
        """Return the command as it may be applied; `info` are the world's own values."""
        return Ruling(command)

    def notes(self, info: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what is left of the world's budgets, in words only."""
        return ()


def make_guard(kind: type[Guard], limits: Limits | Mapping[str, Any]) -> Guard:
    """Return the guard with `limits`: those of its own model, or fields that differ from defaults.

    Raises:
        InvalidOption: a limit that the world does not have, or with a value it cannot have.
    """
    if isinstance(limits, kind.limits_model):
        return kind(limits)
    given = limits.model_dump(exclude_unset=True) if isinstance(limits, Limits) else dict(limits)
    try:
        return kind(kind.limits_model.model_validate(given))
    except ValidationError as error:
        known = ", ".join(kind.limits_model.model_fields)
        raise InvalidOption(
            f"{wrong(error, 'limits.')}; this world's limits are {known}"
        ) from error


def hold(guard: Guard, command: Command, info: Mapping[str, Any], world: str) -> Ruling:
    """Return the ruling of `guard`; a guard that is switched off lets everything pass.

    Raises:
        GuardFailed: the guard raised something, or ruled a command of another kind.
    """
    if not guard.limits.enabled:
        return Ruling(command)
    try:
        ruling = guard.check(command, info)
    except Exception as error:  # somebody else's code; nothing unguarded may be applied
        raise GuardFailed(
            f'the guard of the world "{world}" failed at {command.text()}: '
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(ruling, Ruling) or not isinstance(ruling.command, type(command)):
        raise GuardFailed(
            f'the guard of the world "{world}" ruled {ruling!r}; it has to return a Ruling with a '
            f"{type(command).__name__}"
        )
    return ruling
