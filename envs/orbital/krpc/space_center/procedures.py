"""The service's own procedures: what is loaded and active, transforms between frames, saves."""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.registry import absent, named
from helmsight.envs.orbital.krpc.screenshot import SIGNATURE, picture
from helmsight.envs.orbital.krpc.space_center import sas
from helmsight.envs.orbital.krpc.space_center.absent import DockingPort
from helmsight.envs.orbital.krpc.space_center.bodies import BODIES
from helmsight.envs.orbital.krpc.space_center.celestial_body import GRAVITATION, CelestialBody
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    axes_in,
    direction_in,
    direction_of,
    position_in,
    position_of,
    velocity_in,
    velocity_of,
)
from helmsight.envs.orbital.krpc.space_center.sas import SpeedMode
from helmsight.envs.orbital.krpc.space_center.service import service, within
from helmsight.envs.orbital.krpc.space_center.vectors import (
    FrameAxes,
    Quaternion,
    Vector,
    axes_turned_by,
    quaternion,
    turned,
)
from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

QUICKSAVE = "quicksave"


@service.enum
class GameMode(IntEnum):
    """KSP's kinds of games."""

    SANDBOX = 0
    CAREER = 1
    SCIENCE = 2
    SCIENCE_SANDBOX = 3
    MISSION = 4
    MISSION_BUILDER = 5
    SCENARIO = 6
    SCENARIO_NON_RESUMABLE = 7


def _active(game: Simulation) -> Vessel:
    return Vessel(game.origin, game.active, game)


@service.getter
def game_mode(game: Simulation) -> GameMode:
    """The kind of game: a sandbox."""
    return GameMode.SANDBOX


@service.getter
@named("FARAvailable")
def far_available(game: Simulation) -> bool:
    """Whether Ferram Aerospace Research is installed: no."""
    return False


@service.getter
def ut(game: Simulation) -> float:
    """Universal time, s."""
    return game.ut


@service.getter
def g(game: Simulation) -> float:
    """The gravitational constant, N m^2/kg^2."""
    return GRAVITATION


@service.getter
def vessels(game: Simulation) -> list[Vessel]:
    """The vessels of the save, in its order."""
    return [Vessel(game.origin, number, game) for number in range(len(game.crafts))]


@service.getter
def active_vessel(game: Simulation) -> Vessel:
    """The vessel that is flown."""
    return _active(game)


@service.setter
def set_active_vessel(game: Simulation, value: Vessel) -> None:
    """Switch to a vessel."""
    before, game.active = _active(game), value.index()
    tracks = game.fleet.target[0, game.active] != ADRIFT
    game.speed_mode = int(SpeedMode.TARGET if tracks else SpeedMode.ORBIT)
    sas.refresh(before)
    sas.refresh(value)


@service.getter
def target_vessel(game: Simulation) -> Vessel | None:
    """The vessel that the active one has as its target, or null."""
    target = int(game.fleet.target[0, game.active])
    return Vessel(game.origin, target, game) if target != ADRIFT else None


@service.setter
def set_target_vessel(game: Simulation, value: Vessel | None) -> None:
    """Make a vessel the active one's target, which turns the navball to it; null for none."""
    index = ADRIFT if value is None else value.index()
    if index == game.active:
        raise InvalidOperationException("a vessel cannot be its own target")
    game.crafts[game.active].target_body = None
    _target(game, index)


@service.getter
def target_body(game: Simulation) -> CelestialBody | None:
    """The body that the active vessel has as its target, or null."""
    name = game.crafts[game.active].target_body
    return CelestialBody(BODIES[name], game) if name else None


@service.setter
def set_target_body(game: Simulation, value: CelestialBody | None) -> None:
    """Make a body the active vessel's target; null for none. SAS points at vessels only."""
    _target(game, ADRIFT)
    game.crafts[game.active].target_body = value.body.name if value else None


@service.getter
@absent
def target_docking_port(game: Simulation) -> DockingPort | None:
    """The docking port that the active vessel has as its target: null, no craft has one."""
    return None


@service.setter
def set_target_docking_port(game: Simulation, value: DockingPort | None) -> None:
    """Make a docking port the active vessel's target: only null, no craft has one."""
    clear_target(game)


@service.procedure
def clear_target(game: Simulation) -> None:
    """Have no target."""
    game.crafts[game.active].target_body = None
    _target(game, ADRIFT)


