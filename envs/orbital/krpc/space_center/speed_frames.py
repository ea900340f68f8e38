"""The frames that the navball measures speeds against, by its mode; kRPC has them from 0.7 on.

All are at the vessel, with y along its velocity as the navball tells it, z normal to the plane of
that motion, x towards the planet. What differs is how the frame itself moves.
"""

from __future__ import annotations

from dataclasses import dataclass

from helmsight.envs.orbital.fleet import ADRIFT
from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import motion
from helmsight.envs.orbital.krpc.space_center.bodies import KERBIN
from helmsight.envs.orbital.krpc.space_center.frames import ReferenceFrame
from helmsight.envs.orbital.krpc.space_center.handle import VesselHandle
from helmsight.envs.orbital.krpc.space_center.sas import SpeedMode
from helmsight.envs.orbital.krpc.space_center.vectors import (
    ZERO,
    FrameAxes,
    Vector,
    axes_of,
    cross,
    length,
    subtract,
)

STILL = 1e-3
"""Speed, m/s, below which a motion has no direction."""


@dataclass(frozen=True)
class SpeedFrame(ReferenceFrame):
    """A frame that moves with what the navball's speeds are relative to."""

    vessel: VesselHandle
    mode: SpeedMode

    def origin(self) -> Vector:
        return motion.place(self.vessel)

    def axes(self) -> FrameAxes:
        moving = subtract(motion.velocity(self.vessel), self.velocity())
        if length(moving) < STILL:
            raise InvalidOperationException(
                "the vessel rests in this frame, whose axes lie along its velocity"
            )
        return axes_of(moving, cross(moving, self.origin()))

    def velocity(self) -> Vector:
        if self.mode is SpeedMode.ORBIT:
            return ZERO
        if self.mode is SpeedMode.SURFACE:
            return cross(KERBIN.spin, self.origin())
        game = self.vessel.game
        self.vessel.index()
        target = int(game.fleet.target[0, game.active])
        if target == ADRIFT:
            raise InvalidOperationException(
                "there is no target that speeds could be relative to; set SpaceCenter.TargetVessel"
            )
        return motion.velocity(VesselHandle(game.origin, target, game))

    def spin(self) -> Vector:
        return KERBIN.spin if self.mode is SpeedMode.SURFACE else ZERO
