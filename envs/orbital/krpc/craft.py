"""What KSP keeps of a vessel beside its motion: its name, its kind, the switches of its cockpit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

PROBE = 4
"""KSP's vessel type of a craft without crew, as kRPC numbers it."""


@dataclass
class Craft:
    """The part of a vessel that no force acts on.

    Attributes:
        name, kind: as in KSP's vessel list; `kind` is kRPC's number of the vessel type.
        sas_mode: the mode that was chosen last, kept while SAS is off; numbered as in kRPC.
        switches: what is on: action groups by number as text, "gear", "lights", ...
        axes: inputs that are kept here: the engine's throttle and limit, wheels, custom axes.
        staged: whether the main engine's stage was fired.
        parts: what was set on parts, by the part's number and the setting: tags, lights, colours.
        controlling: the number of the part that it is steered from.
        target_body: the name of the body that is targeted.
        plans: the burns that are planned, from first to last; what is in the list never changes.
        pilot: the autopilot's settings, kept by whoever steers; no save holds them.
    """

    name: str
    kind: int = PROBE
    sas_mode: int = 0
    switches: dict[str, bool] = field(default_factory=dict)
    axes: dict[str, float] = field(default_factory=dict)
    staged: bool = False
    parts: dict[tuple[int, str], Any] = field(default_factory=dict)
    controlling: int = 0
    target_body: str | None = None
    plans: list[Any] = field(default_factory=list)
    pilot: Any = None

    def saved(self) -> Craft:
        """Return what a save holds: a copy, with the inputs at rest and nobody steering."""
        kept = ("throttle", "thrust_limit")
        engine = {name: value for name, value in self.axes.items() if name in kept}
        parts = {
            (number, name): value
            for (number, name), value in self.parts.items()
            if not name.startswith("highlight")
        }
        switches, plans = dict(self.switches), list(self.plans)
        return replace(self, switches=switches, axes=engine, parts=parts, plans=plans, pilot=None)
