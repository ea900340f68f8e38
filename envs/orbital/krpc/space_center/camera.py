"""Camera: where the player's camera looks from. What is set is kept, within the game's limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from helmsight.envs.orbital.krpc.errors import ArgumentNullException, InvalidOperationException
from helmsight.envs.orbital.krpc.space_center.celestial_body import CelestialBody
from helmsight.envs.orbital.krpc.space_center.node import Node
from helmsight.envs.orbital.krpc.space_center.service import clamped, finite, service
from helmsight.envs.orbital.krpc.space_center.vessel import Vessel
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation
    from helmsight.envs.orbital.krpc.view import Eye


@service.enum
class CameraMode(IntEnum):
    """What the camera follows."""

    AUTOMATIC = 0
    FREE = 1
    CHASE = 2
    LOCKED = 3
    ORBITAL = 4
    IVA = 5
    MAP = 6


class Limits(NamedTuple):
    """Of a camera's distance, m, and where it begins."""

    nearest: float
    farthest: float
    at_first: float


STEEPEST = 95.0
"""Largest pitch, degrees, up or down."""
OUTSIDE = Limits(0.5, 150_000.0, 30.0)
CHART = Limits(60_000.0, 9e11, 180_000.0)
"""Limits in flight and on the map: what kRPC's own tests set lies within them; assumed beyond."""


@service.remote
@dataclass(frozen=True)
class Camera:
    """The camera of the game."""

    game: Simulation = field(compare=False, repr=False)

    @property
    def mode(self) -> CameraMode:
        """What it follows."""
        return CameraMode(self.game.view.mode)

    @mode.setter
    def mode(self, value: CameraMode) -> None:
        if value is CameraMode.IVA:
            raise InvalidOperationException("there is nobody inside whose eyes to look through")
        self.game.view.mode = int(value)

    @property
    def pitch(self) -> Float:
        """How far it looks down, degrees."""
        return self._eye().pitch

    @pitch.setter
    def pitch(self, value: Float) -> None:
        self._eye().pitch = clamped(value, -STEEPEST, STEEPEST, "the pitch")

    @property
    def heading(self) -> Float:
        """Where it looks, degrees."""
        return self._eye().heading

    @heading.setter
    def heading(self, value: Float) -> None:
        self._eye().heading = finite(value, "the heading")

    @property
    def distance(self) -> Float:
        """How far it is from what it looks at, m."""
        return self._eye().distance or self._limits().at_first

    @distance.setter
    def distance(self, value: Float) -> None:
        nearest, farthest, _ = self._limits()
        self._eye().distance = clamped(value, nearest, farthest, "the distance")

    @property
    def min_pitch(self) -> Float:
        """The least pitch, degrees."""
        return -STEEPEST

    @property
    def max_pitch(self) -> Float:
        """The largest pitch, degrees."""
        return STEEPEST

    @property
    def min_distance(self) -> Float:
        """The least distance, m."""
        return self._limits().nearest

    @property
    def max_distance(self) -> Float:
        """The largest distance, m."""
        return self._limits().farthest

    @property
    def default_distance(self) -> Float:
        """The distance that it begins at, m."""
        return self._limits().at_first

    @property
    def focussed_body(self) -> CelestialBody | None:
        """The body in the middle of the map, or null."""
        focus = self._focus()
        return focus if isinstance(focus, CelestialBody) else None

    @focussed_body.setter
    def focussed_body(self, value: CelestialBody | None) -> None:
        self._look_at(value)

    @property
    def focussed_vessel(self) -> Vessel | None:
        """The vessel in the middle of the map, or null."""
        focus = self._focus()
        return focus if isinstance(focus, Vessel) else None

    @focussed_vessel.setter
    def focussed_vessel(self, value: Vessel | None) -> None:
        self._look_at(value)

    @property
    def focussed_node(self) -> Node | None:
        """The manoeuvre node in the middle of the map, or null."""
        focus = self._focus()
        return focus if isinstance(focus, Node) else None

    @focussed_node.setter
    def focussed_node(self, value: Node | None) -> None:
        self._look_at(value)

    def _eye(self) -> Eye:
        view = self.game.view
        return view.chart if view.mode == CameraMode.MAP else view.outside

    def _limits(self) -> Limits:
        return CHART if self.game.view.mode == CameraMode.MAP else OUTSIDE

    def _focus(self) -> object:
        game = self.game
        if game.view.mode != CameraMode.MAP:
            raise InvalidOperationException(
                "the camera has no focus but on the map; set Camera.Mode to map first"
            )
        return game.view.focus or Vessel(game.origin, game.active, game)

    def _look_at(self, focus: object) -> None:
        if focus is None:
            raise ArgumentNullException("the middle of the map is null; give a body or a vessel")
        self._focus()
        self.game.view.focus = focus
