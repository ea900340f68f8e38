"""From a world to what can be seen of it: cockpit state, telemetry, measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helmsight.contract.observation import TelemetryField
from helmsight.envs.errors import CrewUnfit
from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.cockpit.state import CockpitState, Contact
from helmsight.envs.orbital.convoy import Berth
from helmsight.envs.orbital.dynamics import (
    G0,
    RADIUS,
    Array,
    norm,
    orbital_axes,
    sun_direction,
    unit,
)
from helmsight.envs.orbital.fleet import ADRIFT, Fleet
from helmsight.envs.orbital.pair import Crew, Readings
from helmsight.envs.orbital.scenarios import EVADER, PURSUER

INERTIAL = "rhcbci"


def kspdg_fields(*names: str) -> tuple[TelemetryField, ...]:
    """Return the fields of `kspdg_vector` where its vessels are `names`, the agent first."""
    return (
        TelemetryField("mission_elapsed_time", "s"),
        TelemetryField(f"{names[0]}_mass", "kg"),
        TelemetryField(f"{names[0]}_propellant", "units"),
        *(
            TelemetryField(f"{who}_{what}_{axis}", unit_, INERTIAL)
            for who in names
            for what, unit_ in (("position", "m"), ("velocity", "m/s"))
            for axis in "xyz"
        ),
    )


TELEMETRY = kspdg_fields("pursuer", "evader")
"""KSPDG's PE1 observation, in its own order; propellant in KSP units (1 unit = 4 kg)."""

_SAS_WORDS: dict[int, str] = {
    ADRIFT: "off",
    SAS.STABILITY: "hold",
    **{mode: mode.name.lower() for mode in SAS if SAS.PROGRADE <= mode <= SAS.ANTITARGET},
    SAS.AIM: "autopilot",
}


def check_crew(world: Crew | Fleet | Berth, names: Sequence[str]) -> None:
    """Raise unless a world's vessels can be those of `names`; what is read of them goes by place.

    Raises:
        CrewUnfit: there are fewer vessels, or more.
    """
    count = world.position.shape[1]
    if count != len(names):
        raise CrewUnfit(
            f"these figures are of {len(names)} vessels ({', '.join(names)}), and this world has "
            f"{count}; read it with what its own family has (envs.orbital.families)"
        )


def kspdg_vector(world: Readings | Crew, i: int, order: Sequence[int]) -> Array:
    """Return time, the agent's mass and propellant, and states, of world `i`, SI.

    `order` are the vessels' indices in the order of the vector, the agent first: positions and
    velocities (3,) each.
    """
    agent = order[0]
    vector = np.empty(3 + 6 * len(order))
    vector[:3] = world.met[i], world.mass[i, agent], world.propellant[i, agent]
    states = vector[3:].reshape(-1, 2, 3)
    states[:, 0], states[:, 1] = world.position[i][list(order)], world.velocity[i][list(order)]
    return vector


def telemetry(world: Readings, i: int) -> Array:
    """Return KSPDG's PE1 observation of world `i`, (15,) SI, see `TELEMETRY`.

    Raises:
        CrewUnfit: a world that does not have two vessels.
    """
    check_crew(world, ("evader", "pursuer"))
    return kspdg_vector(world, i, (PURSUER, EVADER))


def cockpit_state(
    fleet: Fleet | Berth,
    i: int,
    viewer: int = PURSUER,
    names: Sequence[str] = ("Evader", "Pursuer"),
) -> CockpitState:
    """Return what the instruments of vessel `viewer` show in world `i`; `names` are all vessels'.

    They show its own target; without one, speed and velocity are those of its orbit. Where there
    are more than two craft, those that are not its target are contacts.

    Raises:
        CrewUnfit: `names` are not as many as the vessels.
    """
    check_crew(fleet, names)
    axes, position = fleet.axes[i, viewer], fleet.position[i, viewer]
    target = int(fleet.target[i, viewer])
    tracks = target != ADRIFT
    there, speed = fleet.position[i, target], fleet.velocity[i, target]
    up = unit(position)
    north = unit(np.array([0.0, 0.0, 1.0]) - up[2] * up)
    return CockpitState(
        velocity=axes @ (fleet.velocity[i, viewer] - (speed if tracks else 0.0)),
        target=axes @ (there - position) if tracks else np.zeros(3),
        up=axes @ up,
        north=axes @ north,
        sun=axes @ sun_direction(),
        target_axes=fleet.axes[i, target] @ axes.T,
        altitude=float(norm(position)) - RADIUS,
        met=float(fleet.met[i]),
        mass=float(fleet.mass[i, viewer]),
        propellant=float(fleet.propellant[i, viewer]),
        propellant_capacity=fleet.vehicles[viewer].propellant_units,
        throttle=fleet.throttle[i, viewer].copy(),
        rcs=bool(fleet.rcs[i, viewer]),
        sas=_SAS_WORDS[int(fleet.sas[i, viewer])],
        target_name=names[target] if tracks else "",
        planet_radius=RADIUS,
        target_hull=fleet.vehicles[target].name if tracks else "",
        contacts=_contacts(fleet, i, viewer, names) if len(names) > 2 else (),
        felt=_felt(fleet, i, viewer),
    )


def _felt(fleet: Fleet | Berth, i: int, viewer: int) -> float:
    """Return what the thrusters of a vessel push with, g."""
    craft = fleet.vehicles[viewer]
    thrust = np.array([craft.forward_thrust, craft.lateral_thrust, craft.lateral_thrust])
    push = float(norm(fleet.throttle[i, viewer] * thrust)) if fleet.rcs[i, viewer] else 0.0
    return push / float(fleet.mass[i, viewer]) / G0


def _contacts(
    fleet: Fleet | Berth, i: int, viewer: int, names: Sequence[str]
) -> tuple[Contact, ...]:
    """Return every vessel that is neither the viewer nor its target, as the viewer sees it."""
    axes, target = fleet.axes[i, viewer], int(fleet.target[i, viewer])
    return tuple(
        Contact(
            name=name,
            place=axes @ (fleet.position[i, k] - fleet.position[i, viewer]),
            velocity=axes @ (fleet.velocity[i, viewer] - fleet.velocity[i, k]),
            axes=fleet.axes[i, k] @ axes.T,
            hull=fleet.vehicles[k].name,
        )
        for k, name in enumerate(names)
        if k not in (viewer, target)
    )


def measures(world: Readings, i: int) -> dict[str, float | list[float]]:
    """Return the figures that guards and logs use: see the keys; SI, propellant in units.

    `closing` is positive when the range shrinks; `relative_position` is the pursuer's position in
    the evader's (radial, along-track, normal) axes, m.

    Raises:
        CrewUnfit: a world that does not have two vessels.
    """
    check_crew(world, ("evader", "pursuer"))
    gap, velocity = world.line_of_sight[i], world.relative_velocity[i]
    distance = float(norm(gap))
    frame = orbital_axes(world.position[i, EVADER], world.velocity[i, EVADER])
    return {
        "met": float(world.met[i]),
        "range": distance,
        "speed": float(norm(velocity)),
        "closing": float(velocity @ gap) / max(distance, 1e-9),
        "propellant": float(world.propellant[i, PURSUER]),
        "propellant_capacity": world.vehicle.propellant_units,
        "mass": float(world.mass[i, PURSUER]),
        "time_left": max(0.0, world.timeout - float(world.met[i])),
        "relative_position": (frame @ -gap).tolist(),
        "telemetry": telemetry(world, i).tolist(),
    }
