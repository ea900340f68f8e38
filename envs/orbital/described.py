"""Scenarios that a person writes: a family, its bot, and where every vessel begins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import radians
from pathlib import Path
from reprlib import Repr
from typing import Any, Literal, Self

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from helmsight.contract.errors import NotUtf8
from helmsight.contract.plugins import nearest
from helmsight.contract.textfiles import read_text
from helmsight.contract.yamltext import parse_yaml
from helmsight.envs.errors import ScenarioBroken
from helmsight.envs.orbital.dynamics import (
    MU,
    RADIUS,
    Array,
    cross,
    norm,
    orbital_axes,
    state_from_elements,
)
from helmsight.envs.orbital.lady_bandit_guard.scenario import Guarding
from helmsight.envs.orbital.saves import find_save
from helmsight.envs.orbital.scenarios import Scenario
from helmsight.envs.orbital.starts import AGENT, POSITION_SIGMA, TARGET, VELOCITY_SIGMA
from helmsight.envs.orbital.sun_blocking.scenario import Blocking
from helmsight.envs.orbital.world import CAPTURE_RANGE

LOWEST = 70_000.0
"""Height above the ground that no orbit may fall below, m: there Kerbin's air ends, which the twin
does not have."""
FARTHEST = 1e8
"""Largest distance from Kerbin's centre, m: beyond lies what its gravity does not rule."""
CREWS = {"PE1": ("evader", "pursuer"), "LBG1": ("lady", "bandit", "guard")}
CREWS["SB1"] = CREWS["PE1"]
"""The vessels of each family, in the order of its worlds: the second is flown."""
_FAMILIES: dict[str, type[Scenario | Guarding | Blocking]] = {
    "PE1": Scenario, "LBG1": Guarding, "SB1": Blocking,
}  # fmt: skip
_SHORT = Repr()
_SHORT.maxlevel = 2  # a few lines of YAML can unfold to gigabytes

Vector = tuple[float, float, float]


class Part(BaseModel):
    """A part of a scenario: unknown keys are errors, and numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Elements(Part):
    """An orbit by its elements, lengths in m and angles in degrees."""

    sma: float = Field(gt=0, le=FARTHEST, description="Semi-major axis, m.")
    ecc: float = Field(default=0.0, ge=0, lt=1, description="Eccentricity.")
    inc: float = Field(default=0.0, ge=0, le=180, description="Inclination, degrees.")
    lan: float = Field(default=0.0, description="Longitude of the ascending node, degrees.")
    lpe: float = Field(default=0.0, description="Argument of periapsis, degrees.")
    mna: float = Field(default=0.0, description="Mean anomaly at the start, degrees.")


class Vessel(Part):
    """Where a vessel begins: by its orbit, its state, or beside another. One of the three."""

    orbit: Elements | None = Field(default=None, description="By the elements of its orbit.")
    position: Vector | None = Field(
        default=None, description="m: Kerbin-centred inertial, or in the axes of `beside`."
    )
    velocity: Vector = Field(default=(0.0, 0.0, 0.0), description="m/s, in the same axes.")
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


class Description(Part):
    """A scenario: a family of KSPDG with orbits of your own."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="What tables call it.")
    family: Literal["PE1", "LBG1", "SB1"] = Field(description="Vessels, score and end.")
    bot: str = Field(description="Who steers the others: E1 to E4, PN; LG0 to LG2, PN; E1.")
    met: float = Field(default=0.0, ge=0, lt=236, description="Mission time at the start, s.")
    vessels: dict[str, Vessel] = Field(
        description="By name: evader and pursuer (PE1, SB1); lady, bandit and guard (LBG1)."
    )


@dataclass(frozen=True)
class Described:
    """A scenario as described: what a world needs to begin.

    Seed 0 is what is written; others move the agent by 50 m and 0.5 m/s, one sigma an axis.
    `states` are the vessels' inertial positions and velocities, m and m/s.
    """

    name: str
    family: str
    bot: int
    load_time: float
    states: tuple[tuple[Vector, Vector], ...]

    @property
    def evader(self) -> int:
        """The bot, for worlds of two."""
        return self.bot

    @property
    def kind(self) -> str:
        """The family in words."""
        return _FAMILIES[self.family].kind

    @property
    def initial_axes(self) -> Array:
        """Body axes at the start, (k, 3, 3): those of the family's saves, noses north."""
        return find_save(f"{self.family.lower()}_i1_init").axes

    def initial_state(self, seed: int = 0) -> tuple[Array, Array]:
        """Return positions and velocities, each (k, 3), in the order of the family."""
        position, velocity = (np.array([s[i] for s in self.states]) for i in (0, 1))
        if seed:
            rng = np.random.default_rng([seed, 0])
            position[AGENT] += rng.normal(0.0, POSITION_SIGMA, 3)
            velocity[AGENT] += rng.normal(0.0, VELOCITY_SIGMA, 3)
        return position, velocity


