"""What a scenario's file may say, field by field; its JSON schema is made of this."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helmsight.contract.validation import Number
from helmsight.envs.orbital.lady_bandit_guard.scenario import Guarding
from helmsight.envs.orbital.scenarios import Scenario
from helmsight.envs.orbital.sun_blocking.scenario import Blocking

FARTHEST = 1e8
"""Largest distance from Kerbin's centre, m: beyond lies what its gravity does not rule."""
FASTEST = 1e4
"""Largest speed along an axis, m/s: no closed orbit above Kerbin's air has half of it."""
LONGEST_NAME = 100
"""Characters of a name: a run's folder is called by it."""
CREWS = {"PE1": ("evader", "pursuer"), "LBG1": ("lady", "bandit", "guard")}
CREWS["SB1"] = CREWS["PE1"]
"""The vessels of each family, in the order of its worlds: the second is flown."""
KINDS: dict[str, type[Scenario | Guarding | Blocking]] = {
    "PE1": Scenario, "LBG1": Guarding, "SB1": Blocking,
}  # fmt: skip
"""The families, each with the bots that it has."""

Metres = Annotated[Number, Field(ge=-FARTHEST, le=FARTHEST)]
Speed = Annotated[Number, Field(ge=-FASTEST, le=FASTEST)]
Place = tuple[Metres, Metres, Metres]
Motion = tuple[Speed, Speed, Speed]

ONE_WAY = [
    {
        "required": ["orbit"],
        "properties": {
            "orbit": {"type": "object"},
            "position": {"type": "null"},
            "velocity": {"const": [0, 0, 0]},
            "beside": {"const": ""},
        },
    },
    {
        "required": ["position"],
        "properties": {"orbit": {"type": "null"}, "position": {"type": "array"}},
    },
]
"""How a schema says what `Vessel` checks."""


class Part(BaseModel):
    """A part of a scenario: unknown keys are errors, and numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Elements(Part):
    """An orbit by its elements, lengths in m and angles in degrees."""

    sma: Number = Field(gt=0, le=FARTHEST, description="Semi-major axis, m.")
    ecc: Number = Field(default=0.0, ge=0, lt=1, description="Eccentricity.")
    inc: Number = Field(default=0.0, ge=0, le=180, description="Inclination, degrees.")
    lan: Number = Field(default=0.0, description="Longitude of the ascending node, degrees.")
    lpe: Number = Field(default=0.0, description="Argument of periapsis, degrees.")
    mna: Number = Field(default=0.0, description="Mean anomaly at the start, degrees.")


class Vessel(Part):
    """Where a vessel begins: by its orbit, its state, or beside another. One of the three."""

    model_config = ConfigDict(json_schema_extra={"oneOf": ONE_WAY})  # type: ignore[dict-item]

    orbit: Elements | None = Field(default=None, description="By the elements of its orbit.")
    position: Place | None = Field(
        default=None, description="m: Kerbin-centred inertial, or in the axes of `beside`."
    )
    velocity: Motion = Field(default=(0.0, 0.0, 0.0), description="m/s, in the same axes.")
    beside: str = Field(
        default="",
        description="A vessel before it in the family's order: position and velocity are seen from "
        "there, in its (radial, along-track, normal) axes, which turn with it.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.orbit is None) == (self.position is None):
            raise ValueError("give either orbit, or position with velocity (and maybe beside)")
        if self.orbit is not None and (self.beside or any(self.velocity)):
            raise ValueError("an orbit tells all; velocity and beside go with position")
        return self


def _of_families(schema: dict[str, Any]) -> None:
    """Add to the schema of a description what each family has: its bots and vessels."""
    schema["allOf"] = [
        {
            "if": {"properties": {"family": {"const": family}}, "required": ["family"]},
            "then": {"properties": {"bot": {"enum": codes_of(family)}, "vessels": _vessels(crew)}},
        }
        for family, crew in CREWS.items()
    ]


def _vessels(crew: tuple[str, ...]) -> dict[str, Any]:
    beside = {
        name: {"properties": {"beside": {"enum": ["", *crew[:k]]}}} for k, name in enumerate(crew)
    }
    return {"required": list(crew), "propertyNames": {"enum": list(crew)}, "properties": beside}


class Description(Part):
    """A scenario: a family of KSPDG with orbits of your own."""

    model_config = ConfigDict(json_schema_extra=_of_families)

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=LONGEST_NAME,
        description="What tables call it, after its family and its bot.",
    )
    family: Literal["PE1", "LBG1", "SB1"] = Field(description="Vessels, score and end.")
    bot: str = Field(description="Who steers the others: E1 to E4, PN; LG0 to LG2, PN; E1.")
    met: Number = Field(default=0.0, ge=0, lt=236, description="Mission time at the start, s.")
    vessels: dict[str, Vessel] = Field(
        description="By name: evader and pursuer (PE1, SB1); lady, bandit and guard (LBG1)."
    )


def codes_of(family: str) -> list[str]:
    """Return what the bots of a family are called."""
    return list(KINDS[family].codes.values())


def json_schema() -> str:
    """Return the JSON schema of scenarios, indented; docs/scenario.schema.json holds it."""
    return json.dumps(Description.model_json_schema(), indent=2) + "\n"
