"""The service's own words for the player's screen: its camera, and what lies over the picture."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.registry import named
from helmsight.envs.orbital.krpc.space_center.camera import Camera
from helmsight.envs.orbital.krpc.space_center.service import service

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation


@service.enum
class MapFilterType(IntEnum):
    """What the map shows, bit by bit."""

    ALL = -1
    NONE = 0
    DEBRIS = 1
    UNKNOWN = 2
    SPACE_OBJECTS = 4
    PROBES = 8
    ROVERS = 16
    LANDERS = 32
    SHIPS = 64
    STATIONS = 128
    BASES = 256
    EV_AS = 512
    FLAGS = 1024
    PLANE = 2048
    RELAY = 4096
    SITE = 8192
    DEPLOYED_SCIENCE_CONTROLLER = 16384


@service.getter
def camera(game: Simulation) -> Camera:
    """The camera."""
    return Camera(game)


@service.getter
@named("UIVisible")
def ui_visible(game: Simulation) -> bool:
    """Whether the interface is shown."""
    return game.view.interface


@service.setter
@named("UIVisible")
def set_ui_visible(game: Simulation, value: bool) -> None:
    """Show or hide the interface."""
    game.view.interface = value


@service.getter
def navball(game: Simulation) -> bool:
    """Whether the navball is shown."""
    return game.view.navball


@service.setter
def set_navball(game: Simulation, value: bool) -> None:
    """Show or hide the navball."""
    game.view.navball = value


@service.getter
def map_filter(game: Simulation) -> MapFilterType:
    """What the map shows."""
    return MapFilterType(game.view.filter)


@service.setter
def set_map_filter(game: Simulation, value: MapFilterType) -> None:
    """Choose what the map shows."""
    game.view.filter = int(value)