def read_description(path: Path) -> dict[str, Any]:
    """Return the JSON data of a scenario's file (YAML), checked.

    Raises:
        ScenarioBroken: a file that cannot be read or is no YAML; what it says as `described`.
    """
    try:
        data = parse_yaml(read_text(path))
    except OSError as error:
        raise ScenarioBroken(f"the scenario {path} cannot be read: {error.strerror}") from error
    except NotUtf8 as error:
        raise ScenarioBroken(f"the scenario cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ScenarioBroken(f"{path} is no YAML: {error}") from error
    described(data, str(path))
    checked: dict[str, Any] = Description.model_validate(data).model_dump(exclude_unset=True)
    return checked


def described(data: Any, source: str) -> Described:
    """Return the scenario that JSON data describe; errors name `source`, the field and its value.

    Raises:
        ScenarioBroken: an unknown or missing field, a wrong value, a vessel that the family does
            not have or lacks, an unknown bot, an orbit that meets the ground or its air, or an
            agent within capture range from the start.
    """
    if not isinstance(data, Mapping):
        raise ScenarioBroken(
            f"{source}: a scenario is a mapping of fields: {', '.join(Description.model_fields)}"
        )
    try:
        told = Description.model_validate(data)
    except ValidationError as error:
        raise ScenarioBroken(f"{source}: {'; '.join(_said(error))}") from error
    codes = {code: bot for bot, code in _FAMILIES[told.family].codes.items()}
    if told.bot not in codes:
        raise ScenarioBroken(f"{source}: bot={told.bot!r}: {told.family} has {', '.join(codes)}")
    crew = CREWS[told.family]
    for name in told.vessels:
        if name not in crew:
            raise ScenarioBroken(
                f"{source}: vessels.{name}: {told.family} has no such vessel; its vessels are "
                f"{', '.join(crew)}"
            )
    for name in crew:
        if name not in told.vessels:
            raise ScenarioBroken(
                f"{source}: vessels.{name}: is missing; the vessels of {told.family} are "
                f"{', '.join(crew)}"
            )
    states: dict[str, tuple[Array, Array]] = {}
    for name in crew:
        states[name] = _state(told.vessels[name], f"{source}: vessels.{name}", states)
    apart = float(norm(states[crew[AGENT]][0] - states[crew[TARGET]][0]))
    if apart <= CAPTURE_RANGE:
        raise ScenarioBroken(
            f"{source}: vessels.{crew[AGENT]}: begins {apart:.3g} m from the {crew[TARGET]}; give "
            f"more than {CAPTURE_RANGE:g} m, at which it is captured"
        )
    return Described(
        told.name, told.family, codes[told.bot], told.met,
        tuple((_vector(p), _vector(v)) for p, v in states.values()),
    )  # fmt: skip


def json_schema() -> str:
    """Return the JSON schema of scenarios, indented; docs/scenario.schema.json holds it."""
    return json.dumps(Description.model_json_schema(), indent=2) + "\n"


def _state(
    vessel: Vessel, key: str, before: Mapping[str, tuple[Array, Array]]
) -> tuple[Array, Array]:
    """Return the inertial state of a vessel, (3,) each; `before`: those that it may be beside."""
    if vessel.orbit is not None:
        told = vessel.orbit
        state = state_from_elements(
            told.sma, told.ecc, *(radians(a) for a in (told.inc, told.lan, told.lpe, told.mna))
        )
    else:
        state = np.array(vessel.position), np.array(vessel.velocity)
        if vessel.beside:
            if vessel.beside not in before:
                raise ScenarioBroken(
                    f"{key}.beside={vessel.beside!r}: allowed here: {', '.join(before) or 'none'}"
                )
            position, velocity = before[vessel.beside]
            axes = orbital_axes(position, velocity)
            spin = cross(position, velocity) / float(position @ position)
            there = state[0] @ axes
            state = position + there, velocity + state[1] @ axes + cross(spin, there)
    _check_height(state, f"{key}.{'orbit' if vessel.orbit is not None else 'position'}")
    return state


def _check_height(state: tuple[Array, Array], key: str) -> None:
    """Raise unless an orbit stays above Kerbin's air and within its reach."""
    position, velocity = state
    distance, speed = float(norm(position)), float(norm(velocity))
    if distance < RADIUS:
        raise ScenarioBroken(
            f"{key}: lies {RADIUS - distance:,.0f} m below the surface; allowed: {LOWEST:,.0f} m "
            "above it or more"
        )
    energy = 0.5 * speed * speed - MU / distance
    spin = float(norm(cross(position, velocity)))
    ecc = np.sqrt(max(0.0, 1.0 + 2.0 * energy * spin * spin / MU**2))
    lowest = spin * spin / MU / (1.0 + ecc) - RADIUS
    if lowest < LOWEST:
        where = f"{-lowest:,.0f} m below" if lowest < 0 else f"{lowest:,.0f} m above"
        raise ScenarioBroken(
            f"{key}: the orbit comes down to {where} the surface; allowed: {LOWEST:,.0f} m above "
            "it or more, where Kerbin has no air"
        )
    if energy >= 0.0 or distance > FARTHEST:
        raise ScenarioBroken(
            f"{key}: leaves Kerbin ({speed:,.0f} m/s at {distance:,.0f} m from its centre); "
            f"allowed: a closed orbit within {FARTHEST:,.0f} m"
        )


def _vector(values: Array) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _said(error: ValidationError) -> Iterator[str]:
    """Yield what is wrong, field by field: where, what was given, what is allowed."""
    parts: dict[str, type[Part]] = {"vessels": Vessel, "orbit": Elements}
    for entry in error.errors():
        where = ".".join(map(str, entry["loc"]))
        home = next((parts[str(p)] for p in reversed(entry["loc"][:-1]) if p in parts), Description)
        if entry["type"] == "extra_forbidden":
            yield f"{where}: no such field; {nearest(str(entry['loc'][-1]), home.model_fields)}"
        elif entry["type"] == "missing":
            known = home.model_fields.get(str(entry["loc"][-1]))
            yield f"{where}: is missing; {known.description if known else 'give three numbers'}"
        else:
            yield f"{where}={_SHORT.repr(entry['input'])}: {entry['msg']}"
