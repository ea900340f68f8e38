"""Thruster: a nozzle of an engine or of a thruster block. None of the twin's swivels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import absent, hidden
from helmsight.envs.orbital.krpc.space_center import structure
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    direction_in,
    position_in,
)
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.space_center.vectors import (
    FrameAxes,
    Vector,
    axes_of,
    turned,
)

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.part import Part

ENGINE: tuple[Vector, ...] = ((0.0, 1.0, 0.0),)
BLOCK: tuple[Vector, ...] = ((0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0))
"""Where the nozzles of a part push it, along the axes of the part."""


@service.remote
@dataclass(frozen=True)
class Thruster:
    """A nozzle; `push` is where it pushes its part, along the part's axes."""

    of: Part
    push: Vector

    @hidden
    def along_craft(self) -> Vector:
        """Return where it pushes, along the craft's axes."""
        return turned(structure.lie_of(self.of.design()), self.push)

    @property
    def part(self) -> Part:
        """The part that it belongs to."""
        return self.of

    def thrust_position(self, reference_frame: ReferenceFrame) -> Vector:
        """Where it pushes from, m: the place of its part."""
        return position_in(reference_frame, self._frame().origin())

    def thrust_direction(self, reference_frame: ReferenceFrame) -> Vector:
        """Where it pushes its part."""
        return direction_in(reference_frame, self._frame().axes().y)

    def initial_thrust_position(self, reference_frame: ReferenceFrame) -> Vector:
        """Where it pushes from when its gimbal rests, m."""
        return self.thrust_position(reference_frame)

    def initial_thrust_direction(self, reference_frame: ReferenceFrame) -> Vector:
        """Where it pushes its part when its gimbal rests."""
        return self.thrust_direction(reference_frame)

    @property
    def thrust_reference_frame(self) -> ReferenceFrame:
        """The frame at the nozzle with y where it pushes."""
        return self._frame()

    @property
    @absent
    def gimballed(self) -> bool:
        """Whether it swivels: the twin's do not."""
        self.of.check()
        return False

    @absent
    def gimbal_position(self, reference_frame: ReferenceFrame) -> Vector:
        """Where its gimbal is, of which it has none."""
        raise _fixed()

    @property
    @absent
    def gimbal_angle(self) -> Vector:
        """How far its gimbal is turned, of which it has none."""
        raise _fixed()

    def _frame(self) -> structure.FixedFrame:
        design, push = self.of.design(), self.along_craft()
        across: Vector = (0.0, 0.0, 1.0) if abs(push[2]) < 0.5 else (1.0, 0.0, 0.0)
        lie: FrameAxes = axes_of(push, across)
        return structure.FixedFrame(self.of.owner, design.position, lie)


def _fixed() -> InvalidOperationException:
    return InvalidOperationException("the twin's nozzles do not swivel")
