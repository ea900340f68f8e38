"""Comms: how a vessel is connected to Kerbin, which in the public saves it always is.

The saves have CommNet on and ground stations all over Kerbin. A vessel 150 km up is so near that
the probe core's own antenna does, folded as the others are; one hop leads home. Occlusion is not
reckoned.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import sqrt
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import named, since, until
from helmsight.envs.orbital.krpc.space_center import comm_node, motion
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.space_center.vectors import length

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

STATIONS = 250e9
"""Power of the ground stations, from general knowledge: a tracking station of level 3."""


@service.enum
class CommLinkType(IntEnum):
    """What is at the far end of a hop."""

    HOME = 0
    CONTROL = 1
    RELAY = 2


@service.remote
@dataclass(frozen=True)
class Comms:
    """The connection of a vessel."""

    vessel: Vessel

    @property
    def can_communicate(self) -> bool:
        """Whether there is a connection to Kerbin."""
        return self.signal_strength > 0.0

    @property
    def can_transmit_science(self) -> bool:
        """Whether science can be sent to Kerbin."""
        return self.can_communicate

    @property
    def signal_strength(self) -> float:
        """Strength of the signal, 0 to 1, falling with the distance as the game has it."""
        away = length(motion.place(self.vessel)) - KERBIN.radius
        left = max(0.0, 1.0 - away / sqrt(self.power * STATIONS))
        return left * left * (3.0 - 2.0 * left)

    @property
    def signal_delay(self) -> float:
        """Delay of the signal, s: the stock game has none."""
        self.vessel.index()
        return 0.0

    @property
    def power(self) -> float:
        """Power of the antennas that are out, as they add up, W as the game counts."""
        powers = [antenna for antenna in self.vessel.parts.antennas if antenna.deployed]
        together = sum(antenna.power for antenna in powers if antenna.combinable)
        return max([together, *(antenna.power for antenna in powers)])

    @property
    def control_path(self) -> list[CommLink]:
        """The hops to Kerbin: one."""
        return [CommLink(self.vessel)] if self.can_communicate else []


@service.remote
@dataclass(frozen=True)
class CommLink:
    """The hop from a vessel to a ground station."""

    vessel: Vessel

    @property
    def type(self) -> CommLinkType:
        """What is at its far end: home."""
        self.vessel.index()
        return CommLinkType.HOME

    @property
    def signal_strength(self) -> float:
        """Strength of the signal, 0 to 1."""
        return self.vessel.comms.signal_strength

    @property
    @named("Start")
    @until("0.7.0")
    def start_before(self) -> CommNode:
        """Where it starts: the vessel."""
        return CommNode(self.vessel, home=False)

    @property
    @since("0.7.0")
    def start(self) -> comm_node.CommNode:
        """Where it starts: the vessel."""
        return comm_node.CommNode(self.vessel.name, False, False, True, self.vessel)

    @property
    @named("End")
    @until("0.7.0")
    def end_before(self) -> CommNode:
        """Where it ends: on Kerbin."""
        return CommNode(self.vessel, home=True)

    @property
    @since("0.7.0")
    def end(self) -> comm_node.CommNode:
        """Where it ends: on Kerbin."""
        return comm_node.CommNode(KERBIN.name, True, True, False, None)


@service.remote
@until("0.7.0")
@dataclass(frozen=True)
class CommNode:
    """An end of a hop: the vessel, or if `home` a ground station."""

    craft: Vessel
    home: bool

    @property
    def name(self) -> str:
        """Its name."""
        return KERBIN.name if self.home else self.craft.name

    @property
    def is_home(self) -> bool:
        """Whether it is on Kerbin."""
        return self.home

    @property
    def is_control_point(self) -> bool:
        """Whether vessels can be controlled from it."""
        return self.home

    @property
    def is_vessel(self) -> bool:
        """Whether it is a vessel."""
        return not self.home

    @property
    def vessel(self) -> Vessel:
        """The vessel that it is."""
        if self.home:
            raise InvalidOperationException("this end of the hop is a ground station, no vessel")
        return self.craft