def _target(game: Simulation, index: int) -> None:
    game.fleet.target[0, game.active] = index
    game.speed_mode = int(SpeedMode.ORBIT if index == ADRIFT else SpeedMode.TARGET)
    sas.refresh(_active(game))


@service.getter
def bodies(game: Simulation) -> dict[str, CelestialBody]:
    """The bodies of the sky by their names."""
    return {name: CelestialBody(body, game) for name, body in BODIES.items()}


@service.procedure
def transform_position(
    game: Simulation, position: Vector, from_: ReferenceFrame, to: ReferenceFrame
) -> Vector:
    """A position of one frame as another tells it, m."""
    return position_in(to, position_of(from_, position))


@service.procedure
def transform_direction(
    game: Simulation, direction: Vector, from_: ReferenceFrame, to: ReferenceFrame
) -> Vector:
    """A direction of one frame as another tells it; its length stays."""
    return direction_in(to, direction_of(from_, direction))


@service.procedure
def transform_rotation(
    game: Simulation, rotation: Quaternion, from_: ReferenceFrame, to: ReferenceFrame
) -> Quaternion:
    """A rotation (x, y, z, w) of one frame as another tells it."""
    try:
        axes = axes_turned_by(rotation)
    except ValueError as error:
        raise ArgumentException(str(error)) from None
    own = from_.axes()
    return quaternion(axes_in(to, FrameAxes(*(turned(own, axis) for axis in axes))))


@service.procedure
def transform_velocity(
    game: Simulation,
    position: Vector,
    velocity: Vector,
    from_: ReferenceFrame,
    to: ReferenceFrame,
) -> Vector:
    """A velocity at a position of one frame as another tells it, m/s."""
    place = position_of(from_, position)
    return velocity_in(to, place, velocity_of(from_, position, velocity))


@service.procedure
def load(game: Simulation, name: str) -> None:
    """Load a game that was saved here, or one of KSPDG's, for example pe1_i3_init."""
    try:
        game.load(name)
    except UnknownScenario as error:
        raise ArgumentException(str(error)) from None


@service.procedure
def save(game: Simulation, name: str) -> None:
    """Save the game under a name; it is kept as long as the server runs."""
    try:
        game.save(name)
    except InvalidOption as error:
        raise ArgumentException(str(error)) from None


@service.procedure
def quicksave(game: Simulation) -> None:
    """Save the game for Quickload."""
    game.save(QUICKSAVE)


@service.procedure
def quickload(game: Simulation) -> None:
    """Load what Quicksave saved."""
    if not game.has_save(QUICKSAVE):
        raise InvalidOperationException("there is no quicksave; call SpaceCenter.Quicksave first")
    game.load(QUICKSAVE)


@service.procedure
def can_revert_to_launch(game: Simulation) -> bool:
    """Whether the flight can be reverted to its launch: it began in orbit, so no."""
    return False


@service.procedure
def revert_to_launch(game: Simulation) -> None:
    """Revert to the launch, which never was."""
    raise InvalidOperationException(
        "these vessels began in orbit and have no launch to revert to; use SpaceCenter.Load"
    )


@service.procedure
def launchable_vessels(game: Simulation, craft_directory: str) -> list[str]:
    """The craft that could be launched: the twin has no launch sites."""
    raise InvalidOperationException(
        "the twin launches nothing; load a scenario's vessels with SpaceCenter.Load"
    )


@service.procedure
def screenshot(game: Simulation, file_path: str, scale: int = 1) -> Generator[None, None, None]:
    """Write the cockpit picture of the active vessel, 1280 x 720 times `scale` 1 to 4, as PNG.

    The file is written where the server runs, into a folder that exists; only a PNG file is
    replaced.
    """
    within(scale, 1, 4, "the scale")
    path = Path(file_path)
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise ArgumentException(
            f"{file_path[:300]!r} cannot be written; give a .png file in a folder of the server's "
            "machine that exists"
        )
    try:
        if path.exists() and path.read_bytes()[: len(SIGNATURE)] != SIGNATURE:
            raise ArgumentException(f"{file_path[:300]!r} is there already and no PNG file")
        data = yield from picture(game, scale)
        path.write_bytes(data)
    except (OSError, ValueError) as error:
        raise InvalidOperationException(f"{file_path[:300]!r} cannot be written: {error}") from None
