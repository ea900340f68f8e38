"""Scenarios that a person writes: a family, its bot, and where every vessel begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import radians
from pathlib import Path
from reprlib import Repr
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError

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
from helmsight.envs.orbital.saves import find_save
from helmsight.envs.orbital.scenario_file import (
    CREWS,
    FARTHEST,
    KINDS,
    Description,
    Elements,
    Part,
    Vessel,
    codes_of,
)
from helmsight.envs.orbital.scenarios import is_known
from helmsight.envs.orbital.starts import AGENT, POSITION_SIGMA, VELOCITY_SIGMA
from helmsight.envs.orbital.world import CAPTURE_RANGE

LOWEST = 70_000.0
"""Height above the ground that no orbit may fall below, m: there Kerbin's air ends, which the twin
does not have."""
ROUNDING = 1e-3
"""What a height may be short of by rounding, m."""
_SHORT = Repr()
_SHORT.maxlevel = 2  # a few lines of YAML can unfold to gigabytes

Vector = tuple[float, float, float]


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
        return KINDS[self.family].kind

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
            agent who begins within capture range of another.
    """
    if not isinstance(data, Mapping):
        raise ScenarioBroken(
            f"{source}: a scenario is a mapping of fields: {', '.join(Description.model_fields)}"
        )
    try:
        told = Description.model_validate(data)
    except ValidationError as error:
        raise ScenarioBroken(f"{source}: {'; '.join(_said(error))}") from error
    _check_crew(told, source)
    codes = {code: bot for bot, code in KINDS[told.family].codes.items()}
    states: dict[str, tuple[Array, Array]] = {}
    for name in CREWS[told.family]:
        states[name] = _state(told.vessels[name], f"{source}: vessels.{name}", states)
    _check_apart(states, source)
    return Described(
        _called(told, source), told.family, codes[told.bot], told.met,
        tuple((_vector(p), _vector(v)) for p, v in states.values()),
    )  # fmt: skip


def _called(told: Description, source: str) -> str:
    """Return a scenario's name with its family and bot before it, as the built-in ones have them:
    pilots that know the public bots know them by that.
    """
    start = f"{told.family}-{told.bot}-"
    name = told.name if told.name.startswith(start) else start + told.name
    if is_known(name):
        raise ScenarioBroken(
            f"{source}: name={told.name!r}: {name} is a scenario that is there already; give "
            "another name, that tables do not mix the two"
        )
    return name


def _check_crew(told: Description, source: str) -> None:
    """Raise unless the family has that bot and exactly those vessels."""
    codes, crew = codes_of(told.family), CREWS[told.family]
    if told.bot not in codes:
        raise ScenarioBroken(f"{source}: bot={told.bot!r}: {told.family} has {', '.join(codes)}")
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


def _check_apart(states: Mapping[str, tuple[Array, Array]], source: str) -> None:
    """Raise where the agent begins so near to another that one of them is captured."""
    crew = list(states)
    for k, other in enumerate(crew):
        apart = float(norm(states[crew[AGENT]][0] - states[other][0]))
        if k != AGENT and apart <= CAPTURE_RANGE:
            later, earlier = crew[max(k, AGENT)], crew[min(k, AGENT)]
            raise ScenarioBroken(
                f"{source}: vessels.{later}: begins {apart:.3g} m from the {earlier}; give more "
                f"than {CAPTURE_RANGE:g} m: so near they have met"
            )


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
    spin = cross(position, velocity)
    ecc = float(norm(cross(velocity, spin) / MU - position / distance))  # exact for circles, too
    lowest = float(spin @ spin) / MU / (1.0 + ecc) - RADIUS
    if lowest < LOWEST - ROUNDING:
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
